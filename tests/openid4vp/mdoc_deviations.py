"""Named ways to get an mdoc presentation wrong, one layer at a time.

A *change* takes the right ``Mdoc`` and alters one thing. Tables of changes are in the
tests of the module that has to notice; ``assert_refused`` runs one row.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from openid4vp import errors as e
from openid4vp import mdoc
from openid4vp.dcql import MSO_MDOC, ClaimsQuery, CredentialQuery
from openid4vp.expectation import Expectation
from openid4vp.trust import AnchorStore
from openid4vp.verified import VerifiedCredential
from openid4vp.verify import VerificationPolicy
from tests.openid4vp import mdoc_builder as build
from tests.openid4vp import wallet
from tests.openid4vp.mdoc_builder import PID, Mdoc, tdate
from tests.openid4vp.scene import SIGN
from tests.openid4vp.wallet import NOW

QUERY = CredentialQuery(
    id="pid_mdoc",
    format=MSO_MDOC,
    doctype_value=PID,
    claims=tuple(
        ClaimsQuery(path=(PID, name))
        for name in ("family_name", "given_name", "birth_date")
    ),
)
POLICY = VerificationPolicy(
    accept_absent_status=True, accepted_types={"pid_mdoc": frozenset({PID})}
)
EXPECTED = Expectation(
    transaction=SIGN,
    query=QUERY,
    trust=AnchorStore({"se-pid": wallet.PID_ROOT}),
    policy=POLICY,
    now=NOW,
)
Change = Callable[[Mdoc], object]
Refusal = type[e.Openid4vpError]


def present(
    change: Change = lambda _: None, expected: Expectation = EXPECTED
) -> VerifiedCredential:
    presented = build.pid(SIGN)
    change(presented)
    return mdoc.verify(presented.text(), expected)


def under(**policy: Any) -> Expectation:
    return dataclasses.replace(EXPECTED, policy=dataclasses.replace(POLICY, **policy))


def put(**members: Any) -> Change:
    """Members of the builder, or updates of those that are maps."""

    def change(presented: Mdoc) -> None:
        for name, value in members.items():
            held = getattr(presented, name)
            if isinstance(held, dict) and isinstance(value, dict):
                held.update(value)
            else:
                setattr(presented, name, value)

    return change


def handover(index: int, value: object) -> Change:
    return lambda m: m.handover.__setitem__(index, value)


def leaf(name: str, *, issuer: str = "TEST PID CA", **options: Any) -> Change:
    """Issued by another leaf, whose certificate is as the options say."""

    def change(presented: Mdoc) -> None:
        certificate = wallet.leaf(name, issuer=issuer, **options)
        presented.chain = build.der(certificate, wallet.PID_CA)
        presented.issuer_key = wallet.key(name)

    return change


def with_device(namespaces: Any, **authorizations: Any) -> Change:
    """Device-signed elements, with what the issuer says of the holder's key."""

    def change(presented: Mdoc) -> None:
        presented.device_namespaces = cbor2.dumps(namespaces)
        if authorizations:
            presented.key_info = {"keyAuthorizations": authorizations}

    return change


def edited(**edits: Callable[[Any], Any]) -> Change:
    return lambda m: [setattr(m, f"edit_{n}", edit) for n, edit in edits.items()]


def updated(layer: str, **members: Any) -> Change:
    """Members of a map on the way out; ``...`` removes one."""

    def edit(value: dict[str, Any]) -> dict[str, Any]:
        merged = {**value, **members}
        return {name: value for name, value in merged.items() if value is not ...}

    return lambda m: setattr(m, f"edit_{layer}", edit)


def replaced(index: int, value: Any) -> Callable[[Any], Any]:
    return lambda array: [*array[:index], value, *array[index + 1 :]]


def reissued(**validity: Any) -> Change:
    return put(validity={name: tdate(when) for name, when in validity.items()})


def flip(array: list[Any]) -> list[Any]:
    return [*array[:3], bytes([array[3][0] ^ 1]) + array[3][1:]]


def typed(value: str) -> Change:
    return lambda m: setattr(m, "doc_type", value)


def raw(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def edit(encoded: bytes) -> bytes:
        assert encoded.count(old) == 1
        return encoded.replace(old, new)

    return edit


def assert_refused(
    change: Change, refusal: Refusal, expected: Expectation = EXPECTED
) -> None:
    """The presentation with this change raises exactly this class."""
    with pytest.raises(e.Openid4vpError) as caught:
        present(change, expected)

    assert type(caught.value) is refusal, repr(caught.value)

"""The status a credential states: how it is read, and what a verdict makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509

from openid4vp import errors as e
from openid4vp.status import ListKind, StatusReference, reference_of
from openid4vp.verify import VerifiedCredential
from tests.openid4vp import wallet
from tests.openid4vp.scene import POLICY, SIGN, verify
from tests.openid4vp.wallet import NOW

URI = "https://pid.example.se/tsl/9"
STATED = {"status_list": {"idx": 4711, "uri": URI}}

MALFORMED: dict[str, tuple[type[e.Openid4vpError], Any]] = {
    "text": (e.MalformedResponseError, "valid"),
    "list": (e.MalformedResponseError, [STATED]),
    "nothing": (e.StatusUnknownError, {}),
    "unknown-mechanism": (e.StatusUnknownError, {"crl": {"uri": URI}}),
    "two-mechanisms": (
        e.StatusUnknownError,
        {**STATED, "identifier_list": {"id": b"1", "uri": URI}},
    ),
    "place-is-text": (e.WrongClaimTypeError, {"status_list": URI}),
    "place-is-null": (e.WrongClaimTypeError, {"status_list": None}),
    "uri-missing": (e.MissingClaimError, {"status_list": {"idx": 1}}),
    "uri-is-a-list": (e.WrongClaimTypeError, {"status_list": {"idx": 1, "uri": [URI]}}),
    "idx-missing": (e.MissingClaimError, {"status_list": {"uri": URI}}),
    **{
        f"idx-{idx!r}": (error, {"status_list": {"idx": idx, "uri": URI}})
        for error, idx in (
            (e.WrongClaimTypeError, "1"),
            (e.WrongClaimTypeError, True),
            (e.WrongClaimTypeError, 1.0),
            (e.WrongClaimTypeError, None),
            (e.MalformedResponseError, -1),
            (e.MalformedResponseError, 2**31),
        )
    },
    **{
        f"uri-{uri[:24]!r}": (
            e.MalformedResponseError,
            {"status_list": {"idx": 1, "uri": uri}},
        )
        for uri in (
            "",
            "pid.example.se/tsl/9",
            "file:///etc/passwd",
            "ftp://pid.example.se/tsl",
            "https://",
            "https://pid.example.se/a b",
            "https://pid.example.se/\n",
            "https://pid.example.se/ä",
            "https://pid.example.se/" + "a" * 2048,
        )
    },
    "id-missing": (e.MissingClaimError, {"identifier_list": {"uri": URI}}),
    "id-is-text": (
        e.WrongClaimTypeError,
        {"identifier_list": {"uri": URI, "id": "1"}},
    ),
    "id-is-empty": (
        e.MalformedResponseError,
        {"identifier_list": {"uri": URI, "id": b""}},
    ),
    "id-is-long": (
        e.MalformedResponseError,
        {"identifier_list": {"uri": URI, "id": bytes(257)}},
    ),
    "certificate-is-text": (
        e.WrongClaimTypeError,
        {"identifier_list": {"uri": URI, "id": b"1", "certificate": "MII"}},
    ),
    "certificate-is-long": (
        e.MalformedResponseError,
        {"identifier_list": {"uri": URI, "id": b"1", "certificate": bytes(8193)}},
    ),
}


@pytest.mark.parametrize(
    ("error", "status"),
    [pytest.param(*row, id=name) for name, row in MALFORMED.items()],
)
def test_what_is_no_reference_is_refused(error: type[Exception], status: Any) -> None:
    with pytest.raises(e.Openid4vpError) as refusal:
        reference_of(status)

    assert type(refusal.value) is error


def test_a_place_in_a_status_list() -> None:
    assert reference_of(STATED | {"unknown": 1}) == StatusReference(
        kind=ListKind.STATUS_LIST, uri=URI, idx=4711
    )


def test_a_place_in_an_identifier_list() -> None:
    stated = {"identifier_list": {"id": b"\x01", "uri": URI, "certificate": b"DER"}}

    assert reference_of(stated) == StatusReference(
        kind=ListKind.IDENTIFIER_LIST, uri=URI, id=b"\x01", certificate=b"DER"
    )


@pytest.mark.parametrize("idx", [0, 2**31 - 1])
def test_the_first_and_the_last_place_of_any_list(idx: int) -> None:
    assert reference_of({"status_list": {"idx": idx, "uri": URI}}).idx == idx


def test_what_is_as_long_as_it_may_be_is_read() -> None:
    place = {"id": bytes(256), "uri": URI.ljust(2048, "a"), "certificate": bytes(8192)}

    assert reference_of({"identifier_list": place}).id == bytes(256)


@dataclass
class Says:
    """A lookup that says one thing, and remembers what it was asked."""

    status: int
    asked: tuple[StatusReference, Sequence[x509.Certificate], datetime] | None = None

    def value(
        self,
        reference: StatusReference,
        issuer_chain: Sequence[x509.Certificate],
        now: datetime,
    ) -> int:
        self.asked = (reference, issuer_chain, now)
        return self.status


def presented(lookup: Says, status: Any = STATED) -> VerifiedCredential:
    answer = wallet.answer(SIGN)
    answer.pid.payload["status"] = status
    held = verify(answer.body(), policy=replace(POLICY, status=lookup))
    return held.credentials["pid"]


def test_valid_is_accepted() -> None:
    assert presented(Says(0)).status == reference_of(STATED)


@pytest.mark.parametrize("status", [1, 2, 3, 4, 0x0C, 0x0F, 255, -1])
def test_whatever_is_not_valid_is_refused(status: int) -> None:
    with pytest.raises(e.RevokedError):
        presented(Says(status))


def test_the_lookup_learns_who_issued() -> None:
    lookup = Says(0)

    presented(lookup)

    chain = (wallet.PID_LEAF, wallet.PID_CA)
    assert lookup.asked == (reference_of(STATED), chain, NOW)


def test_a_status_of_null_is_not_an_absent_one() -> None:
    with pytest.raises(e.WrongClaimTypeError):
        presented(Says(0), None)


def test_the_status_is_looked_up_only_of_what_holds_otherwise() -> None:
    lookup = Says(0)
    answer = wallet.answer(SIGN)
    answer.pid.payload["status"] = STATED
    answer.pid.kb_payload["nonce"] = "another"

    with pytest.raises(e.NonceMismatchError):
        verify(answer.body(), policy=replace(POLICY, status=lookup))

    assert lookup.asked is None

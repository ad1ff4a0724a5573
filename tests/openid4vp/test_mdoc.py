"""One mdoc presentation: the right one passes, each wrong one has its own refusal."""

import dataclasses
import time
from datetime import timedelta
from typing import Any

import pytest

from openid4vp import errors as e
from openid4vp import mdoc
from openid4vp.expectation import Expectation
from openid4vp.status import ListKind
from openid4vp.trust import AnchorStore, PinnedIssuer
from tests.openid4vp import mdoc_builder as build
from tests.openid4vp import wallet
from tests.openid4vp.mdoc_builder import PID, Mdoc, item, tdate
from tests.openid4vp.mdoc_deviations import (
    EXPECTED,
    QUERY,
    Change,
    Refusal,
    assert_refused,
    present,
    put,
    reissued,
    typed,
    under,
    updated,
    with_device,
)
from tests.openid4vp.scene import SIGN
from tests.openid4vp.wallet import DAY, NOW, SECOND


class Lists:
    """A lookup that knows one status value."""

    def __init__(self, value: int) -> None:
        self.status = value
        self.asked: list[Any] = []

    def value(self, reference: Any, issuer_chain: Any, now: Any) -> int:
        self.asked.append((reference, tuple(issuer_chain), now))
        return self.status


def test_the_right_presentation_passes() -> None:
    verified = present()

    assert (verified.query_id, verified.format) == ("pid_mdoc", "mso_mdoc")
    assert (verified.type, verified.provider) == (PID, "se-pid")
    assert verified.claims == {
        PID: {
            "family_name": "Lindqvist",
            "given_name": "Åsa",
            "birth_date": "1990-01-01",
        }
    }
    assert verified.holder_key == wallet.public_jwk(wallet.key("holder of PID mdoc"))
    assert verified.issuer_certificate == wallet.PID_LEAF
    assert verified.expires_at == NOW + DAY
    assert verified.presentation == build.pid(SIGN).text()
    assert (verified.key_binding, verified.status, verified.approved) == (
        None,
        None,
        (),
    )


def test_the_thumbprint_is_that_of_the_same_key_in_any_format() -> None:
    public = wallet.public_jwk(wallet.key("holder of PID mdoc"))
    canonical = '{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.format(**public)

    assert present().holder_key_thumbprint == wallet.sha256(canonical)


RIGHT: dict[str, Change] = {
    "unchanged": lambda _: None,
    "esp256": put(issuer_protected={1: -9}, device_protected={1: -9}),
    "sha-384": put(algorithm="SHA-384"),
    "sha-512": put(algorithm="SHA-512"),
    "chain-signed": lambda m: put(
        issuer_protected={33: m.chain}, issuer_unprotected={33: ...}
    )(m),
    "key-by-sign-of-y": lambda m: put(
        device_key={-3: bool(build.cose_key(m.holder_key)[-3][-1] & 1)}
    )(m),
    "ends-within-skew": reissued(validUntil=NOW - 59 * SECOND),
    "starts-within-skew": reissued(
        signed=NOW + 60 * SECOND, validFrom=NOW + 60 * SECOND
    ),
    "expected-update-passed": reissued(expectedUpdate=NOW - DAY),
    "unknown-members": lambda m: (
        put(mso={"new": [1]}, key_info={"keyInfo": {1: 2}})(m),
        updated("response", documentErrors=[{"other": 0}], more=None)(m),
        updated("document", errors={PID: {"portrait": 0}})(m),
    ),
    "device-namespace-authorised": with_device(
        {"se.example": {"tip": 1}}, nameSpaces=["se.example"]
    ),
    "device-element-authorised": with_device(
        {"se.example": {"tip": 1}}, dataElements={"se.example": ["tip", "top"]}
    ),
    "element-beyond-the-query": lambda m: m.items[PID].append(item(99, "sex", 2)),
    "domestic-namespace": lambda m: m.items.update({PID + ".se": [item(5, "x", 1)]}),
    "no-elements-of-a-namespace": lambda m: m.items.update({PID + ".se": []}),
    "digest-id-zero": lambda m: (
        m.hidden[PID].clear(),
        m.items[PID][0].update(digestID=0),
    ),
    "largest-number": lambda m: m.items[PID].append(item(99, "age", 2**53 - 1)),
    "random-of-16": lambda m: m.items[PID][0].update(random=bytes(16)),
}


@pytest.mark.parametrize("change", RIGHT.values(), ids=RIGHT.keys())
def test_what_conforms_passes(change: Change) -> None:
    assert present(change).claims == present().claims


def test_what_the_holder_signed_is_never_a_claim() -> None:
    verified = present(
        with_device({PID: {"nickname": "Queen"}}, nameSpaces=[PID]),
        dataclasses.replace(
            EXPECTED, query=dataclasses.replace(QUERY, claims=QUERY.claims[:1])
        ),
    )

    assert verified.claims == {PID: {"family_name": "Lindqvist"}}


def test_the_holder_cannot_say_what_was_asked_of_the_issuer() -> None:
    def change(presented: Mdoc) -> None:
        presented.hidden[PID].append(presented.items[PID].pop(0))
        with_device({PID: {"family_name": "Bernadotte"}}, nameSpaces=[PID])(presented)

    with pytest.raises(e.QueryNotSatisfiedError):
        present(change)


def test_values_are_as_json_would_hold_them() -> None:
    value = [
        build.full_date("2030-01-01"),
        {"at": tdate(NOW), "raw": b"\xff\xfe"},
        build.embedded(b"\xa0"),
        [True, None, -3, 1.5],
    ]

    def change(presented: Mdoc) -> None:
        presented.items[PID][0]["elementValue"] = value

    assert present(change).claims[PID] | {} == {  # type: ignore[operator]
        "family_name": [
            "2030-01-01",
            {"at": "2026-11-20T10:00:00Z", "raw": "__4"},
            "oA",
            [True, None, -3, 1.5],
        ],
        "given_name": "Åsa",
        "birth_date": "1990-01-01",
    }


def test_a_pinned_issuer_is_trust_enough() -> None:
    expected = dataclasses.replace(
        EXPECTED, trust=PinnedIssuer("pinned", wallet.PID_LEAF)
    )

    assert present(expected=expected).provider == "pinned"


def test_two_presentations_of_one_credential_are_known_as_one() -> None:
    first, second = build.pid(SIGN), build.pid(SIGN)
    second.items[PID].reverse()
    second.edit_issuer_auth = lambda array: [*array[:3], other_half(array[3])]

    both = [mdoc.verify(m.text(), EXPECTED) for m in (first, second)]

    assert both[0].presentation != both[1].presentation
    assert both[0].issued_sha256 == both[1].issued_sha256


def other_half(signature: bytes) -> bytes:
    """The other of the two ECDSA signatures over the same."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return signature[:32] + (order - int.from_bytes(signature[32:])).to_bytes(32)


STATUS = {"status_list": {"uri": "https://lists.example.se/1", "idx": 412}}


def test_a_status_is_looked_up_under_the_issuers_chain() -> None:
    lists = Lists(0)

    verified = present(put(mso={"status": STATUS}), under(status=lists))

    assert verified.status is not None
    assert (verified.status.kind, verified.status.idx) == (ListKind.STATUS_LIST, 412)
    chain = (wallet.PID_LEAF, wallet.PID_CA)
    assert lists.asked == [(verified.status, chain, NOW)]


@pytest.mark.parametrize(
    ("change", "expected", "refusal"),
    [
        (put(mso={"status": STATUS}), under(status=Lists(1)), e.RevokedError),
        (put(mso={"status": STATUS}), under(status=Lists(2)), e.RevokedError),
        (put(mso={"status": STATUS}), EXPECTED, e.StatusUnknownError),
        (put(mso={"status": {}}), under(status=Lists(0)), e.StatusUnknownError),
        (put(mso={"status": []}), under(status=Lists(0)), e.WrongClaimTypeError),
        (put(), under(accept_absent_status=False), e.StatusUnknownError),
    ],
    ids=["revoked", "suspended", "no-lists", "no-mechanism", "no-map", "none-stated"],
)
def test_a_status_that_is_not_valid_is_refused(
    change: Change, expected: Expectation, refusal: Refusal
) -> None:
    assert_refused(change, refusal, expected)


def test_an_anchor_of_another_category_proves_nothing() -> None:
    other = AnchorStore({"pass": wallet.authority("TEST issuing CA")})

    with pytest.raises(e.IssuerNotTrustedError):
        present(expected=dataclasses.replace(EXPECTED, trust=other))


def test_a_type_that_policy_does_not_accept_is_refused_though_asked() -> None:
    with pytest.raises(e.CredentialTypeError):
        present(expected=under(accepted_types={"pid_mdoc": frozenset({"other"})}))


def test_a_type_that_policy_accepts_is_refused_if_not_asked() -> None:
    with pytest.raises(e.CredentialTypeError):
        present(
            typed("other"),
            under(accepted_types={"pid_mdoc": frozenset({PID, "other"})}),
        )


@pytest.mark.parametrize("age", [timedelta(0), timedelta(seconds=1)])
def test_the_end_of_validity_is_where_it_says(age: timedelta) -> None:
    change = reissued(validUntil=NOW - age)
    expected = under(skew=timedelta(0))

    with pytest.raises(e.ExpiredError):
        present(change, expected)


def test_the_largest_presentation_takes_little_time() -> None:
    def change(presented: Mdoc) -> None:
        presented.items[PID] += [item(n, f"e{n}", "") for n in range(100, 500)]

    start = time.process_time()
    present(change)

    assert time.process_time() - start < 0.5

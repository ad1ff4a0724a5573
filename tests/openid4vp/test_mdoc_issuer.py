"""The outer layers of an mdoc presentation: one document, of a trusted issuer."""

from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from openid4vp import errors as e
from tests.openid4vp import mdoc_builder as build
from tests.openid4vp import wallet
from tests.openid4vp.mdoc_builder import PID, Mdoc
from tests.openid4vp.mdoc_deviations import (
    Change,
    Refusal,
    assert_refused,
    edited,
    flip,
    leaf,
    put,
    raw,
    replaced,
    updated,
)
from tests.openid4vp.wallet import DAY, NOW

P384 = ec.derive_private_key(7, ec.SECP384R1()).public_key()


def second_document(response: dict[str, Any]) -> dict[str, Any]:
    return {**response, "documents": response["documents"] * 2}


def self_signed(presented: Mdoc) -> None:
    rogue = wallet.leaf("rogue", issuer="rogue")
    presented.chain, presented.issuer_key = build.der(rogue), wallet.key("rogue")


WRONG: dict[str, tuple[Refusal, Change]] = {
    # the text, and its one encoding
    "not-base64url": (e.MalformedResponseError, edited(text=lambda t: t + "=")),
    "stray-bits": (e.MalformedResponseError, edited(text=lambda t: t + "B")),
    "an-sd-jwt": (e.MalformedResponseError, edited(text=lambda _: "e30.e30.AA~")),
    "empty": (e.MalformedResponseError, edited(text=lambda _: "")),
    "too-long": (e.MalformedResponseError, edited(text=lambda _: "A" * 90_000)),
    "trailing-byte": (e.MalformedResponseError, edited(bytes=lambda b: b + b"\0")),
    "duplicate-key": (
        e.MalformedResponseError,
        edited(bytes=lambda b: b"\xa4" + b[1:] + b"\x66status\0"),
    ),
    "indefinite-map": (
        e.MalformedResponseError,
        edited(bytes=lambda b: b"\xbf" + b[1:] + b"\xff"),
    ),
    "long-form": (
        e.MalformedResponseError,
        edited(bytes=raw(b"\x66status\0", b"\x66status\x18\0")),
    ),
    "tagged-response": (e.MalformedResponseError, edited(bytes=lambda b: b"\xc1" + b)),
    "array-response": (e.MalformedResponseError, edited(response=lambda r: [r])),
    # 50: DeviceResponse
    "version-missing": (e.MissingClaimError, updated("response", version=...)),
    "version-2": (e.MalformedResponseError, updated("response", version="2.0")),
    "status-missing": (e.MissingClaimError, updated("response", status=...)),
    "status-10": (e.MalformedResponseError, updated("response", status=10)),
    "status-false": (e.WrongClaimTypeError, updated("response", status=False)),
    "no-documents": (e.MissingClaimError, updated("response", documents=...)),
    "zero-documents": (e.MalformedResponseError, updated("response", documents=[])),
    "two-documents": (e.MalformedResponseError, edited(response=second_document)),
    "document-a-text": (
        e.MalformedResponseError,
        updated("response", documents=["x"]),
    ),
    "document-a-map": (e.WrongClaimTypeError, updated("response", documents={})),
    "no-issuer-signed": (e.MissingClaimError, updated("document", issuerSigned=...)),
    "no-device-signed": (e.MissingClaimError, updated("document", deviceSigned=...)),
    # 51: issuerAuth
    "issuer-auth-missing": (
        e.MissingClaimError,
        updated("issuer_signed", issuerAuth=...),
    ),
    "issuer-auth-tagged": (
        e.MalformedResponseError,
        edited(issuer_auth=lambda a: cbor2.CBORTag(18, a)),
    ),
    "issuer-auth-bytes": (
        e.WrongClaimTypeError,
        edited(issuer_auth=cbor2.dumps),
    ),
    "issuer-alg-missing": (e.HeaderNotAllowedError, put(issuer_protected={1: ...})),
    "issuer-alg-unprotected": (
        e.HeaderNotAllowedError,
        put(issuer_protected={1: ...}, issuer_unprotected={1: -7}),
    ),
    "issuer-alg-es384": (e.HeaderNotAllowedError, put(issuer_protected={1: -35})),
    "issuer-alg-hmac": (e.HeaderNotAllowedError, put(issuer_protected={1: 5})),
    "issuer-crit": (e.HeaderNotAllowedError, put(issuer_protected={2: [7], 7: 0})),
    "issuer-signature": (e.SignatureInvalidError, edited(issuer_auth=flip)),
    "issuer-signature-empty": (
        e.SignatureInvalidError,
        edited(issuer_auth=replaced(3, b"")),
    ),
    "issuer-signature-long": (
        e.SignatureInvalidError,
        edited(issuer_auth=lambda a: replaced(3, a[3] + b"\0")(a)),
    ),
    "issuer-other-key": (
        e.SignatureInvalidError,
        lambda m: setattr(m, "issuer_key", wallet.key("attacker")),
    ),
    "issuer-key-of-holder": (
        e.SignatureInvalidError,
        lambda m: setattr(m, "issuer_key", m.holder_key),
    ),
    "payload-detached": (
        e.MalformedResponseError,
        edited(issuer_auth=replaced(2, None)),
    ),
    "no-chain": (e.MissingClaimError, put(issuer_unprotected={33: ...})),
    "chain-empty": (e.WrongClaimTypeError, put(chain=[])),
    "chain-garbage": (e.MalformedResponseError, put(chain=b"garbage")),
    "chain-in-both": (
        e.HeaderNotAllowedError,
        lambda m: put(issuer_protected={33: m.chain})(m),
    ),
    "chain-of-five": (
        e.HeaderNotAllowedError,
        lambda m: setattr(m, "chain", [m.chain[0]] * 5),
    ),
    "chain-repeated": (
        e.IssuerNotTrustedError,
        lambda m: setattr(m, "chain", m.chain * 2),
    ),
    "chain-with-anchor": (
        e.IssuerNotTrustedError,
        put(chain=build.der(wallet.PID_LEAF, wallet.PID_CA, wallet.PID_ROOT)),
    ),
    "chain-without-intermediate": (
        e.IssuerNotTrustedError,
        put(chain=build.der(wallet.PID_LEAF)),
    ),
    "self-signed": (e.IssuerNotTrustedError, self_signed),
    "pass-issuer-for-pid": (
        e.IssuerNotTrustedError,
        put(
            chain=build.der(wallet.PASS_LEAF), issuer_key=wallet.key("TEST pass issuer")
        ),
    ),
    "other-anchor": (e.IssuerNotTrustedError, leaf("rogue", issuer="rogue CA")),
    "expired-leaf": (
        e.IssuerNotTrustedError,
        leaf("late", start=NOW - 3 * DAY, end=NOW - DAY),
    ),
    "leaf-may-not-sign": (e.IssuerNotTrustedError, leaf("ku", usage="key_agreement")),
    "leaf-is-a-ca": (e.IssuerNotTrustedError, leaf("ca", ca=True)),
    "leaf-on-p384": (e.IssuerNotTrustedError, leaf("x", public=P384)),
    # what was asked
    "claim-missing": (
        e.QueryNotSatisfiedError,
        lambda m: m.hidden[PID].append(m.items[PID].pop(0)),
    ),
    "claim-of-other-namespace": (
        e.QueryNotSatisfiedError,
        lambda m: m.items.update({PID + ".se": [m.items[PID].pop(0)]}),
    ),
    "no-elements": (
        e.QueryNotSatisfiedError,
        updated("issuer_signed", nameSpaces=...),
    ),
}


@pytest.mark.parametrize(("refusal", "change"), WRONG.values(), ids=WRONG.keys())
def test_a_presentation_with_one_thing_wrong_is_refused(
    refusal: Refusal, change: Change
) -> None:
    assert_refused(change, refusal)

"""The holder's part of an mdoc presentation: over our transcript, by the one key."""

import cbor2
import pytest

from openid4vp import errors as e
from tests.openid4vp import mdoc_builder as build
from tests.openid4vp import wallet
from tests.openid4vp.mdoc_builder import PID
from tests.openid4vp.mdoc_deviations import (
    Change,
    Refusal,
    assert_refused,
    edited,
    flip,
    handover,
    put,
    replaced,
    updated,
    with_device,
)

DM = "org.cloudsignatureconsortium.dm.1"

WRONG: dict[str, tuple[Refusal, Change]] = {
    # 56: session transcript
    "other-client-id": (
        e.SignatureInvalidError,
        handover(0, "x509_hash:" + "A" * 43),
    ),
    "client-id-without-prefix": (
        e.SignatureInvalidError,
        lambda m: handover(0, m.handover[0].partition(":")[2])(m),
    ),
    "other-nonce": (e.SignatureInvalidError, handover(1, "A" * 43)),
    "other-encryption-key": (e.SignatureInvalidError, handover(2, bytes(32))),
    "no-encryption-key": (e.SignatureInvalidError, handover(2, None)),
    "other-response-uri": (
        e.SignatureInvalidError,
        handover(3, "https://sign.example.eu/oid4vp/responses/k7Qn"),
    ),
    "dc-api-handover": (
        e.SignatureInvalidError,
        lambda m: (
            m.handover.__setitem__(
                slice(None), ["https://sign.example.eu", *m.handover[1:3]]
            ),
            setattr(m, "handover_name", "OpenID4VPDCAPIHandover"),
        ),
    ),
    "handover-of-drafts": (
        e.SignatureInvalidError,
        lambda m: m.handover.append("wallet's nonce"),
    ),
    "engagement-in-transcript": (
        e.SignatureInvalidError,
        put(transcript_start=(build.embedded(b"\xa0"), None)),
    ),
    "device-signed-other-doctype": (e.SignatureInvalidError, put(signed_doc_type="x")),
    "device-signed-other-namespaces": (
        e.SignatureInvalidError,
        put(signed_namespaces=b"\xa1\x61x\xa0"),
    ),
    "device-signed-untagged": (
        e.SignatureInvalidError,
        put(signed_payload=lambda payload: cbor2.loads(payload).value),
    ),
    # 57: device signature
    "device-other-key": (
        e.SignatureInvalidError,
        lambda m: put(
            device_key=build.cose_key(m.holder_key), holder_key=wallet.key("attacker")
        )(m),
    ),
    "device-key-in-header": (
        e.SignatureInvalidError,
        lambda m: put(
            device_key=build.cose_key(m.holder_key),
            holder_key=wallet.key("attacker"),
            device_unprotected={-1: build.cose_key(wallet.key("attacker"))},
        )(m),
    ),
    "device-signature": (e.SignatureInvalidError, edited(device_signature=flip)),
    "device-signature-zero": (
        e.SignatureInvalidError,
        edited(device_signature=replaced(3, bytes(64))),
    ),
    "device-payload-attached": (
        e.MalformedResponseError,
        edited(device_signature=replaced(2, b"x")),
    ),
    "device-alg-eddsa": (e.HeaderNotAllowedError, put(device_protected={1: -8})),
    "device-alg-unprotected": (
        e.HeaderNotAllowedError,
        put(device_protected={1: ...}, device_unprotected={1: -7}),
    ),
    "device-mac": (
        e.HolderBindingError,
        edited(
            device_auth=lambda a: {"deviceMac": [b"\xa1\x01\x05", {}, None, bytes(32)]}
        ),
    ),
    "device-mac-too": (
        e.HolderBindingError,
        updated("device_auth", deviceMac=[b"\xa1\x01\x05", {}, None, bytes(32)]),
    ),
    "device-auth-empty": (e.MissingClaimError, edited(device_auth=lambda a: {})),
    "device-auth-missing": (
        e.MissingClaimError,
        updated("device_signed", deviceAuth=...),
    ),
    "device-signature-tagged": (
        e.MalformedResponseError,
        edited(device_signature=lambda a: cbor2.CBORTag(18, a)),
    ),
    "device-key-private": (e.MalformedResponseError, put(device_key={-4: bytes(32)})),
    "device-key-p384": (e.MalformedResponseError, put(device_key={-1: 2})),
    "device-key-off-curve": (
        e.MalformedResponseError,
        put(device_key={-3: b"\1" * 32}),
    ),
    "device-key-okp": (e.MalformedResponseError, put(device_key={1: 1})),
    # 58: device-signed elements
    "namespaces-missing": (
        e.MalformedResponseError,
        updated("device_signed", nameSpaces=...),
    ),
    "namespaces-not-embedded": (
        e.MalformedResponseError,
        updated("device_signed", nameSpaces={}),
    ),
    "namespaces-no-map": (e.MalformedResponseError, put(device_namespaces=b"\x80")),
    "namespaces-duplicate": (
        e.MalformedResponseError,
        put(device_namespaces=b"\xa2\x61x\xa0\x61x\xa0"),
    ),
    "namespace-no-map": (e.WrongClaimTypeError, with_device({"x": []})),
    "element-not-authorised": (e.HolderBindingError, with_device({"x": {"y": 1}})),
    "pid-element-not-authorised": (
        e.HolderBindingError,
        with_device({PID: {"age_over_18": True}}),
    ),
    "element-of-other-namespace": (
        e.HolderBindingError,
        with_device({"x": {"y": 1}}, nameSpaces=["z"], dataElements={"q": ["y"]}),
    ),
    "element-beside-authorised": (
        e.HolderBindingError,
        with_device({"x": {"y": 1, "z": 1}}, dataElements={"x": ["y"]}),
    ),
    "element-issued-and-said": (
        e.DisclosureError,
        with_device({PID: {"given_name": "Eve"}}, nameSpaces=[PID]),
    ),
    "approval-unasked": (
        e.TransactionDataMismatchError,
        with_device({DM: {"qesApproval": bytes(32)}}, nameSpaces=[DM]),
    ),
    "authorised-twice": (
        e.MalformedResponseError,
        with_device({}, nameSpaces=["x"], dataElements={"x": ["y"]}),
    ),
    "authorisations-array": (
        e.WrongClaimTypeError,
        put(key_info={"keyAuthorizations": []}),
    ),
    "authorised-namespaces-text": (
        e.WrongClaimTypeError,
        with_device({}, nameSpaces="x"),
    ),
    "authorised-elements-text": (
        e.WrongClaimTypeError,
        with_device({"x": {"y": 1}}, dataElements={"x": "y"}),
    ),
}


@pytest.mark.parametrize(("refusal", "change"), WRONG.values(), ids=WRONG.keys())
def test_a_presentation_with_one_thing_wrong_is_refused(
    refusal: Refusal, change: Change
) -> None:
    assert_refused(change, refusal)

"""The bytes a holder signs, against the examples of OpenID4VP 1.0 B.2.6.

Vectors 1 and 2 are the specification's, the others were computed apart from this code.
"""

import dataclasses
import hashlib
import json

import pytest

from openid4vp import session_transcript
from tests.openid4vp import mdoc_builder
from tests.openid4vp.scene import IDENTIFY

CLIENT_ID = "x509_san_dns:example.com"
NONCE = "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA"
RESPONSE_URI = "https://example.com/response"
ORIGIN = "https://example.com"
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "use": "enc",
    "kid": "1",
    "alg": "ECDH-ES",
    "x": "DxiH5Q4Yx3UrukE2lWCErq8N8bqC9CHLLrAwLz5BmE0",
    "y": "XtLM4-3h5o3HUH0MHVJV0kyq0iBlrBwlh8qEDMZ4-Pc",
}
THUMBPRINT = bytes.fromhex(
    "4283ec927ae0f208daaa2d026a814f2b22dca52cf85ffa8f3f8626c6bd669047"
)
START = bytes.fromhex("83f6f682714f70656e494434565048616e646f7665725820")
DC_API_START = bytes.fromhex(
    "83f6f682764f70656e4944345650444341504948616e646f7665725820"
)
HANDOVER = bytes.fromhex(
    "048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac"
)
REDIRECT = START + HANDOVER


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def redirect(thumbprint: bytes | None) -> bytes:
    return session_transcript.redirect_session_transcript(
        client_id=CLIENT_ID,
        nonce=NONCE,
        thumbprint=thumbprint,
        response_uri=RESPONSE_URI,
    )


def test_vector_1_redirect() -> None:
    assert redirect(THUMBPRINT) == REDIRECT


def test_vector_1_from_a_stored_transaction() -> None:
    transaction = dataclasses.replace(
        IDENTIFY,
        client_id=CLIENT_ID,
        nonce=NONCE,
        response_uri=RESPONSE_URI,
        response_key=json.dumps({**KEY, "d": "AA"}),
    )

    assert session_transcript.session_transcript(transaction) == REDIRECT


def test_vector_2_digital_credentials_api() -> None:
    transcript = session_transcript.dcapi_session_transcript(ORIGIN, NONCE, THUMBPRINT)

    assert transcript == DC_API_START + bytes.fromhex(
        "fbece366f4212f9762c74cfdbf83b8c69e371d5d68cea09cb4c48ca6daab761a"
    )


def test_vector_3_not_encrypted() -> None:
    assert redirect(None) == START + bytes.fromhex(
        "c672b54a2facfb3284965c5be838a8cd1f96f7de36ede3470b1d5de2c57d7719"
    )


def test_vector_4_device_authentication() -> None:
    signed = session_transcript.device_authentication_bytes(
        REDIRECT, "eu.europa.ec.eudi.pid.1", b"\xa0"
    )

    assert len(signed) == 110
    assert signed.hex().startswith("d818586a84744465766963")
    assert sha256(signed) == (
        "86b6273515cf5d338d62abd019b69680658dbfc0e9c5dce3f3df1f9e04f439aa"
    )
    structure = mdoc_builder.sig_structure(bytes.fromhex("a10126"), signed)
    assert len(structure) == 129
    assert sha256(structure) == (
        "6d26231028f86c5389ef1918a8badc47612fb71821c5f15ba67c9090478d1a51"
    )


def test_vector_5_salt_of_a_mac() -> None:
    """Nothing here verifies a MAC; the salt shows the same transcript once more."""
    embedded = bytes.fromhex("d818") + bytes([0x58, len(REDIRECT)]) + REDIRECT

    assert sha256(embedded) == (
        "7d314c834fa48f64dcfc945350a9eee078b0fbfea4b676a2f54615e2bbc438b9"
    )


def test_vector_6_device_signed_element() -> None:
    approval = bytes.fromhex(
        "dd7a22aae41126ca35117616458bca0b1346fe1cbb818d7c44d4bc06447b21fc"
    )
    namespaces = (
        b"\xa1\x78\x21org.cloudsignatureconsortium.dm.1"
        b"\xa1\x6bqesApproval\x58\x20" + approval
    )

    signed = session_transcript.device_authentication_bytes(
        REDIRECT, "org.example.qes-auth.1", namespaces
    )

    assert len(signed) == 192
    assert sha256(signed) == (
        "44f1fe12b48fd4635a5210bea08959f0835ed7885c661c163d2d373b71d9ca90"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "x509_san_dns:example.org"},
        {"nonce": NONCE[:-1] + "B"},
        {"response_uri": RESPONSE_URI + "/"},
        {"response_key": json.dumps({**KEY, "x": KEY["y"], "y": KEY["x"]})},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_part_of_the_transaction_is_in_it(change: dict[str, str]) -> None:
    transaction = dataclasses.replace(
        IDENTIFY,
        client_id=CLIENT_ID,
        nonce=NONCE,
        response_uri=RESPONSE_URI,
        response_key=json.dumps(KEY),
    )
    changed = dataclasses.replace(transaction, **change)

    assert session_transcript.session_transcript(changed) != REDIRECT

"""PKCS#10 requests: subjects that are well-formed ASN.1 and still not names."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.trust_services import csr
from app.trust_services.errors import MalformedRequestError

COMMON_NAME, COUNTRY = "2.5.4.3", "2.5.4.6"
UTF8, PRINTABLE, BMP, IA5, TELETEX = 0x0C, 0x13, 0x1E, 0x16, 0x14


def _request(box: Any, kind: str, tag: int, value: bytes) -> bytes:
    """A request, signed by its key, whose subject is this one attribute."""
    key = box.new_key()
    spki = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    attribute = box.sequence(box.oid(kind), box.tlv(tag, value))
    body = box.sequence(
        box.integer(0), box.sequence(box.set_of(attribute)), spki, box.tlv(0xA0)
    )
    signature = key.sign(body, ec.ECDSA(hashes.SHA256()))
    algorithm = box.sequence(box.oid("1.2.840.10045.4.3.2"))
    return box.sequence(body, algorithm, box.tlv(0x03, b"\0", signature))


@pytest.mark.parametrize(
    ("kind", "tag", "value"),
    [
        pytest.param(COMMON_NAME, BMP, "TEST A".encode("utf-16-be"), id="bmp-string"),
        pytest.param(COMMON_NAME, TELETEX, b"TEST A", id="teletex-string"),
        pytest.param(COMMON_NAME, IA5, b"TEST A", id="ia5-string"),
        pytest.param(COMMON_NAME, 0x04, b"TEST A", id="octet-string"),
        pytest.param(COMMON_NAME, UTF8, b"TEST \xff", id="not-utf8"),
        pytest.param(COMMON_NAME, UTF8, b"TEST A\0B", id="nul"),
        pytest.param(COMMON_NAME, UTF8, b"TEST A\nB", id="line-break"),
        pytest.param(COMMON_NAME, UTF8, "TEST \u202eA".encode(), id="bidi-override"),
        pytest.param(COMMON_NAME, UTF8, b"", id="empty"),
        pytest.param(COMMON_NAME, UTF8, b"TEST " + b"A" * 60, id="65-characters"),
        pytest.param(COUNTRY, PRINTABLE, b"nl", id="country-in-lower-case"),
        pytest.param(COUNTRY, PRINTABLE, b"NLD", id="country-of-three-letters"),
        pytest.param(COUNTRY, PRINTABLE, b"N", id="country-of-one-letter"),
    ],
)
def test_a_subject_that_is_no_name_is_refused(
    box: Any, kind: str, tag: int, value: bytes
) -> None:
    with pytest.raises(MalformedRequestError):
        csr.parse(_request(box, kind, tag, value))


@pytest.mark.parametrize(
    ("kind", "tag", "value"),
    [
        pytest.param(COMMON_NAME, UTF8, b"TEST " + b"A" * 59, id="64-characters"),
        pytest.param(COMMON_NAME, PRINTABLE, b"TEST A", id="printable-string"),
        pytest.param(COUNTRY, PRINTABLE, b"NL", id="country"),
    ],
)
def test_a_subject_that_is_a_name_passes(
    box: Any, kind: str, tag: int, value: bytes
) -> None:
    """Guards the table above."""
    assert len(csr.parse(_request(box, kind, tag, value)).subject.rdns) == 1

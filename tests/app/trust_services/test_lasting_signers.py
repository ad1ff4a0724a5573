"""Certificates for keys that are kept: more kinds of keys, a year, asked by a label."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    pkcs7,
)

from tests.app.trust_services.conftest import CmcClient

LASTING = "/.well-known/est/lasting/fullcmc"
ONE_TIME = "/.well-known/est/fullcmc"
P256, P384 = ec.SECP256R1(), ec.SECP384R1()


def enrol(pki: Any, path: str, csr: bytes, transaction: int = 7) -> Any:
    client = CmcClient(pki.client.key, pki.client.certificate, transaction)
    return pki.est().post(
        path,
        data=base64.encodebytes(client.message(csr)),
        content_type="application/pkcs7-mime; smime-type=CMC-request",
    )


def csr_of(box: Any, key: Any, digest: Any) -> bytes:
    builder = x509.CertificateSigningRequestBuilder(box.name_of(box.PERSON))
    return builder.sign(key, digest).public_bytes(Encoding.DER)


def leaf_of(answer: Any, key: Any) -> x509.Certificate:
    held = pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer.data))
    (found,) = (c for c in held if spki(c.public_key()) == spki(key.public_key()))
    return found


def spki(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


KINDS = [
    pytest.param(lambda: ec.generate_private_key(P256), SHA256(), id="p256"),
    pytest.param(lambda: ec.generate_private_key(P384), SHA384(), id="p384"),
    pytest.param(lambda: rsa.generate_private_key(65537, 3072), SHA256(), id="rsa3072"),
    pytest.param(lambda: rsa.generate_private_key(65537, 4096), SHA256(), id="rsa4096"),
]


@pytest.mark.parametrize(("make", "digest"), KINDS)
def test_a_key_that_is_kept_gets_a_certificate_for_a_year(
    pki: Any, box: Any, make: Any, digest: Any
) -> None:
    key = make()

    answer = enrol(pki, LASTING, csr_of(box, key, digest))

    assert answer.status_code == 200, answer.text
    leaf = leaf_of(answer, key)
    lifetime = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert timedelta(days=365) <= lifetime < timedelta(days=366)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert not usage.digital_signature
    assert leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints)


UNFIT = [
    pytest.param(
        lambda: rsa.generate_private_key(65537, 2048),
        SHA256(),
        "profile_refused",
        id="rsa-2048",
    ),
    pytest.param(
        lambda: rsa.generate_private_key(3, 3072),
        SHA256(),
        "profile_refused",
        id="rsa-of-exponent-3",
    ),
    pytest.param(
        lambda: ec.generate_private_key(ec.SECP521R1()),
        SHA512(),
        "profile_refused",
        id="p521",
    ),
    pytest.param(
        lambda: ec.generate_private_key(P384), SHA256(), "malformed_request", id="sha"
    ),
    pytest.param(
        lambda: rsa.generate_private_key(65537, 3072),
        SHA512(),
        "malformed_request",
        id="rsa-sha512",
    ),
]


@pytest.mark.parametrize(("make", "digest", "code"), UNFIT)
def test_other_keys_are_not_certified(
    pki: Any, box: Any, make: Any, digest: Any, code: str
) -> None:
    answer = enrol(pki, LASTING, csr_of(box, make(), digest))

    assert answer.text.split(":")[0] == code


@pytest.mark.parametrize(
    ("make", "digest"), [KINDS[1].values, KINDS[2].values], ids=["p384", "rsa"]
)
def test_a_one_time_key_is_of_one_kind(
    pki: Any, box: Any, make: Any, digest: Any
) -> None:
    answer = enrol(pki, ONE_TIME, csr_of(box, make(), digest))

    assert answer.text.split(":")[0] == "profile_refused"


@pytest.mark.parametrize("make", [KINDS[1].values[0], KINDS[2].values[0]])
def test_possession_is_proven_by_every_kind(pki: Any, box: Any, make: Any) -> None:
    key = make()
    digest = SHA384() if isinstance(key, ec.EllipticCurvePrivateKey) else SHA256()
    der = bytearray(csr_of(box, key, digest))
    der[-1] ^= 1

    answer = enrol(pki, LASTING, bytes(der))

    assert answer.text.split(":")[0] in {
        "proof_of_possession_failed",
        "malformed_request",
    }


@pytest.mark.parametrize(("first", "then"), [(ONE_TIME, LASTING), (LASTING, ONE_TIME)])
def test_a_key_has_one_certificate_of_one_profile(
    pki: Any, box: Any, first: str, then: str
) -> None:
    """Else who holds back one answer gets a lasting one for a one-time key."""
    csr = csr_of(box, box.new_key(), SHA256())
    assert enrol(pki, first, csr).status_code == 200

    assert enrol(pki, then, csr).text.split(":")[0] == "already_certified"


def test_the_same_request_gets_the_same_certificate(pki: Any, box: Any) -> None:
    key = box.new_key()
    csr = csr_of(box, key, SHA256())

    answers = [enrol(pki, LASTING, csr) for _ in range(2)]

    assert leaf_of(answers[0], key) == leaf_of(answers[1], key)

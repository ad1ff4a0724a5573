"""A file in the folder is not enough: what else a registration authority must be."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services.errors import RequesterNotAuthorisedError
from app.trust_services.profiles import CMC_RA, end_entity_key_usage


def _certificate(
    pki: Any,
    box: Any,
    *,
    issuer: str = "issuing-ca",
    key: Any = None,
    subject_key: Any = None,
    ca: bool = False,
    usage: str = "digital_signature",
    purpose: x509.ObjectIdentifier | None = CMC_RA,
    begins: timedelta = -timedelta(minutes=1),
    ends: timedelta = timedelta(days=1),
) -> x509.Certificate:
    authority = pki.installation.issuers[issuer]
    builder = (
        x509.CertificateBuilder()
        .subject_name(box.name_of(box.SERVICE))
        .issuer_name(authority.certificate.subject)
        .public_key((subject_key or box.new_key()).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(box.NOW + begins)
        .not_valid_after(box.NOW + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(end_entity_key_usage(usage), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([purpose]), critical=False
        )
    return builder.sign(key or authority.key, hashes.SHA256())


def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: {"issuer": "root"}, id="issued-by-the-root"),
        pytest.param(lambda _: {"issuer": "access-ca"}, id="issued-by-the-access-ca"),
        pytest.param(lambda box: {"key": box.new_key()}, id="forged"),
        pytest.param(lambda _: {"subject_key": _rsa_key()}, id="rsa-key"),
        pytest.param(lambda _: {"ca": True}, id="a-ca"),
        pytest.param(lambda _: {"usage": "content_commitment"}, id="key-usage"),
        pytest.param(lambda _: {"purpose": None}, id="no-key-purpose"),
        pytest.param(
            lambda _: {"purpose": x509.ExtendedKeyUsageOID.CLIENT_AUTH},
            id="other-key-purpose",
        ),
        pytest.param(lambda _: {"begins": timedelta(seconds=1)}, id="not-yet-valid"),
        pytest.param(lambda _: {"ends": -timedelta(seconds=1)}, id="expired"),
    ],
)
def test_a_registered_certificate_with_one_fault_is_not_obeyed(
    pki: Any, box: Any, change: Callable[[Any], dict[str, Any]]
) -> None:
    authorities = pki.installation.registration_authorities()
    certificate = _certificate(pki, box, **change(box))
    authorities.register(certificate)

    with pytest.raises(RequesterNotAuthorisedError):
        authorities.verify(_der(certificate), box.NOW)


def test_the_unchanged_certificate_is_obeyed(pki: Any, box: Any) -> None:
    """Guards the table above."""
    authorities = pki.installation.registration_authorities()
    certificate = _certificate(pki, box)
    authorities.register(certificate)

    authorities.verify(_der(certificate), box.NOW)


def test_a_certificate_nobody_registered_is_not_obeyed(pki: Any, box: Any) -> None:
    authorities = pki.installation.registration_authorities()

    with pytest.raises(RequesterNotAuthorisedError, match="not a registered"):
        authorities.verify(_der(_certificate(pki, box)), box.NOW)


def test_registering_twice_changes_nothing(pki: Any, box: Any) -> None:
    authorities = pki.installation.registration_authorities()
    certificate = _certificate(pki, box)
    authorities.register(certificate)
    before = sorted((pki.folder / "registered").iterdir())

    authorities.register(certificate)

    assert sorted((pki.folder / "registered").iterdir()) == before

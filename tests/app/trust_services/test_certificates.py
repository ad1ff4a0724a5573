"""The certificates, read by OpenSSL and field by field."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from app.trust_services import certificates, csr
from app.trust_services.errors import ProfileRefusedError
from app.trust_services.profiles import CERTIFICATE_POLICY


def _service(pki: Any, box: Any, profile: str) -> tuple[x509.Certificate, ...]:
    subject = {NameOID.COMMON_NAME: f"TEST {profile}"}
    request = csr.parse(box.csr_der(box.new_key(), subject))
    return pki.installation.certify(profile, request, box.NOW, host="localhost")


def _kept(folder: Path, certificate: x509.Certificate) -> Path:
    path = folder / "leaf"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path


def _verify(pki: Any, leaf: Path, *more: object) -> tuple[object, ...]:
    at = int(pki.clock.now.timestamp()) + 1
    return (
        "verify", "-x509_strict", "-attime", at, "-CAfile", pki.folder / "root.pem",
        "-untrusted", pki.folder / "issuing-ca.pem", *more, leaf,
    )  # fmt: skip


def test_openssl_finds_the_path_from_a_signer_to_the_root(
    pki: Any, box: Any, openssl: Callable[..., str]
) -> None:
    leaf = _kept(pki.folder, pki.signer_certificate(box.new_key()))

    assert "OK" in openssl(*_verify(pki, leaf))


@pytest.mark.parametrize("profile", ["registration-authority", "pass-issuing"])
def test_openssl_finds_the_path_from_a_service_to_the_root(
    pki: Any, box: Any, openssl: Callable[..., str], profile: str
) -> None:
    leaf = _kept(pki.folder, _service(pki, box, profile)[0])

    assert "OK" in openssl(*_verify(pki, leaf))


def test_openssl_finds_the_path_from_the_access_certificate_to_the_access_ca(
    pki: Any, box: Any, openssl: Callable[..., str]
) -> None:
    (certificate,) = _service(pki, box, "request-signing")
    at = int(box.NOW.timestamp()) + 1

    text = openssl(
        "verify", "-x509_strict", "-attime", at,
        "-CAfile", pki.folder / "access-ca.pem", _kept(pki.folder, certificate),
    )  # fmt: skip

    assert "OK" in text


def test_a_service_chain_ends_before_the_root(pki: Any, box: Any) -> None:
    chain = _service(pki, box, "pass-issuing")

    assert [one.subject == one.issuer for one in chain] == [False, False]


def test_the_tsa_certificate_is_for_time_stamping_and_says_so_critically(
    pki: Any,
) -> None:
    tsa = x509.load_pem_x509_certificate((pki.folder / "tsa.pem").read_bytes())
    purpose = tsa.extensions.get_extension_for_class(x509.ExtendedKeyUsage)

    assert (purpose.critical, list(purpose.value)) == (
        True,
        [ExtendedKeyUsageOID.TIME_STAMPING],
    )


@pytest.mark.parametrize(
    ("slug", "path_length"), [("root", 1), ("issuing-ca", 0), ("access-ca", 0)]
)
def test_a_ca_certificate_is_a_proper_one(
    pki: Any, slug: str, path_length: int
) -> None:
    extensions = pki.installation.issuers[slug].certificate.extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage)

    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=path_length)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign) == (True, True)
    assert not usage.value.digital_signature


def test_a_signer_certificate_has_these_extensions_and_no_others(
    pki: Any, box: Any
) -> None:
    """So no QcStatements (1.3.6.1.5.5.7.1.3), no extended key usage, no SAN."""
    extensions = pki.signer_certificate(box.new_key()).extensions

    assert {one.oid: one.critical for one in extensions} == {
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: False,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False,
        ExtensionOID.BASIC_CONSTRAINTS: True,
        ExtensionOID.KEY_USAGE: True,
        ExtensionOID.CERTIFICATE_POLICIES: False,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS: False,
        ExtensionOID.CRL_DISTRIBUTION_POINTS: False,
    }


def test_a_signer_key_is_for_content_commitment_only(pki: Any, box: Any) -> None:
    """EN 319 412-2 §4.3.2 type A."""
    certificate = pki.signer_certificate(box.new_key())
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value

    # BIT STRING of two bits, the second set: X.690 §11.2.2 leaves six unused.
    assert usage.public_bytes() == bytes.fromhex("03020640")


def test_a_signer_certificate_names_only_the_private_test_policy(
    pki: Any, box: Any
) -> None:
    certificate = pki.signer_certificate(box.new_key())
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies)

    found = [one.policy_identifier.dotted_string for one in policies.value]
    assert found == [CERTIFICATE_POLICY]


def test_a_signer_certificate_lives_an_hour_and_a_minute(pki: Any, box: Any) -> None:
    certificate = pki.signer_certificate(box.new_key())

    assert certificate.not_valid_before_utc == box.NOW - timedelta(seconds=60)
    assert certificate.not_valid_after_utc == box.NOW + timedelta(hours=1)


def test_a_signer_certificate_points_to_the_public_door(pki: Any, box: Any) -> None:
    extensions = pki.signer_certificate(box.new_key()).extensions
    access = extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    points = extensions.get_extension_for_class(x509.CRLDistributionPoints)

    assert access.value[0].access_location.value == (
        "http://localhost:8003/ca/issuing-ca.cer"
    )
    assert points.value[0].full_name[0].value == (
        "http://localhost:8003/crl/issuing-ca.crl"
    )


def test_a_subject_is_copied_octet_by_octet(pki: Any, box: Any) -> None:
    """Order, repetition and string types stay as the SAM wrote them."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "TEST Änne Groß"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.SURNAME, "Groß"),
        ]
    )
    key = box.new_key()

    answer = pki.enrol(pki.client.message(box.csr_der(key, name)))

    assert name.public_bytes() in box.certificate_of(answer, key).public_bytes(
        Encoding.DER
    )


def test_serial_numbers_are_long_and_fresh() -> None:
    serials = {certificates.random_serial() for _ in range(1000)}

    assert len(serials) == 1000
    assert {one.bit_length() for one in serials} == {159}


def test_no_certificate_outlives_its_issuer(pki: Any, box: Any) -> None:
    pki.clock.advance(timedelta(days=3650) - timedelta(minutes=10))
    issuing = pki.installation.issuers["issuing-ca"].certificate
    request = csr.parse(box.csr_der(box.new_key(), box.SERVICE))

    chain = pki.installation.certify(
        "pass-issuing", request, pki.clock.now, host="localhost"
    )

    assert chain[0].not_valid_after_utc <= issuing.not_valid_after_utc


@pytest.mark.parametrize("profile", ["request-signing", "pass-issuing"])
def test_a_service_that_wallets_meet_names_its_host(
    pki: Any, box: Any, profile: str
) -> None:
    leaf = _service(pki, box, profile)[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


@pytest.mark.parametrize("host", ["", "a b", "https://x", "ä.example", "x" * 64])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ProfileRefusedError):
        certificates.subject_alternative_name(host)

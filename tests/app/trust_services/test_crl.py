"""Revocation lists, read by OpenSSL."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services.errors import LedgerUnavailableError, SetupError
from app.trust_services.installation import Installation
from app.trust_services.setup import set_up

COMPROMISE = x509.ReasonFlags.key_compromise


def _crl(pki: Any, slug: str = "issuing-ca") -> x509.CertificateRevocationList:
    answer = pki.public().get(f"/crl/{slug}.crl")
    return x509.load_der_x509_crl(answer.data)


def _check(pki: Any, leaf: x509.Certificate) -> tuple[object, ...]:
    """Arguments of ``openssl verify`` with the CRLs of the whole path."""
    folder: Path = pki.folder
    (folder / "leaf").write_bytes(leaf.public_bytes(Encoding.PEM))
    lists = [
        _crl(pki, slug).public_bytes(Encoding.PEM) for slug in ("issuing-ca", "root")
    ]
    (folder / "crls").write_bytes(b"".join(lists))
    at = int(pki.clock.now.timestamp()) + 1
    return (
        "verify", "-x509_strict", "-attime", at, "-crl_check_all",
        "-CRLfile", folder / "crls", "-CAfile", folder / "root.pem",
        "-untrusted", folder / "issuing-ca.pem", folder / "leaf",
    )  # fmt: skip


def test_openssl_finds_a_signer_not_revoked(
    pki: Any, box: Any, openssl: Callable[..., str]
) -> None:
    assert "OK" in openssl(*_check(pki, pki.signer_certificate(box.new_key())))


def test_openssl_finds_a_revoked_signer_revoked(
    pki: Any, box: Any, openssl: Callable[..., str]
) -> None:
    certificate = pki.signer_certificate(box.new_key())
    pki.installation.revoke(certificate, COMPROMISE, box.NOW)

    with pytest.raises(AssertionError, match="certificate revoked"):
        openssl(*_check(pki, certificate))


@pytest.mark.parametrize("slug", ["root", "issuing-ca", "access-ca"])
def test_openssl_verifies_the_crl_of_each_ca(
    pki: Any, openssl: Callable[..., str], slug: str
) -> None:
    text = openssl(
        "crl", "-inform", "DER", "-noout", "-CAfile", pki.folder / f"{slug}.pem",
        data=_crl(pki, slug).public_bytes(Encoding.DER),
    )  # fmt: skip

    assert "verify OK" in text


def test_a_revocation_is_on_the_list_at_once(pki: Any, box: Any) -> None:
    door = pki.public()
    door.get("/crl/issuing-ca.crl")
    certificate = pki.signer_certificate(box.new_key())
    pki.installation.revoke(certificate, COMPROMISE, box.NOW)

    answer = door.get("/crl/issuing-ca.crl")

    found = x509.load_der_x509_crl(answer.data)
    entry = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
    assert entry is not None
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == (
        COMPROMISE
    )


def test_a_revocation_appears_only_on_the_list_of_its_ca(pki: Any, box: Any) -> None:
    certificate = pki.signer_certificate(box.new_key())

    pki.installation.revoke(certificate, COMPROMISE, box.NOW)

    assert [len(_crl(pki, slug)) for slug in ("root", "issuing-ca", "access-ca")] == [
        0,
        1,
        0,
    ]


def test_a_list_is_kept_for_five_minutes(pki: Any) -> None:
    door = pki.public()
    first = door.get("/crl/issuing-ca.crl").data
    pki.clock.advance(timedelta(minutes=4))

    assert door.get("/crl/issuing-ca.crl").data == first


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_list_is_signed_anew_when_it_is_old_or_from_the_future(
    pki: Any, minutes: int
) -> None:
    door = pki.public()
    door.get("/crl/issuing-ca.crl")
    pki.clock.advance(timedelta(minutes=minutes))

    found = x509.load_der_x509_crl(door.get("/crl/issuing-ca.crl").data)

    assert found.last_update_utc == pki.clock.now


def test_crl_numbers_grow(pki: Any) -> None:
    numbers = []
    for _ in range(3):
        pki.clock.advance(timedelta(milliseconds=1))
        extension = _crl(pki).extensions.get_extension_for_class(x509.CRLNumber)
        numbers.append(extension.value.crl_number)

    assert numbers == sorted(set(numbers))


def test_a_revocation_is_for_good(pki: Any, box: Any) -> None:
    certificate = pki.signer_certificate(box.new_key())
    pki.installation.revoke(certificate, COMPROMISE, box.NOW)

    with pytest.raises(SetupError, match="already"):
        pki.installation.revoke(certificate, x509.ReasonFlags.superseded, box.NOW)


def test_a_foreign_certificate_cannot_be_revoked(
    pki: Any, box: Any, template: Any, tmp_path: Path
) -> None:
    set_up(tmp_path / "other", est_url=None, public_url=None, now=box.NOW)
    other = Installation.open(tmp_path / "other").issuers["issuing-ca"].certificate

    with pytest.raises(SetupError, match="none of our CAs"):
        pki.installation.revoke(other, COMPROMISE, box.NOW)


def test_a_revocation_that_cannot_be_read_stops_the_list(pki: Any) -> None:
    """Better no CRL than one that forgets a revocation."""
    folder = pki.folder / "revoked" / "issuing-ca"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{1:040x}.json").write_bytes(b"{}")

    answer = pki.public().get("/crl/issuing-ca.crl")

    assert (answer.status_code, answer.text.split(":")[0]) == (
        503,
        LedgerUnavailableError.code,
    )

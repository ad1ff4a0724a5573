"""Revoking by CMC: who may, what it takes, and where it shows."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from app.trust_services.pki_data import MAX_SERIAL_BITS

REVOKE_REQUEST = "1.3.6.1.5.5.7.7.17"
TRANSACTION_ID = "1.3.6.1.5.5.7.7.5"
SENDER_NONCE = "1.3.6.1.5.5.7.7.6"
SUPERSEDED, HOLD = 4, 6


@pytest.fixture
def signer(pki: Any, box: Any) -> x509.Certificate:
    found: x509.Certificate = pki.signer_certificate(box.new_key())
    return found


def name_of_issuer(certificate: x509.Certificate) -> bytes:
    return certificate.issuer.public_bytes()


def withdrawal(
    pki: Any,
    box: Any,
    certificate: x509.Certificate,
    *,
    issuer: bytes | None = None,
    serial: bytes | None = None,
    reason: bytes | None = None,
    more: bytes = b"",
    twice: bool = False,
    controls: bytes = b"",
    requests: bytes = b"",
    without: str = "",
) -> bytes:
    """The PKIData; every part can be replaced."""
    wanted = box.sequence(
        name_of_issuer(certificate) if issuer is None else issuer,
        box.integer(certificate.serial_number) if serial is None else serial,
        box.tlv(0x0A, bytes([SUPERSEDED])) if reason is None else reason,
        more,
    )
    beside = {
        TRANSACTION_ID: box.control(1, TRANSACTION_ID, box.integer(99)),
        SENDER_NONCE: box.control(2, SENDER_NONCE, box.tlv(0x04, bytes(range(16)))),
        REVOKE_REQUEST: box.control(3, REVOKE_REQUEST, *[wanted] * (2 if twice else 1)),
    }
    beside.pop(without, None)
    listed = box.sequence(*beside.values(), controls)
    data: bytes = pki.client.pki_data(
        b"", controls=listed, requests=box.sequence(requests)
    )
    return data


def revoke(pki: Any, box: Any, certificate: x509.Certificate, **changed: Any) -> Any:
    data = withdrawal(pki, box, certificate, **changed)
    return pki.enrol(pki.client.sign(data))


def status(pki: Any, certificate: x509.Certificate) -> ocsp.OCSPResponse:
    issuer = pki.installation.issuers["issuing-ca"].certificate
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, issuer, hashes.SHA256()
    )
    answer = pki.public().post(
        "/ocsp",
        data=builder.build().public_bytes(Encoding.DER),
        content_type="application/ocsp-request",
    )
    return ocsp.load_der_ocsp_response(answer.data)


def is_good(pki: Any, certificate: x509.Certificate) -> bool:
    return status(pki, certificate).certificate_status is ocsp.OCSPCertStatus.GOOD


def crl_entry(pki: Any, certificate: x509.Certificate) -> Any:
    crl = x509.load_der_x509_crl(pki.public().get("/crl/issuing-ca.crl").data)
    return crl.get_revoked_certificate_by_serial_number(certificate.serial_number)


def test_what_the_authority_asked_for_it_may_revoke(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    """Guards the tables below: unchanged, it is obeyed, and both services show it."""
    assert crl_entry(pki, signer) is None

    answer = revoke(pki, box, signer)

    said = status(pki, signer)
    assert answer.status_code == 200, answer.text
    assert said.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert said.revocation_reason is x509.ReasonFlags.superseded
    assert crl_entry(pki, signer).revocation_date_utc == pki.clock()


def test_the_answer_is_a_full_response_of_the_ca(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    answer = revoke(pki, box, signer)

    assert answer.content_type == "application/pkcs7-mime; smime-type=CMC-response"
    signed = cms.ContentInfo.load(base64.b64decode(answer.data), strict=True)["content"]
    content = signed["encap_content_info"]
    assert content["content_type"].dotted == "1.3.6.1.5.5.7.12.3"
    (info,) = signed["signer_infos"]
    issuing = pki.installation.issuers["issuing-ca"].certificate
    issuing.public_key().verify(
        info["signature"].native,
        info["signed_attrs"].untag().dump(),
        ec.ECDSA(hashes.SHA256()),
    )
    octets = content["content"].contents
    success = box.sequence(box.integer(0), box.sequence(box.integer(3)))
    assert box.control(1, "1.3.6.1.5.5.7.7.25", success) in octets
    assert box.control(2, TRANSACTION_ID, box.integer(99)) in octets
    nonce = box.tlv(0x04, bytes(range(16)))
    assert box.control(3, "1.3.6.1.5.5.7.7.7", nonce) in octets


def test_asking_again_changes_nothing(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    revoke(pki, box, signer)
    first = status(pki, signer)
    pki.clock.advance(timedelta(hours=1))

    again = revoke(pki, box, signer, reason=box.tlv(0x0A, b"\x01"))

    later = status(pki, signer)
    assert again.status_code == 200
    assert later.revocation_time_utc == first.revocation_time_utc
    assert later.revocation_reason is x509.ReasonFlags.superseded


def test_the_ca_remembers_after_a_restart(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    revoke(pki, box, signer)

    reopened = type(pki)(
        pki.folder, pki.clock, pki.client, type(pki.installation).open(pki.folder)
    )

    assert not is_good(reopened, signer)
    assert crl_entry(reopened, signer) is not None


def test_no_other_registration_authority_may(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    key = box.new_key()
    other = box.CmcClient(key, box.register(pki.installation, key, pki.clock()))

    answer = pki.enrol(other.sign(withdrawal(pki, box, signer)))

    assert (answer.status_code, answer.text.split(":")[0]) == (403, "not_yours")
    assert is_good(pki, signer)


def test_a_renewed_certificate_of_the_same_authority_may(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    pki.clock.advance(timedelta(days=710))
    renewed = box.register(pki.installation, pki.client.key, pki.clock())
    assert renewed != pki.client.certificate

    client = box.CmcClient(pki.client.key, renewed)
    answer = pki.enrol(client.sign(withdrawal(pki, box, signer)))

    assert answer.status_code == 200


def test_a_revoked_authority_may_not(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    pki.installation.revoke(
        pki.client.certificate, x509.ReasonFlags.key_compromise, pki.clock()
    )

    assert revoke(pki, box, signer).status_code == 403
    assert is_good(pki, signer)


@pytest.mark.parametrize("service", ["registration-authority", "own"])
def test_a_certificate_that_no_authority_asked_for_is_an_administrators(
    pki: Any, box: Any, service: str
) -> None:
    """The RA's own certificate came by ``certify``, the issuing CA's by set-up."""
    certificates = {
        "registration-authority": pki.client.certificate,
        "own": pki.installation.issuers["issuing-ca"].certificate,
    }

    answer = revoke(pki, box, certificates[service])

    assert (answer.status_code, answer.text.split(":")[0]) == (403, "not_yours")


def refused(pki: Any, box: Any, signer: x509.Certificate) -> dict[str, dict[str, Any]]:
    """Name → what is different."""
    root = pki.installation.issuers["root"].certificate
    request = box.tlv(0xA0, box.integer(4), box.csr_der(box.new_key()))
    invalidity = box.tlv(0x18, b"20261120120000Z")
    control = box.control(5, TRANSACTION_ID, box.integer(98))
    unknown = box.control(5, "1.2.3.4", box.integer(1))

    def reason(number: int) -> dict[str, bytes]:
        return {"reason": box.tlv(0x0A, bytes([number]))}

    return {
        "unissued-serial": {"serial": box.integer(signer.serial_number ^ 1)},
        "serial-zero": {"serial": box.integer(0)},
        "serial-negative": {"serial": box.integer(-signer.serial_number)},
        "serial-too-long": {"serial": box.integer(1 << MAX_SERIAL_BITS)},
        "serial-huge": {"serial": box.integer(1 << 9999)},
        "serial-a-string": {"serial": box.tlv(0x0C, b"../../root")},
        "other-issuer": {"issuer": root.subject.public_bytes()},
        "issuer-empty": {"issuer": box.sequence()},
        "issuer-no-name": {"issuer": box.integer(1)},
        "unspecified": reason(0),
        "ca-compromise": reason(2),
        "on-hold": reason(HOLD),
        "remove-from-crl": reason(8),
        "aa-compromise": reason(10),
        "reason-of-nobody": reason(11),
        "reason-7": reason(7),
        "reason-negative": reason(0xFF),
        "reason-an-integer": {"reason": box.integer(SUPERSEDED)},
        "reason-empty": {"reason": box.tlv(0x0A)},
        "reason-missing": {"reason": b""},
        "invalidity-date": {"more": invalidity},
        "passphrase": {"more": box.tlv(0x04, b"secret")},
        "two-values": {"twice": True},
        "two-transactions": {"controls": control},
        "control-beside": {"controls": unknown},
        "request-beside": {"requests": request},
        "no-transaction": {"without": TRANSACTION_ID},
        "no-nonce": {"without": SENDER_NONCE},
        "no-revocation": {"without": REVOKE_REQUEST},
    }


def test_a_request_that_differs_in_one_thing_is_refused(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    rows = refused(pki, box, signer)

    said = {
        name: revoke(pki, box, signer, **row).status_code for name, row in rows.items()
    }

    assert {n: s for n, s in said.items() if s not in (400, 403)} == {}
    assert is_good(pki, signer)


def test_an_unsigned_change_is_refused(
    pki: Any, box: Any, signer: x509.Certificate
) -> None:
    data = withdrawal(pki, box, signer)
    signed = pki.client.sign(data)
    serial = box.integer(signer.serial_number)
    other = box.integer(signer.serial_number ^ 1)

    assert pki.enrol(signed.replace(serial, other)).status_code == 403

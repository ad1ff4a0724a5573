"""Ask the CA: EST full CMC under the registration authority's key, and OCSP.

RFC 7030 §4.3 carries RFC 5272 messages: a PKIData with one PKCS#10 request, or with one
revocation request, inside a SignedData that the registration authority signs. What
authorises the CA is that signature, made in the HSM over this very request; TLS only
carries it. OCSP goes the same way, so that the SAM needs no other.
"""

import base64
import hashlib
import secrets
import ssl
from dataclasses import dataclass
from typing import Final

import httpx
from asn1crypto import algos, cms, core, crl, csr, x509
from cryptography.x509 import ReasonFlags

from hsm.port import ServiceKey, SigningDevice
from sam import errors as refused

PKI_DATA = "1.3.6.1.5.5.7.12.2"  # id-cct-PKIData, RFC 5272 §3.2.1
TRANSACTION_ID = "1.3.6.1.5.5.7.7.5"
SENDER_NONCE = "1.3.6.1.5.5.7.7.6"
REVOKE_REQUEST = "1.3.6.1.5.5.7.7.17"  # RFC 5272 §6.11
CMC_VERSION = 3  # RFC 5652 §5.1: eContentType is not id-data
REQUEST_BODY_PART, TRANSACTION_BODY_PART, NONCE_BODY_PART = 1, 2, 3
MAX_STATUS: Final = 64 * 1024  # bytes; an OCSP response is about 1 KiB


class _AnySet(core.SetOf):  # type: ignore[misc]  # asn1crypto has no types
    _child_spec = core.Any


class _TaggedAttribute(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 — asn1crypto's own way to declare
        ("body_part_id", core.Integer),
        ("attr_type", core.ObjectIdentifier),
        ("attr_values", _AnySet),
    ]


class _TaggedAttributes(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _TaggedAttribute


class _TaggedCertificationRequest(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("body_part_id", core.Integer),
        ("certification_request", csr.CertificationRequest),
    ]


class _TaggedRequest(core.Choice):  # type: ignore[misc]
    _alternatives = [("tcr", _TaggedCertificationRequest, {"implicit": 0})]  # noqa: RUF012


class _TaggedRequests(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _TaggedRequest


class _AnySequence(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.Any


class _PkiData(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("control_sequence", _TaggedAttributes),
        ("req_sequence", _TaggedRequests),
        ("cms_sequence", _AnySequence),
        ("other_msg_sequence", _AnySequence),
    ]


class _RevokeRequest(core.Sequence):  # type: ignore[misc]
    """Without invalidityDate, passphrase and comment: nothing here to put there."""

    _fields = [  # noqa: RUF012
        ("issuer_name", x509.Name),
        ("serial_number", core.Integer),
        ("reason", crl.CRLReason),
    ]


@dataclass(frozen=True, slots=True)
class EstClient:
    """``CertificateIssuer`` over EST; ``certificate`` is the DER of the RA's."""

    http: httpx.Client
    device: SigningDevice
    certificate: bytes
    responder: str = "/ocsp"
    """Whole, or below the address of the EST door."""

    def certify(self, csr: bytes, transaction_id: int) -> tuple[bytes, ...]:
        return _certificates(self._asked(_enrolment(csr, transaction_id)))

    def revoke(self, certificate: bytes, reason: ReasonFlags) -> None:
        self._asked(_revocation(x509.Certificate.load(certificate), reason))

    def status(self, question: bytes) -> bytes:
        media = {"Content-Type": "application/ocsp-request"}
        answer = b""
        try:
            with self.http.stream(
                "POST", self.responder, content=question, headers=media
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise refused.SamUnavailableError(
                        f"the OCSP responder answered {response.status_code}"
                    )
                for part in response.iter_bytes():
                    answer += part
                    if len(answer) > MAX_STATUS:
                        raise refused.SamUnavailableError("the OCSP answer is too long")
        except httpx.HTTPError as error:
            raise refused.SamUnavailableError(
                "the OCSP responder does not answer"
            ) from error
        return answer

    def _asked(self, pki_data: bytes) -> bytes:
        body = base64.b64encode(self._signed(pki_data))
        try:
            response = self.http.post(
                "/.well-known/est/fullcmc",
                content=body,
                headers={
                    "Content-Type": "application/pkcs7-mime; smime-type=CMC-request"
                },
            )
        except httpx.HTTPError as error:
            raise refused.SamUnavailableError("the CA does not answer") from error
        if response.status_code != httpx.codes.OK:
            raise refused.SamUnavailableError(f"the CA answered {response.status_code}")
        return response.content

    def _signed(self, content: bytes) -> bytes:
        attributes = _signed_attributes(content)
        digest = hashlib.sha256(attributes.dump()).digest()
        signature = self.device.sign_with_service_key(
            ServiceKey.REGISTRATION_AUTHORITY, digest
        )
        return _signed_data(content, self.certificate, attributes, signature)


def connect(
    url: str,
    anchor_file: str,
    device: SigningDevice,
    certificate: bytes,
    *,
    responder: str,
) -> EstClient:
    """TLS with the CA's own anchor and no other; ``anchor_file`` is PEM."""
    context = ssl.create_default_context(cafile=anchor_file)
    http = httpx.Client(base_url=url, verify=context, timeout=10.0)
    return EstClient(http, device, certificate, responder)


def _enrolment(request: bytes, transaction_id: int) -> bytes:
    tagged = _TaggedCertificationRequest(
        {
            "body_part_id": REQUEST_BODY_PART,
            "certification_request": csr.CertificationRequest.load(request),
        }
    )
    return _pki_data(
        _controls(transaction_id), [_TaggedRequest(name="tcr", value=tagged)]
    )


def _revocation(certificate: x509.Certificate, reason: ReasonFlags) -> bytes:
    wanted = _RevokeRequest(
        {
            "issuer_name": certificate.issuer,
            "serial_number": certificate.serial_number,
            "reason": reason.name,
        }
    )
    asked = _control(REQUEST_BODY_PART, REVOKE_REQUEST, wanted)
    # Each is a transaction of its own: a revocation may be asked for again.
    return _pki_data([*_controls(secrets.randbits(127) + 1), asked], [])


def _controls(transaction_id: int) -> list[dict[str, object]]:
    nonce = core.OctetString(secrets.token_bytes(16))
    return [
        _control(TRANSACTION_BODY_PART, TRANSACTION_ID, core.Integer(transaction_id)),
        _control(NONCE_BODY_PART, SENDER_NONCE, nonce),
    ]


def _control(part: int, kind: str, value: core.Asn1Value) -> dict[str, object]:
    return {
        "body_part_id": part,
        "attr_type": kind,
        "attr_values": [core.Any(value)],
    }


def _pki_data(
    controls: list[dict[str, object]], requests: list[_TaggedRequest]
) -> bytes:
    data = _PkiData(
        {
            "control_sequence": controls,
            "req_sequence": requests,
            "cms_sequence": [],
            "other_msg_sequence": [],
        }
    )
    der: bytes = data.dump()
    return der


def _signed_attributes(content: bytes) -> cms.CMSAttributes:
    return cms.CMSAttributes(
        [
            {"type": "content_type", "values": [PKI_DATA]},
            {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
        ]
    )


def _signed_data(
    content: bytes, certificate: bytes, attributes: cms.CMSAttributes, signature: bytes
) -> bytes:
    signer = x509.Certificate.load(certificate)
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                name="issuer_and_serial_number",
                value=cms.IssuerAndSerialNumber(
                    {"issuer": signer.issuer, "serial_number": signer.serial_number}
                ),
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signature,
        }
    )
    signed = cms.SignedData(
        {
            "version": f"v{CMC_VERSION}",
            "digest_algorithms": [sha256],
            "encap_content_info": {
                "content_type": PKI_DATA,
                "content": core.ParsableOctetString(content),
            },
            "certificates": [cms.CertificateChoices("certificate", signer)],
            "signer_infos": [info],
        }
    )
    wrapped = cms.ContentInfo({"content_type": "signed_data", "content": signed})
    der: bytes = wrapped.dump()
    return der


def _certificates(body: bytes) -> tuple[bytes, ...]:
    """The certificates of a certs-only answer (RFC 7030 §4.2.3), in any order."""
    try:
        content = cms.ContentInfo.load(base64.b64decode(body))
        listed = content["content"]["certificates"]
        return tuple(choice.chosen.dump() for choice in listed)
    except (ValueError, TypeError, KeyError) as error:
        raise refused.SamUnavailableError("the CA's answer is unreadable") from error

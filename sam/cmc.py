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
from asn1crypto import algos, cms, core, crl
from cryptography.x509 import ReasonFlags

from hsm.port import ServiceKey, SigningDevice
from sam import certificate_fields
from sam import errors as refused
from sam.der import OCTET_STRING, SEQUENCE, SET, integer, tlv

PKI_DATA = "1.3.6.1.5.5.7.12.2"  # id-cct-PKIData, RFC 5272 §3.2.1
TRANSACTION_ID = "1.3.6.1.5.5.7.7.5"
SENDER_NONCE = "1.3.6.1.5.5.7.7.6"
REVOKE_REQUEST = "1.3.6.1.5.5.7.7.17"  # RFC 5272 §6.11
LASTING: Final = "lasting/"  # RFC 7030 §3.2.2: a label chooses the profile
CMC_VERSION = 3  # RFC 5652 §5.1: eContentType is not id-data
SIGNER_VERSION = 1  # RFC 5652 §5.3: named by issuer and serial number
REQUEST_BODY_PART, TRANSACTION_BODY_PART, NONCE_BODY_PART = 1, 2, 3
MAX_STATUS: Final = 64 * 1024  # bytes; an OCSP response is about 1 KiB


def _oid(dotted: str) -> bytes:
    der: bytes = core.ObjectIdentifier(dotted).dump()
    return der


_TAG_0 = 0xA0  # constructed, context-specific: the first CHOICE, the first OPTIONAL
_NOTHING = tlv(SEQUENCE)
_SHA256 = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
_ECDSA_SHA256 = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}).dump()
_PKI_DATA = _oid(PKI_DATA)
_SIGNED_DATA = _oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = _oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = _oid("1.2.840.113549.1.9.4")


@dataclass(frozen=True, slots=True)
class EstClient:
    """``CertificateIssuer`` over EST; ``certificate`` is the DER of the RA's."""

    http: httpx.Client
    device: SigningDevice
    certificate: bytes
    responder: str = "/ocsp"
    """Whole, or below the address of the EST door."""

    def certify(
        self, csr: bytes, transaction_id: int, *, lasting: bool = False
    ) -> tuple[bytes, ...]:
        asked = _enrolment(csr, transaction_id)
        return _certificates(self._asked(asked, LASTING if lasting else ""))

    def revoke(self, certificate: bytes, reason: ReasonFlags) -> None:
        self._asked(_revocation(certificate, reason))

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

    def _asked(self, pki_data: bytes, label: str = "") -> bytes:
        body = base64.b64encode(self._signed(pki_data))
        try:
            response = self.http.post(
                f"/.well-known/est/{label}fullcmc",
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
        digest = hashlib.sha256(tlv(SET, attributes)).digest()
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
    tagged = tlv(_TAG_0, integer(REQUEST_BODY_PART), request)
    return _pki_data(_controls(transaction_id), tagged)


def _revocation(certificate: bytes, reason: ReasonFlags) -> bytes:
    """Without invalidityDate, passphrase and comment: nothing here to put there."""
    fields = certificate_fields.read(certificate)
    wanted = tlv(
        SEQUENCE,
        fields.issuer,
        fields.serial_number,
        crl.CRLReason(reason.name).dump(),
    )
    asked = _control(REQUEST_BODY_PART, REVOKE_REQUEST, wanted)
    # Each is a transaction of its own: a revocation may be asked for again.
    return _pki_data([*_controls(secrets.randbits(127) + 1), asked])


def _controls(transaction_id: int) -> list[bytes]:
    nonce = tlv(OCTET_STRING, secrets.token_bytes(16))
    return [
        _control(TRANSACTION_BODY_PART, TRANSACTION_ID, integer(transaction_id)),
        _control(NONCE_BODY_PART, SENDER_NONCE, nonce),
    ]


def _control(part: int, kind: str, value: bytes) -> bytes:
    """TaggedAttribute, RFC 5272 §3.2.1."""
    return tlv(SEQUENCE, integer(part), _oid(kind), tlv(SET, value))


def _pki_data(controls: list[bytes], *requests: bytes) -> bytes:
    """PKIData, RFC 5272 §3.2.1, without content infos and other messages."""
    listed = tlv(SEQUENCE, *controls), tlv(SEQUENCE, *requests)
    return tlv(SEQUENCE, *listed, _NOTHING, _NOTHING)


def _signed_attributes(content: bytes) -> bytes:
    """The inside of the SET, in DER's order."""
    digest = tlv(OCTET_STRING, hashlib.sha256(content).digest())
    return tlv(SEQUENCE, _CONTENT_TYPE, tlv(SET, _PKI_DATA)) + tlv(
        SEQUENCE, _MESSAGE_DIGEST, tlv(SET, digest)
    )


def _signed_data(
    content: bytes, certificate: bytes, attributes: bytes, signature: bytes
) -> bytes:
    """ContentInfo with SignedData, RFC 5652 §5.1; one signer, its certificate."""
    signer = certificate_fields.read(certificate)
    info = tlv(
        SEQUENCE,
        integer(SIGNER_VERSION),
        tlv(SEQUENCE, signer.issuer, signer.serial_number),
        _SHA256,
        tlv(_TAG_0, attributes),
        _ECDSA_SHA256,
        tlv(OCTET_STRING, signature),
    )
    signed = tlv(
        SEQUENCE,
        integer(CMC_VERSION),
        tlv(SET, _SHA256),
        tlv(SEQUENCE, _PKI_DATA, tlv(_TAG_0, tlv(OCTET_STRING, content))),
        tlv(_TAG_0, certificate),
        tlv(SET, info),
    )
    return tlv(SEQUENCE, _SIGNED_DATA, tlv(_TAG_0, signed))


def _certificates(body: bytes) -> tuple[bytes, ...]:
    """The certificates of a certs-only answer (RFC 7030 §4.2.3), in any order."""
    try:
        content = cms.ContentInfo.load(base64.b64decode(body))
        listed = content["content"]["certificates"]
        return tuple(choice.chosen.dump() for choice in listed)
    except (ValueError, TypeError, KeyError) as error:
        raise refused.SamUnavailableError("the CA's answer is unreadable") from error

"""The time-stamping authority: RFC 3161, with ESSCertIDv2 (RFC 5816).

``answer`` turns one DER TimeStampReq into one DER TimeStampResp. It never raises for
what a client sent: a request it cannot serve gets status *rejection* and a failInfo.

    1. strict DER, version 1                            else badDataFormat, badRequest
    2. imprint of SHA-256, SHA-384 or SHA-512, in its length       badAlg, badDataFormat
    3. no policy but ours, no extensions    unacceptedPolicy, unacceptedExtension
    4. our certificate is valid now                                        systemFailure
    5. TSTInfo: genTime to the second, accuracy one second, a random serial number,
       the nonce as it came
    6. SignedData by the TSA key; certificates only if certReq is TRUE (RFC 3161 §2.4.1)
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services.certificates import random_serial
from app.trust_services.der import decode
from app.trust_services.errors import MalformedRequestError
from app.trust_services.profiles import TIME_STAMP_POLICY

IMPRINT_LENGTHS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
MAX_NONCE_BITS: Final = 256
_SHA256: Final = algos.DigestAlgorithm({"algorithm": "sha256"})


class TimeStampResp(core.Sequence):  # type: ignore[misc]
    """RFC 3161 §2.4.2. asn1crypto's own lacks OPTIONAL: it cannot encode a refusal."""

    _fields: ClassVar[list[Any]] = [
        ("status", tsp.PKIStatusInfo),
        ("timeStampToken", cms.ContentInfo, {"optional": True}),
    ]


class _RejectionError(Exception):
    """A PKIFailureInfo bit and a text; becomes a response, never leaves ``answer``."""

    def __init__(self, failure: str, text: str) -> None:
        super().__init__(text)
        self.failure = failure


class TimeStampingAuthority:
    """One TSA key. Safe to use from several threads.

    What is the same in every token is encoded once: asn1crypto took six of seven
    milliseconds for it.
    """

    def __init__(
        self,
        *,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        clock: Callable[[], datetime],
    ) -> None:
        self._certificate = certificate
        self._key = key
        self._clock = clock
        own = _asn1(certificate)
        self._certificates = _encoded(cms.CertificateSet([own, _asn1(issuer)]))
        self._signing_certificate = _encoded(_signing_certificate(own))
        self._name = _encoded(
            cms.IssuerAndSerialNumber(
                {"issuer": own.issuer, "serial_number": own.serial_number}
            )
        )

    def answer(self, request: bytes) -> bytes:
        """Return the DER TimeStampResp, granted or rejected."""
        try:
            query = _parse(request)
            token = self._token(query)
        except _RejectionError as rejection:
            return _rejection(rejection)
        return _response({"status": {"status": "granted"}, "timeStampToken": token})

    def _token(self, query: Any) -> cms.ContentInfo:
        now, own = self._clock(), self._certificate
        if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
            raise _RejectionError("system_failure", "the TSA certificate is not valid")
        info = _tst_info(query, now).dump()
        signed_attributes = cms.CMSAttributes(
            [
                _attribute("content_type", "tst_info"),
                _attribute("message_digest", hashlib.sha256(info).digest()),
                self._signing_certificate,
            ]
        )
        members = {
            "version": "v3",
            "digest_algorithms": [_SHA256],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(info),
            },
            "signer_infos": [self._signer_info(signed_attributes)],
        }
        if query["cert_req"].native:
            members["certificates"] = self._certificates
        content = cms.SignedData(members)
        return cms.ContentInfo({"content_type": "signed_data", "content": content})

    def _signer_info(self, signed_attributes: Any) -> cms.SignerInfo:
        signed = signed_attributes.dump()
        return cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    name="issuer_and_serial_number", value=self._name
                ),
                "digest_algorithm": _SHA256,
                "signed_attrs": signed_attributes,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": self._key.sign(signed, ec.ECDSA(hashes.SHA256())),
            }
        )


def _parse(request: bytes) -> Any:
    try:
        query = decode(tsp.TimeStampReq, request)
    except MalformedRequestError as error:
        raise _RejectionError("bad_data_format", str(error)) from error
    if query["version"].native != "v1":
        raise _RejectionError("bad_request", "version is not 1")
    imprint = query["message_imprint"]
    length = IMPRINT_LENGTHS.get(imprint["hash_algorithm"]["algorithm"].native)
    if length is None:
        raise _RejectionError("bad_alg", "only SHA-256, SHA-384 and SHA-512")
    if len(imprint["hashed_message"].native) != length:
        raise _RejectionError("bad_data_format", "the imprint has another length")
    if query["req_policy"].native not in (None, TIME_STAMP_POLICY):
        raise _RejectionError("unaccepted_policy", "only our own policy")
    if len(query["extensions"]):
        raise _RejectionError("unaccepted_extensions", "extensions are not supported")
    if (query["nonce"].native or 0).bit_length() > MAX_NONCE_BITS:
        raise _RejectionError("bad_request", "the nonce is too long")
    return query


def _tst_info(query: Any, now: datetime) -> tsp.TSTInfo:
    members = {
        "version": "v1",
        "policy": TIME_STAMP_POLICY,
        "message_imprint": query["message_imprint"],
        "serial_number": random_serial(),
        "gen_time": now.astimezone(UTC).replace(microsecond=0),
        "accuracy": {"seconds": 1},
    }
    if query["nonce"].native is not None:
        members["nonce"] = query["nonce"].native
    return tsp.TSTInfo(members)


def _attribute(kind: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _rejection(rejection: _RejectionError) -> bytes:
    status = {
        "status": "rejection",
        "status_string": [str(rejection)],
        "fail_info": {rejection.failure},
    }
    return _response({"status": status})


def _response(members: dict[str, object]) -> bytes:
    return bytes(TimeStampResp(members).dump())


def _signing_certificate(own: Any) -> cms.CMSAttribute:
    """RFC 5816 §2.2.1: which certificate the token was signed with."""
    name = asn1_x509.GeneralName(name="directory_name", value=own.issuer)
    identifier = tsp.ESSCertIDv2(
        {
            "cert_hash": hashlib.sha256(own.dump()).digest(),
            "issuer_serial": {"issuer": [name], "serial_number": own.serial_number},
        }
    )
    value = tsp.SigningCertificateV2({"certs": [identifier]})
    return _attribute("signing_certificate_v2", value)


def _asn1(certificate: x509.Certificate) -> Any:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _encoded(value: Any) -> Any:
    """The same value, read back from its DER so that it is not encoded again."""
    return type(value).load(value.dump())

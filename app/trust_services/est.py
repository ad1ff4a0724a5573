"""The EST door (RFC 7030): CA certificates, full CMC for registration authorities.

    GET  /.well-known/est/cacerts    certs-only CMS: issuing CA and root (§4.1)
    POST /.well-known/est/fullcmc    a signed PKIData (§4.3, ``cmc``); the answer is a
                                     certs-only CMS: the certificate and its issuing CA
    POST /.well-known/est/lasting/fullcmc
                                     the same for a key that is kept: the label (§3.2.2)
                                     chooses the profile
                                     A PKIData may also ask to revoke; the answer then
                                     is a Full PKI Response (``cmc_response``)
    POST /ocsp                       ``ocsp_door``, for who reaches this door only
    GET  /healthz

Bodies are base64 in both directions, whatever Content-Transfer-Encoding says (RFC 8951
§3.1). The server is authenticated by TLS, the client by the signature in its message,
so a client certificate would add nothing. A certificate set is a SET: a client finds
its certificate by its public key, not by position.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from app.trust_services import cmc_response, ocsp_door
from app.trust_services.authority import CertificationAuthority
from app.trust_services.cmc import verify_request
from app.trust_services.door import Answer, Door, Media, Route
from app.trust_services.errors import MalformedRequestError
from app.trust_services.ocsp import OcspResponder
from app.trust_services.pki_data import Withdrawal
from app.trust_services.profiles import LASTING_SIGNER, SIGNER, Profile
from app.trust_services.registration import RegistrationAuthorities

MAX_BODY: Final = 32 * 1024  # a request is about 3 KiB
CERTS_ONLY: Final = "application/pkcs7-mime; smime-type=certs-only"
CMC_RESPONSE: Final = "application/pkcs7-mime; smime-type=CMC-response"
CMC_REQUEST: Final = Media(
    type="application/pkcs7-mime", parameter=("smime-type", "CMC-request")
)


def est_door(
    authority: CertificationAuthority,
    authorities: RegistrationAuthorities,
    *,
    root: x509.Certificate,
    responder: OcspResponder,
    clock: Callable[[], datetime],
) -> Door:
    """Return the WSGI application."""
    issuing = authority.issuer.certificate
    ca_certificates = _certs_only([issuing, root])

    def enrol(body: bytes, profile: Profile) -> Answer:
        now = clock()
        message = _from_base64(body)
        request = verify_request(message, authorities, now, profile.keys)
        if isinstance(request, Withdrawal):
            return _revoked(authority, request, now)
        certificate = authority.certify_signer(
            request.request, request.transaction, now, profile
        )
        return _certs_only([certificate, issuing])

    def enrolment(profile: Profile) -> Route:
        return Route(
            answer=lambda body: enrol(body, profile),
            media=CMC_REQUEST,
            max_body=MAX_BODY,
        )

    return Door(
        {
            "/.well-known/est/cacerts": Route(answer=lambda _: ca_certificates),
            "/.well-known/est/fullcmc": enrolment(SIGNER),
            "/.well-known/est/lasting/fullcmc": enrolment(LASTING_SIGNER),
            ocsp_door.PATH: ocsp_door.posted(responder),
            "/healthz": Route(answer=lambda _: Answer(body=b"ok\n")),
        }
    )


def _from_base64(body: bytes) -> bytes:
    try:
        # Line breaks are allowed (RFC 8951 §3.1), nothing else outside the alphabet.
        return base64.b64decode(body.translate(None, b"\r\n"), validate=True)
    except binascii.Error as error:
        raise MalformedRequestError("the body is not base64") from error


def _revoked(
    authority: CertificationAuthority, request: Withdrawal, now: datetime
) -> Answer:
    authority.revoke(request.order, now)
    message = cmc_response.success(
        authority.issuer,
        body_part=request.body_part,
        transaction=request.transaction.identifier,
        sender_nonce=request.sender_nonce,
    )
    return Answer(body=base64.encodebytes(message), content_type=CMC_RESPONSE)


def _certs_only(certificates: Sequence[x509.Certificate]) -> Answer:
    message = pkcs7.serialize_certificates(list(certificates), Encoding.DER)
    return Answer(body=base64.encodebytes(message), content_type=CERTS_ONLY)

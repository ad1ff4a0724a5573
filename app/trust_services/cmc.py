"""Verify one full CMC request (RFC 5272 §3.2, RFC 7030 §4.3): who asks, and for what.

``verify_request`` does, in this order:

    1. strict DER: SignedData version 3 over id-cct-PKIData with exactly one signer
    2. the signer's certificate is in the message, named by issuer and serial number
    3. that certificate is a registered, valid registration authority
    4. signed attributes: content-type, and message-digest over the PKIData
    5. the authority's signature over the signed attributes
    6. the PKIData (``pki_data``): an enrolment, or a revocation

No request exists that has not passed all six. Freshness is not among them: the answer
to a replayed enrolment is the certificate that was issued for it, and what is revoked
twice is revoked once.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.trust_services import cmc_structures as structures
from app.trust_services import pki_data
from app.trust_services.der import decode
from app.trust_services.errors import (
    MalformedRequestError,
    RequesterNotAuthorisedError,
)
from app.trust_services.keys import KeyKind
from app.trust_services.pki_data import Enrolment, Withdrawal
from app.trust_services.registration import (
    RegistrationAuthorities,
    RegistrationAuthority,
)

MAX_CERTIFICATES: Final = 4
_SET_OF: Final = b"\x31"


def verify_request(
    message: bytes,
    authorities: RegistrationAuthorities,
    now: datetime,
    kinds: frozenset[KeyKind] = frozenset({KeyKind.P256}),
) -> Enrolment | Withdrawal:
    """``message`` is the DER ContentInfo. Raises a 400 or 403 error of ``errors``."""
    signed_data = _signed_data(message)  # (1)
    content = _pki_data_octets(signed_data)
    signer_info = _only_signer(signed_data)
    certificate = _signer_certificate(signed_data, signer_info)  # (2)
    authority = authorities.verify(certificate, now)  # (3)
    _check_signed_attributes(signer_info["signed_attrs"], content)  # (4)
    _verify_signature(authority, signer_info)  # (5)
    return pki_data.parse(content, authority.name, kinds)  # (6)


def _signed_data(message: bytes) -> Any:
    content_info = decode(cms.ContentInfo, message)
    if content_info["content_type"].native != "signed_data":
        raise MalformedRequestError("not a CMS SignedData")
    signed_data = content_info["content"]
    if signed_data["version"].native != "v3":  # RFC 5652 §5.1: content is not id-data
        raise MalformedRequestError("SignedData version is not 3")
    if len(signed_data["crls"]):
        raise MalformedRequestError("CRLs are not expected")
    return signed_data


def _pki_data_octets(signed_data: Any) -> bytes:
    encapsulated = signed_data["encap_content_info"]
    if encapsulated["content_type"].dotted != structures.ID_CCT_PKI_DATA:
        raise MalformedRequestError("eContentType is not id-cct-PKIData")
    octets = encapsulated["content"].contents
    if not octets:  # absent, that is detached, or empty
        raise MalformedRequestError("the PKIData is missing")
    return bytes(octets)


def _only_signer(signed_data: Any) -> Any:
    infos = signed_data["signer_infos"]
    if len(infos) != 1:
        raise MalformedRequestError("exactly one signer is expected")
    info = infos[0]
    if info["version"].native != "v1" or info["sid"].name != "issuer_and_serial_number":
        raise MalformedRequestError("the signer is named by issuer and serial number")
    digest = info["digest_algorithm"]["algorithm"].native
    signature = info["signature_algorithm"]["algorithm"].native
    if (digest, signature) != ("sha256", "sha256_ecdsa"):
        raise MalformedRequestError("only ecdsa-with-SHA256 is accepted")
    if len(info["unsigned_attrs"]):
        raise MalformedRequestError("unsigned attributes are not expected")
    return info


def _signer_certificate(signed_data: Any, signer_info: Any) -> bytes:
    """Return the DER of the certificate the signer names."""
    certificates = signed_data["certificates"]
    if len(certificates) > MAX_CERTIFICATES:
        raise MalformedRequestError("too many certificates")
    wanted = signer_info["sid"].chosen
    for choice in certificates:
        if choice.name != "certificate":
            raise MalformedRequestError("attribute certificates are not expected")
        tbs = choice.chosen["tbs_certificate"]
        same_serial = tbs["serial_number"].native == wanted["serial_number"].native
        if same_serial and tbs["issuer"].dump() == wanted["issuer"].dump():
            return bytes(choice.chosen.dump())
    raise RequesterNotAuthorisedError("the signer's certificate is not in the message")


def _check_signed_attributes(attributes: Any, content: bytes) -> None:
    """RFC 5652 §5.4 and §11: both attributes once, each with one value."""
    content_type = _only_value(attributes, "content_type")
    if content_type.dotted != structures.ID_CCT_PKI_DATA:
        raise MalformedRequestError("signed content-type is not id-cct-PKIData")
    digest = _only_value(attributes, "message_digest").native
    if not hmac.compare_digest(digest, hashlib.sha256(content).digest()):
        raise RequesterNotAuthorisedError("message-digest is not that of the PKIData")


def _only_value(attributes: Any, kind: str) -> Any:
    found = [one for one in attributes if one["type"].native == kind]
    if len(found) != 1 or len(found[0]["values"]) != 1:
        raise MalformedRequestError(f"signed attribute {kind} is missing or repeated")
    return found[0]["values"][0]


def _verify_signature(authority: RegistrationAuthority, signer_info: Any) -> None:
    # RFC 5652 §5.4: signed as SET OF, sent as [0]; only the tag octet differs.
    signed = _SET_OF + signer_info["signed_attrs"].dump()[1:]
    try:
        authority.key.verify(
            signer_info["signature"].native, signed, ec.ECDSA(hashes.SHA256())
        )
    except InvalidSignature as error:
        raise RequesterNotAuthorisedError("the signature does not verify") from error

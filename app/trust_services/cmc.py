"""Verify one full CMC request (RFC 5272 §3.2, RFC 7030 §4.3): who asks, and for what.

``verify_enrolment`` does, in this order:

    1. strict DER: SignedData version 3 over id-cct-PKIData with exactly one signer
    2. the signer's certificate is in the message, named by issuer and serial number
    3. that certificate is a registered, valid registration authority
    4. signed attributes: content-type, and message-digest over the PKIData
    5. the authority's signature over the signed attributes
    6. the PKIData: one transactionId, one senderNonce, one PKCS#10 request, no more
    7. the PKCS#10 request proves possession of its key

No ``Enrolment`` exists that has not passed all seven. Freshness is not among them: the
answer to a replayed request is the certificate that was issued for it.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms, core
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.trust_services import cmc_structures as structures
from app.trust_services import csr
from app.trust_services.der import decode
from app.trust_services.errors import (
    MalformedRequestError,
    RequesterNotAuthorisedError,
)
from app.trust_services.keys import KeyKind
from app.trust_services.ledger import Transaction
from app.trust_services.registration import (
    RegistrationAuthorities,
    RegistrationAuthority,
)

MAX_CERTIFICATES: Final = 4
MAX_BODY_PART_ID: Final = 4294967295
MAX_TRANSACTION_BITS: Final = 160
SENDER_NONCE_LENGTHS: Final = range(16, 65)
_SET_OF: Final = b"\x31"
_CONTROLS: Final = frozenset(
    {structures.ID_CMC_TRANSACTION_ID, structures.ID_CMC_SENDER_NONCE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What a registration authority asks for."""

    transaction: Transaction
    sender_nonce: bytes
    request: csr.CertificationRequest


def verify_enrolment(
    message: bytes,
    authorities: RegistrationAuthorities,
    now: datetime,
    kinds: frozenset[KeyKind] = frozenset({KeyKind.P256}),
) -> Enrolment:
    """``message`` is the DER ContentInfo. Raises a 400 or 403 error of ``errors``."""
    signed_data = _signed_data(message)  # (1)
    content = _pki_data_octets(signed_data)
    signer_info = _only_signer(signed_data)
    certificate = _signer_certificate(signed_data, signer_info)  # (2)
    authority = authorities.verify(certificate, now)  # (3)
    _check_signed_attributes(signer_info["signed_attrs"], content)  # (4)
    _verify_signature(authority, signer_info)  # (5)
    return _enrolment(content, authority.name, kinds)  # (6), (7)


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


def _enrolment(content: bytes, requester: str, kinds: frozenset[KeyKind]) -> Enrolment:
    pki_data = decode(structures.PKIData, content)
    if len(pki_data["cmsSequence"]) or len(pki_data["otherMsgSequence"]):
        raise MalformedRequestError("cmsSequence and otherMsgSequence must be empty")
    if len(pki_data["reqSequence"]) != 1:
        raise MalformedRequestError("exactly one certification request is expected")
    tagged = pki_data["reqSequence"][0].chosen
    controls = pki_data["controlSequence"]
    _check_body_parts([tagged, *controls])
    values = _control_values(controls)
    return Enrolment(
        transaction=Transaction(
            requester=requester,
            identifier=_transaction_id(values[structures.ID_CMC_TRANSACTION_ID]),
        ),
        sender_nonce=_sender_nonce(values[structures.ID_CMC_SENDER_NONCE]),
        request=csr.parse(tagged["certificationRequest"].dump(), kinds),
    )


def _check_body_parts(parts: list[Any]) -> None:
    """RFC 5272 §3.2.1: identifiers are unique, 0 stands for the whole PKIData."""
    identifiers = [part["bodyPartID"].native for part in parts]
    if len(set(identifiers)) != len(identifiers):
        raise MalformedRequestError("a bodyPartID is repeated")
    if not all(1 <= one <= MAX_BODY_PART_ID for one in identifiers):
        raise MalformedRequestError("a bodyPartID is out of range")


def _control_values(controls: Any) -> dict[str, bytes]:
    """Return the DER of the one value of each of the two controls."""
    if any(len(control["attrValues"]) != 1 for control in controls):
        raise MalformedRequestError("a control does not have exactly one value")
    kinds = [control["attrType"].dotted for control in controls]
    if len(kinds) != len(_CONTROLS) or set(kinds) != _CONTROLS:
        raise MalformedRequestError(
            "exactly transactionId and senderNonce are expected"
        )
    values = [control["attrValues"][0].dump() for control in controls]
    return dict(zip(kinds, values, strict=True))


def _transaction_id(value: bytes) -> int:
    number = int(decode(core.Integer, value).native)
    if not 0 < number < 1 << MAX_TRANSACTION_BITS:
        raise MalformedRequestError("the transactionId is out of range")
    return number


def _sender_nonce(value: bytes) -> bytes:
    nonce = bytes(decode(core.OctetString, value).native)
    if len(nonce) not in SENDER_NONCE_LENGTHS:
        raise MalformedRequestError("the senderNonce is not 16 to 64 octets")
    return nonce

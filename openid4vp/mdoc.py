"""Verify one mdoc with its holder's signature, step by step.

ISO/IEC 18013-5 §9.3.1 (the inspection procedure), OpenID4VP 1.0 §8.6 and B.2.
``verify`` is the whole of it, as ``sd_jwt_vc.verify`` is for the other format: it
returns a ``VerifiedCredential`` or raises. Nothing is fetched; the issuer's key comes
from ``x5chain`` and the holder's from the signed MSO.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509

from openid4vp import (
    base64url,
    cbor,
    cose,
    jwk,
    members,
    mso,
    session_transcript,
    status,
    strict_json,
    x5c,
)
from openid4vp.dcql import MSO_MDOC
from openid4vp.errors import (
    CredentialTypeError,
    DisclosureError,
    ExpiredError,
    HolderBindingError,
    IssuerNotTrustedError,
    MalformedResponseError,
    NotYetValidError,
    TransactionDataMismatchError,
    WrongClaimTypeError,
)
from openid4vp.expectation import Expectation
from openid4vp.mso import MobileSecurityObject
from openid4vp.verified import ALL_CHECKS_HELD, VerifiedCredential

VERSION: Final = "1.0"
MIN_RANDOM: Final = 16
TRANSACTION_DATA: Final = "org.cloudsignatureconsortium.dm.1"
"""Namespace in which a holder's key would approve transaction data (CSC DMB §7.2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    doc_type: str
    issuer_auth: object
    namespaces: Mapping[str, list[object]]
    device_namespaces: bytes
    device_auth: Mapping[str, object]


def verify(presentation: str, expected: Expectation) -> VerifiedCredential:
    """Return the credential if it and its proof hold; else ``Openid4vpError``."""
    # 1: limits, one text for one answer, one document in it
    document = _parse(presentation)
    # 2: issuerAuth: ES256, chain to an anchor, signature by the leaf's key
    issuer_auth = cose.parse_sign1(document.issuer_auth, "issuerAuth")
    chain = cose.x5chain(issuer_auth)
    provider = expected.trust.resolve(chain, expected.now)
    cose.verify_sign1(issuer_auth, x5c.leaf_key(chain[0]))
    # 3: the MSO, from now on the issuer's word
    signed = mso.parse(issuer_auth.payload)
    # 4: one type: signed, said and asked
    _check_type(document, signed, expected)
    # 5–6: every element digested by the issuer, over the bytes received, and once
    elements = _issued_elements(document, signed)
    # 7: validity, now and against the signer's certificate
    _check_validity(signed, chain[0], expected)
    # 8: the holder's key, on P-256 and public
    holder_key = cose.public_key(signed.device_key)
    # 9: a signature of the holder; a MAC we could have made ourselves
    device_signature = _device_signature(document)
    # 10: over our transcript, this type and the device's elements as received
    cose.verify_sign1(
        device_signature,
        holder_key,
        payload=session_transcript.device_authentication_bytes(
            session_transcript.session_transcript(expected.transaction),
            signed.doc_type,
            document.device_namespaces,
        ),
    )
    # 11–12: the holder said only what its key may say; none of it is a claim
    _check_device_elements(document, signed, elements)
    # 13: revocation, then the query evaluated again over what was verified
    reference = status.check(
        signed.status,
        lookup=expected.policy.status,
        accept_absent=expected.policy.accept_absent_status,
        issuer_chain=chain,
        now=expected.now,
    )
    holder_jwk = jwk.minimal(holder_key)
    return VerifiedCredential(
        query_id=expected.query.id,
        format=MSO_MDOC,
        type=signed.doc_type,
        provider=provider,
        claims=expected.query.evaluate(elements),
        holder_key_thumbprint=jwk.thumbprint(holder_jwk),
        holder_key=holder_jwk,
        presentation=presentation,
        issued_sha256=hashlib.sha256(issuer_auth.payload or b"").digest(),
        issuer_certificate=chain[0],
        expires_at=signed.valid_until,
        key_binding=None,
        status=reference,
        approved=(),
        token=ALL_CHECKS_HELD,
    )


def _parse(presentation: str) -> _Document:
    """Read a DeviceResponse (§8.3.2.1.2.2) that holds exactly one document."""
    encoded = base64url.decode(presentation, "DeviceResponse")
    response = cbor.decode_map(encoded, "DeviceResponse")  # bounds its size too
    if members.required(response, "version", str) != VERSION:
        raise MalformedResponseError(f"DeviceResponse: version is not {VERSION}")
    if members.required(response, "status", int) != 0:
        raise MalformedResponseError("DeviceResponse: status is not OK")
    documents: list[Any] = members.required(response, "documents", list)
    if len(documents) != 1 or type(documents[0]) is not dict:
        raise MalformedResponseError("DeviceResponse: not exactly one document")
    document: dict[str, object] = documents[0]
    issuer_signed: dict[str, object] = members.required(document, "issuerSigned", dict)
    device_signed: dict[str, object] = members.required(document, "deviceSigned", dict)
    namespaces: dict[str, Any] = (
        members.optional(issuer_signed, "nameSpaces", dict) or {}
    )
    return _Document(
        doc_type=members.required(document, "docType", str),
        issuer_auth=members.required(issuer_signed, "issuerAuth", list),
        namespaces={
            name: members.required(namespaces, name, list) for name in namespaces
        },
        device_namespaces=mso.embedded(
            device_signed.get("nameSpaces"), "DeviceNameSpacesBytes"
        ),
        device_auth=members.required(device_signed, "deviceAuth", dict),
    )


def _check_type(
    document: _Document, signed: MobileSecurityObject, expected: Expectation
) -> None:
    if document.doc_type != signed.doc_type:
        raise CredentialTypeError("docType is not the one the issuer signed")
    if signed.doc_type != expected.query.doctype_value:
        raise CredentialTypeError("docType is not the one asked for")
    if signed.doc_type not in expected.policy.accepted_types[expected.query.id]:
        raise CredentialTypeError("docType is not accepted for this query")


def _issued_elements(
    document: _Document, signed: MobileSecurityObject
) -> dict[str, dict[str, object]]:
    elements: dict[str, dict[str, object]] = {}
    for namespace, items in document.namespaces.items():
        held = elements.setdefault(namespace, {})
        for wrapped in items:
            content = mso.embedded(wrapped, "IssuerSignedItemBytes")
            item = cbor.decode_map(content, "IssuerSignedItem")
            signed.check_digest(
                namespace, item.get("digestID"), cbor.encode_embedded(content)
            )
            name, value = _element(item)
            if name in held:
                raise DisclosureError("an element is there twice")
            held[name] = value
    return elements


def _element(item: Mapping[str, object]) -> tuple[str, object]:
    if len(members.required(item, "random", bytes)) < MIN_RANDOM:
        raise DisclosureError(f"random is below {MIN_RANDOM} bytes")
    name = members.required(item, "elementIdentifier", str)
    if "elementValue" not in item:
        raise MalformedResponseError("an element has no value")
    return name, plain(item["elementValue"])


def plain(value: object) -> object:
    """A value as JSON would hold it: dates as text, bytes as base64url (RFC 8949 §6.1).

    Raises ``MalformedResponseError`` for what JSON has no place for.
    """
    if isinstance(value, cbor.Tagged):
        return plain(value.value)
    if isinstance(value, bytes):
        return base64url.encode(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        if not all(type(name) is str for name in value):
            raise WrongClaimTypeError("elementValue", expected="names", got=value)
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, int) and abs(value) > strict_json.MAX_INTEGER:
        raise WrongClaimTypeError("elementValue", expected="below 2^53", got=value)
    return value


def _check_validity(
    signed: MobileSecurityObject, signer: x509.Certificate, expected: Expectation
) -> None:
    starts, ends = signer.not_valid_before_utc, signer.not_valid_after_utc
    if not starts <= signed.signed <= ends or signed.valid_until > ends:
        raise IssuerNotTrustedError("the certificate does not cover the MSO's validity")
    now, skew = expected.now, expected.policy.skew
    if max(signed.signed, signed.valid_from) > now + skew:
        raise NotYetValidError("not valid yet")
    if signed.valid_until <= now - skew:
        raise ExpiredError("no longer valid")


def _device_signature(document: _Document) -> cose.Sign1:
    if "deviceMac" in document.device_auth:
        raise HolderBindingError("a deviceMac proves nothing to others")
    signature = members.required(document.device_auth, "deviceSignature", list)
    return cose.parse_sign1(signature, "deviceSignature")


def _check_device_elements(
    document: _Document,
    signed: MobileSecurityObject,
    issued: Mapping[str, Mapping[str, object]],
) -> None:
    said = cbor.decode_map(document.device_namespaces, "DeviceNameSpaces")
    for namespace in said:
        elements: dict[str, object] = members.required(said, namespace, dict)
        if namespace == TRANSACTION_DATA:
            raise TransactionDataMismatchError("an mdoc was not asked to approve")
        for element in elements:
            if not signed.key_authorizations.allow(namespace, element):
                raise HolderBindingError("the holder's key may not sign this element")
            if element in issued.get(namespace, {}):
                raise DisclosureError("an element is there twice")

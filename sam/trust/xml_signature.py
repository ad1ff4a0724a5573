"""Verify an enveloped XAdES signature over byte strings, without parsing XML first.

The web tier hands over SignedInfo, SignedProperties and the document in canonical form
(``app.ades.list_parts`` writes them, in a child that nobody believes). In this order:

    1. the signature value is over these SignedInfo bytes, by a signer the operator
       pinned and whose certificate is valid now          XML Signature 1.1 §3.2.2
    2. SignedInfo has exactly the form of TS 119 612 §5.7: two references, the
       whole document and SignedProperties, with these transforms and no others
    3. the digests in it are those of the document and of SignedProperties
    4. SignedProperties names the signer's certificate        EN 319 132-1 §5.2.2

What comes back is the document's own bytes, the very ones that the digest is of. No
element is looked up by an Id, so there is none that could be another than the signed
one. Whoever makes the canonical form can keep a list from us and cannot alter it.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from sam.trust import canonical_xml, xml_algorithms
from sam.trust.canonical_xml import Element
from sam.trust.entries import TrustListSignatureError

DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
XADES: Final = "{http://uri.etsi.org/01903/v1.3.2#}"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"


@dataclass(frozen=True, slots=True)
class _Reference:
    """One ds:Reference whose transforms are those that its place allows."""

    uri: str
    method: str
    value: bytes

    def require(self, content: bytes, what: str) -> None:
        if not compare_digest(xml_algorithms.digest(self.method, content), self.value):
            raise TrustListSignatureError(f"the digest is not that of the {what}")


def verified_document(
    content: bytes, *, signers: Sequence[x509.Certificate], now: datetime
) -> bytes:
    """Return the signed document in canonical form, or raise a ``TrustListError``.

    ``content``: the five parts, NUL between them. ``signers``: the certificates the
    operator pinned. Nothing but their keys is believed, no KeyInfo is looked at.
    """
    parts = content.split(b"\0")
    if len(parts) != 5:  # noqa: PLR2004  # the five of the module's docstring
        raise TrustListSignatureError("not the five parts of a signed list")
    algorithm, value, signed_info, signed_properties, document = parts
    method = algorithm.decode("ascii", "replace")
    proven = _proven(method, _base64(value), signed_info, signers, now)
    whole, properties = _references(canonical_xml.read(signed_info), method)
    whole.require(document, "document")
    properties.require(signed_properties, "SignedProperties")
    _require_named(proven, canonical_xml.read(signed_properties), properties.uri)
    return document


def _proven(
    method: str,
    value: bytes,
    signed_info: bytes,
    signers: Sequence[x509.Certificate],
    now: datetime,
) -> list[x509.Certificate]:
    """The pinned certificates, valid now, whose key made the signature (step 1)."""
    proven: list[x509.Certificate] = []
    for certificate in signers:
        if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            try:
                xml_algorithms.verify(certificate, method, value, signed_info)
            except (InvalidSignature, UnsupportedAlgorithm):
                continue
            proven.append(certificate)
    if not proven:
        raise TrustListSignatureError("of no pinned signer whose certificate is valid")
    return proven


def _references(signed_info: Element, method: str) -> tuple[_Reference, _Reference]:
    """The two references, that to the document first (step 2)."""
    if signed_info.name != f"{DS}SignedInfo":
        raise TrustListSignatureError("not a SignedInfo")
    canonical, signature, *found = signed_info.exactly(
        f"{DS}CanonicalizationMethod",
        f"{DS}SignatureMethod",
        f"{DS}Reference",
        f"{DS}Reference",
    )
    if _algorithm(canonical) != EXCLUSIVE_C14N or _algorithm(signature) != method:
        raise TrustListSignatureError("another canonical form or signature method")
    whole = [one for one in found if one.attributes.get("URI") == ""]
    properties = [
        one for one in found if one.attributes.get("Type") == SIGNED_PROPERTIES
    ]
    if len(whole) != 1 or len(properties) != 1:
        raise TrustListSignatureError(
            "not one reference to all and one to SignedProperties"
        )
    return (
        _reference(whole[0], ENVELOPED, EXCLUSIVE_C14N),
        _reference(properties[0], EXCLUSIVE_C14N),
    )


def _reference(element: Element, *expected: str) -> _Reference:
    transforms, method, value = element.exactly(
        f"{DS}Transforms", f"{DS}DigestMethod", f"{DS}DigestValue"
    )
    steps = transforms.exactly(*[f"{DS}Transform"] * len(expected))
    if tuple(_algorithm(step) for step in steps) != expected:
        raise TrustListSignatureError("a reference has other transforms")
    return _Reference(
        uri=element.attributes.get("URI", ""),
        method=_algorithm(method),
        value=_base64(value.value().encode()),
    )


def _algorithm(element: Element) -> str:
    """The Algorithm of an element that has no parameters."""
    element.exactly()
    return element.attribute("Algorithm")


def _require_named(
    proven: Sequence[x509.Certificate], properties: Element, uri: str
) -> None:
    """Step 4: SigningCertificate (V2) holds the digest of the signer's certificate."""
    if properties.name != f"{XADES}SignedProperties":
        raise TrustListSignatureError("not SignedProperties")
    if uri != "#" + properties.attribute("Id"):
        raise TrustListSignatureError("the reference is to other SignedProperties")
    of_signature = properties.one(f"{XADES}SignedSignatureProperties")
    named = [
        *of_signature.all(f"{XADES}SigningCertificate"),
        *of_signature.all(f"{XADES}SigningCertificateV2"),
    ]
    if len(named) != 1 or not named[0].all(f"{XADES}Cert"):
        raise TrustListSignatureError("the signing certificate is not named once")
    digest = named[0].all(f"{XADES}Cert")[0].one(f"{XADES}CertDigest")
    method, value = digest.exactly(f"{DS}DigestMethod", f"{DS}DigestValue")
    named_digest, algorithm = _base64(value.value().encode()), _algorithm(method)
    if not any(
        compare_digest(xml_algorithms.digest(algorithm, _der(one)), named_digest)
        for one in proven
    ):
        raise TrustListSignatureError("the signature names another certificate")


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _base64(text: bytes) -> bytes:
    """RFC 4648 §3.5 as well: one text per value, so that no bit is without meaning."""
    packed = re.sub(rb"\s", b"", text)
    try:
        data = base64.b64decode(packed)
    except binascii.Error:
        raise TrustListSignatureError("not base64") from None
    if base64.b64encode(data) != packed:
        raise TrustListSignatureError("not base64 in its one form")
    return data

"""Verify an enveloped XAdES signature over byte strings, without parsing XML first.

The web tier hands over SignedInfo, SignedProperties and the document in canonical form
(``app.ades.list_parts`` writes them, in a child that nobody believes). In this order:

    1. the signature value is over these SignedInfo bytes, by a signer the operator
       pinned and whose certificate is valid now          XML Signature 1.1 §3.2.2
    2. SignedInfo has exactly the form of TS 119 612 §5.7.1: two references, the
       whole document and SignedProperties, with these transforms and no others
    3. the digests in it are those of the document and of SignedProperties
    4. SignedProperties names the signer's certificate        EN 319 132-1 §5.2.2

What comes back is the document's own bytes, the very ones that the digest is of. No
element is looked up by an Id, so there is none that could be another than the signed
one. Whoever makes the canonical form can keep a list from us and cannot alter it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import (
    SHA256,
    SHA384,
    SHA512,
    HashAlgorithm,
)
from cryptography.hazmat.primitives.serialization import Encoding

from sam.trust import canonical_xml
from sam.trust.canonical_xml import Element
from sam.trust.entries import TrustListSignatureError

DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
XADES: Final = "{http://uri.etsi.org/01903/v1.3.2#}"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"

MIN_RSA_BITS: Final = 2048
"""Scheme operators do sign with 2048 bits, and the operator chose to pin the key."""

_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_PSS: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_RSA: Final = MappingProxyType(
    {
        f"{_MORE}rsa-sha256": SHA256(),
        f"{_MORE}rsa-sha384": SHA384(),
        f"{_MORE}rsa-sha512": SHA512(),
    }
)
_RSA_PSS: Final = MappingProxyType(
    {
        f"{_PSS}sha256-rsa-MGF1": SHA256(),
        f"{_PSS}sha384-rsa-MGF1": SHA384(),
        f"{_PSS}sha512-rsa-MGF1": SHA512(),
    }
)
_ECDSA: Final = MappingProxyType(
    {
        f"{_MORE}ecdsa-sha256": SHA256(),
        f"{_MORE}ecdsa-sha384": SHA384(),
        f"{_MORE}ecdsa-sha512": SHA512(),
    }
)
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1)
_DIGESTS: Final = MappingProxyType(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256": hashlib.sha256,
        f"{_MORE}sha384": hashlib.sha384,
        "http://www.w3.org/2001/04/xmlenc#sha512": hashlib.sha512,
    }
)


@dataclass(frozen=True, slots=True)
class _Reference:
    """One ds:Reference whose transforms are those that its place allows."""

    uri: str
    digest: Callable[[bytes], bytes]
    value: bytes

    def require(self, content: bytes, what: str) -> None:
        if not compare_digest(self.digest(content), self.value):
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
    signer = _signer(method, _base64(value), signed_info, signers, now)
    whole, properties = _references(canonical_xml.read(signed_info), method)
    whole.require(document, "document")
    properties.require(signed_properties, "SignedProperties")
    _require_named(signer, canonical_xml.read(signed_properties), properties.uri)
    return document


def _signer(
    method: str,
    value: bytes,
    signed_info: bytes,
    signers: Sequence[x509.Certificate],
    now: datetime,
) -> x509.Certificate:
    """The pinned certificate, valid now, whose key made the signature (step 1)."""
    in_time = [
        one
        for one in signers
        if one.not_valid_before_utc <= now <= one.not_valid_after_utc
    ]
    if not in_time:
        raise TrustListSignatureError("no pinned signer's certificate is valid now")
    for certificate in in_time:
        try:
            _verify(certificate, method, value, signed_info)
        except (InvalidSignature, UnsupportedAlgorithm):
            continue
        return certificate
    raise TrustListSignatureError("the signature is of no pinned signer")


def _verify(
    certificate: x509.Certificate, method: str, value: bytes, content: bytes
) -> None:
    """Raise ``InvalidSignature`` also where key and method do not go together."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        if method in _RSA:
            return key.verify(value, content, padding.PKCS1v15(), _RSA[method])
        if method in _RSA_PSS:
            return key.verify(value, content, _pss(_RSA_PSS[method]), _RSA_PSS[method])
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        der = _der(value, key)
        if method in _ECDSA:
            return key.verify(der, content, ec.ECDSA(_ECDSA[method]))
    raise InvalidSignature


def _pss(algorithm: HashAlgorithm) -> padding.PSS:
    return padding.PSS(
        padding.MGF1(algorithm), algorithm.digest_size
    )  # RFC 6931 §2.3.9


def _der(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """XML Signature 1.1 §6.4.3 writes r and s one after the other."""
    half = (key.key_size + 7) // 8
    if len(value) != 2 * half:
        raise InvalidSignature
    return encode_dss_signature(
        int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    )


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
        digest=_digest(method),
        value=_base64(value.value().encode()),
    )


def _algorithm(element: Element) -> str:
    """The Algorithm of an element that has no parameters."""
    element.exactly()
    return element.attribute("Algorithm")


def _digest(method: Element) -> Callable[[bytes], bytes]:
    algorithm = _DIGESTS.get(_algorithm(method))
    if algorithm is None:
        raise TrustListSignatureError("a digest method that is not allowed")
    return lambda content: algorithm(content).digest()


def _require_named(signer: x509.Certificate, properties: Element, uri: str) -> None:
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
    der = signer.public_bytes(Encoding.DER)
    if not compare_digest(_digest(method)(der), _base64(value.value().encode())):
        raise TrustListSignatureError("the signature names another certificate")


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

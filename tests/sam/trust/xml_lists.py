"""A scheme operator that signs XML trusted lists, and signs nonsense when asked to.

Independent of the reader: texts are written in canonical form here, by hand, and
brought into it by the standard library's own C14N where they were changed. No line is
shared with ``sam.trust`` or ``app.ades``.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from xml.etree.ElementTree import canonicalize

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
PSS = "http://www.w3.org/2007/05/xmldsig-more#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1 = f"{DS}sha1"
PROVIDER_PID = "http://uri.etsi.org/Svc/Svctype/Provider/PID"
STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
GENERIC = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"
DIGESTS = {
    SHA256: hashlib.sha256,
    f"{MORE}sha384": hashlib.sha384,
    "http://www.w3.org/2001/04/xmlenc#sha512": hashlib.sha512,
    SHA1: hashlib.sha1,
}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303  # to be refused
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
EVIL = "entity:VATXX-666"


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def tag(name: str, content: object = "", **attributes: str) -> str:
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


@cache
def key_of(kind: str) -> Any:
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(getattr(ec, kind)())


@cache
def certificate(
    kind: str = "SECP256R1",
    name: str = "a CA",
    begins: datetime = NOW - 400 * DAY,
    ends: datetime = NOW + 400 * DAY,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = key_of(kind)
    algorithm = None if kind == "ed25519" else hashes.SHA256()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(key, algorithm)
    )


def der(one: x509.Certificate) -> bytes:
    return one.public_bytes(Encoding.DER)


# --- what is in a list ---


@dataclass(frozen=True, kw_only=True)
class Service:
    status: str = f"{STATUS}granted"
    type: str = PROVIDER_PID
    since: str = stamp(NOW - 100 * DAY)
    certificates: tuple[str, ...] = (base64_of(der(certificate())),)
    behind: str = ""
    """Elements after the status: extensions, of the service; then its history."""
    history: str = ""

    def text(self) -> str:
        identities = "".join(
            tag("DigitalId", tag("X509Certificate", one)) for one in self.certificates
        )
        information = "".join(
            (
                tag("ServiceTypeIdentifier", self.type),
                tag("ServiceName", tag("Name", "PID", **{"xml:lang": "en"})),
                tag("ServiceDigitalIdentity", identities),
                tag("ServiceStatus", self.status),
                tag("StatusStartingTime", self.since),
                self.behind,
            )
        )
        return tag("TSPService", tag("ServiceInformation", information) + self.history)


@dataclass(frozen=True, kw_only=True)
class Provider:
    name: str = "Identity Agency"
    trade_names: tuple[str, ...] = ("VATFI-1234567", "Agency")
    behind: str = ""
    services: tuple[Service, ...] = (Service(),)

    def text(self) -> str:
        english = {"xml:lang": "en"}
        trade = "".join(tag("Name", one, **english) for one in self.trade_names)
        information = "".join(
            (
                tag("TSPName", tag("Name", self.name, **english)),
                tag("TSPTradeName", trade) if trade else "",
                self.behind,
            )
        )
        services = "".join(service.text() for service in self.services)
        return tag(
            "TrustServiceProvider",
            tag("TSPInformation", information) + tag("TSPServices", services),
        )


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A list before it is signed; ``text`` is in canonical form."""

    version: str = "6"
    sequence: str = "42"
    type: str = GENERIC
    territory: str = "FI"
    issued: str = stamp(NOW - DAY)
    next_update: str = tag("dateTime", stamp(NOW + 30 * DAY))
    behind: str = ""
    providers: tuple[Provider, ...] = (Provider(),)
    namespace: str = "http://uri.etsi.org/02231/v2#"
    root: str = "TrustServiceStatusList"
    tag: str = "http://uri.etsi.org/19612/TSLTag"

    def text(self) -> str:
        scheme = "".join(
            (
                tag("TSLVersionIdentifier", self.version),
                tag("TSLSequenceNumber", self.sequence),
                tag("TSLType", self.type),
                tag("SchemeTerritory", self.territory),
                tag("ListIssueDateTime", self.issued),
                tag("NextUpdate", self.next_update),
                self.behind,
            )
        )
        providers = "".join(provider.text() for provider in self.providers)
        return tag(
            self.root,
            tag("SchemeInformation", scheme)
            + tag("TrustServiceProviderList", providers),
            xmlns=self.namespace,
            TSLTag=self.tag,
        )


def with_service(**changes: Any) -> Draft:
    return Draft(providers=(Provider(services=(Service(**changes),)),))


def with_provider(**changes: Any) -> Draft:
    return Draft(providers=(Provider(**changes),))


# --- how it is signed ---


def transform(*algorithms: str) -> str:
    return tag(
        "ds:Transforms",
        "".join(tag("ds:Transform", Algorithm=one) for one in algorithms),
    )


@dataclass(frozen=True, kw_only=True)
class Reference:
    uri: str = ""
    type: str = ""
    transforms: str = transform(ENVELOPED, EXCLUSIVE)
    method: str = SHA256

    def text(self, content: str) -> str:
        digest = DIGESTS[self.method](content.encode()).digest()
        attributes = {"Type": self.type} if self.type else {}
        return tag(
            "ds:Reference",
            self.transforms
            + tag("ds:DigestMethod", Algorithm=self.method)
            + tag("ds:DigestValue", base64_of(digest)),
            **attributes,
            URI=self.uri,
        )


TO_PROPERTIES = Reference(
    uri="#properties",
    type="http://uri.etsi.org/01903#SignedProperties",
    transforms=transform(EXCLUSIVE),
)


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A list as published (``xml``), or as its parts are handed to the SAM."""

    document: str
    info: str
    properties: str
    value: bytes
    algorithm: str

    def parts(self) -> bytes:
        texts = self.algorithm, base64_of(self.value), self.info, self.properties
        return b"\0".join(one.encode() for one in (*texts, self.document))

    def xml(self) -> bytes:
        before, end, after = self.document.rpartition("</")
        return f"<?xml version='1.0'?>\n{before}{self.signature()}{end}{after}".encode()

    def signature(self) -> str:
        qualifying = tag(
            "xades:QualifyingProperties", self.properties, **{"xmlns:xades": XADES}
        )
        return tag(
            "ds:Signature",
            self.info
            + tag("ds:SignatureValue", base64_of(self.value))
            + tag("ds:Object", qualifying),
            **{"xmlns:ds": DS},
        )


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Signs as TS 119 612 §5.7.1 says; each field is one way to do it otherwise."""

    kind: str = "SECP256R1"
    algorithm: str = f"{MORE}ecdsa-sha256"
    certificate: x509.Certificate = field(
        default_factory=lambda: certificate(name="operator")
    )
    named: bytes | None = None
    named_by: str = SHA256
    naming: str = "SigningCertificate"
    canonical: str = EXCLUSIVE
    whole: Reference = Reference()
    to_properties: Reference = TO_PROPERTIES
    change_info: Callable[[str], str] = str
    change_properties: Callable[[str], str] = str

    def sign(self, document: str) -> Signed:
        """``document`` must be canonical, as ``Draft.text`` is."""
        properties = canonicalize(self.change_properties(self._properties()))
        info = canonicalize(self.change_info(self._info(document, properties)))
        return Signed(
            document=document,
            info=info,
            properties=properties,
            value=self._value(info.encode()),
            algorithm=self.algorithm,
        )

    def but(self, **changes: Any) -> "Operator":
        return replace(self, **changes)

    def _properties(self) -> str:
        digest = DIGESTS[self.named_by](self.named or der(self.certificate)).digest()
        cert = tag(
            "xades:CertDigest",
            tag("ds:DigestMethod", Algorithm=self.named_by)
            + tag("ds:DigestValue", base64_of(digest)),
            **{"xmlns:ds": DS},
        )
        names = tag(f"xades:{self.naming}", tag("xades:Cert", cert))
        time = tag("xades:SigningTime", stamp(NOW - DAY))
        return tag(
            "xades:SignedProperties",
            tag("xades:SignedSignatureProperties", time + names),
            **{"xmlns:xades": XADES, "Id": "properties"},
        )

    def _info(self, document: str, properties: str) -> str:
        return tag(
            "ds:SignedInfo",
            tag("ds:CanonicalizationMethod", Algorithm=self.canonical)
            + tag("ds:SignatureMethod", Algorithm=self.algorithm)
            + self.whole.text(document)
            + self.to_properties.text(properties),
            **{"xmlns:ds": DS},
        )

    def _value(self, info: bytes) -> bytes:
        key, name = key_of(self.kind), self.algorithm.partition("#")[2]
        algorithm = HASHES[next(one for one in HASHES if one in name)]
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(info)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            half = (key.key_size + 7) // 8
            r_s = decode_dss_signature(key.sign(info, ec.ECDSA(algorithm)))
            return b"".join(number.to_bytes(half, "big") for number in r_s)
        scheme: padding.AsymmetricPadding = padding.PKCS1v15()
        if "MGF1" in name:
            scheme = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
        return bytes(key.sign(info, scheme, algorithm))


def operator(kind: str, algorithm: str, **changes: Any) -> Operator:
    """One with a key of another kind."""
    own = certificate(kind, f"operator {kind}")
    return Operator(kind=kind, algorithm=algorithm, certificate=own, **changes)

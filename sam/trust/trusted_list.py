"""Trusted lists of ETSI TS 119 612 v2.4.1 in XML (Regulation (EU) 910/2014 Art. 22).

The bytes that come are the signed parts of a list in canonical form; ``xml_signature``
proves them first, and only what was signed is read. Who is in good standing is decided
as the list says it, and more narrowly where it leaves a choice:

* status *granted* and begun; no other status, nothing of a service's history
* no service or provider with a critical extension: none is understood here (§5.5.9)
* nobody from a closed list (§5.3.15), and no list of lists: no pointer is followed
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from sam.trust import canonical_xml, provider_ids, xml_signature
from sam.trust.canonical_xml import Element
from sam.trust.entries import (
    SignedTrustList,
    TrustedEntry,
    TrustListKindError,
    TrustListMalformedError,
    TrustListTimeError,
)

TSL: Final = "{http://uri.etsi.org/02231/v2#}"
TAG: Final = "http://uri.etsi.org/19612/TSLTag"
LIST_OF_LISTS: Final = (
    "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
)
GRANTED: Final = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
VERSIONS: Final = ("5", "6")  # v2.1.1 to v2.2.1; v2.3.1 and later

CLOCK_SKEW: Final = timedelta(minutes=5)
LONGEST_VALIDITY: Final = timedelta(days=186)
"""Six months (§5.3.15) and a little: what may be withheld from us must run out."""

_NOT_READ: Final = frozenset(
    f"{TSL}{name}"
    for name in (
        "PointersToOtherTSL",
        "SchemeInformationURI",
        "PolicyOrLegalNotice",
        "DistributionPoints",
        "ServiceHistory",
        "TSPAddress",
        "TSPInformationURI",
        "ServiceSupplyPoints",
        "SchemeServiceDefinitionURI",
        "TSPServiceDefinitionURI",
    )
)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_SEQUENCE: Final = re.compile(r"[1-9][0-9]{0,8}")
_TERRITORY: Final = re.compile(r"[A-Z]{2}")


def parse(
    content: bytes, *, signers: Sequence[x509.Certificate], now: datetime
) -> SignedTrustList:
    """Return the list if a pinned signer signed it and it is in time.

    ``content`` is what ``app.ades.trusted_lists.signed_parts`` made of the published
    file. Raises ``TrustListError`` and nothing else.
    """
    document = xml_signature.verified_document(content, signers=signers, now=now)
    root = canonical_xml.read(document, leave_out=_NOT_READ)
    if root.name != f"{TSL}TrustServiceStatusList" or root.attribute("TSLTag") != TAG:
        raise TrustListKindError("not a trusted list of TS 119 612")
    scheme, providers = _parts(root)
    list_type = _list_type(scheme)
    issued_at, next_update = _times(scheme, now)
    services = [] if next_update is None else list(_services(providers))
    usable, unusable = _judged(services, now)
    return SignedTrustList(
        list_type=list_type,
        sequence=int(_text(scheme, "TSLSequenceNumber", _SEQUENCE)),
        issued_at=issued_at,
        next_update=next_update,
        territory=_text(scheme, "SchemeTerritory", _TERRITORY),
        entries=tuple(dict.fromkeys(usable)),
        unusable=tuple(unusable),
    )


@dataclass(frozen=True, slots=True)
class _Service:
    """One service that stands in the list, whatever its status."""

    provider: Element
    information: Element

    @property
    def name(self) -> str:
        return _in_english(self.provider.one(f"{TSL}TSPName"))

    @property
    def type(self) -> str:
        return _text(self.information, "ServiceTypeIdentifier")

    def since(self, now: datetime) -> datetime | None:
        """When *granted* began; None if it did not, or that is not the status."""
        began = _moment(_text(self.information, "StatusStartingTime"))
        granted = _text(self.information, "ServiceStatus") == GRANTED
        return began if granted and began <= now else None

    def provider_id(self) -> str | None:
        """The official registration identifier among the trade names (§5.4.2)."""
        names = [
            name.value()
            for trade in self.provider.all(f"{TSL}TSPTradeName")
            for name in trade.all(f"{TSL}Name")
        ]
        return provider_ids.choose((), names)

    def certificates(self) -> list[x509.Certificate]:
        """Those of the service digital identity (§5.5.3), each once."""
        identity = self.information.one(f"{TSL}ServiceDigitalIdentity")
        return list(
            dict.fromkeys(
                _certificate(given.value())
                for digital_id in identity.all(f"{TSL}DigitalId")
                for given in digital_id.all(f"{TSL}X509Certificate")
            )
        )

    def has_critical_extension(self) -> bool:
        extensions = [
            *self.provider.all(f"{TSL}TSPInformationExtensions"),
            *self.information.all(f"{TSL}ServiceInformationExtensions"),
        ]
        return any(map(_holds_critical, extensions))


def _list_type(scheme: Element) -> str:
    if _text(scheme, "TSLVersionIdentifier") not in VERSIONS:
        raise TrustListKindError(f"a version other than {' or '.join(VERSIONS)}")
    if any(map(_holds_critical, scheme.all(f"{TSL}SchemeExtensions"))):
        raise TrustListKindError("a critical extension of the scheme")
    list_type = _text(scheme, "TSLType")
    if list_type == LIST_OF_LISTS:
        raise TrustListKindError("a list of lists: name the lists themselves")
    return list_type


def _times(scheme: Element, now: datetime) -> tuple[datetime, datetime | None]:
    """Issue date and next update (§5.3.14, §5.3.15); None for a closed list."""
    issued_at = _moment(_text(scheme, "ListIssueDateTime"))
    if issued_at > now + CLOCK_SKEW:
        raise TrustListTimeError("issued in the future")
    following = scheme.one(f"{TSL}NextUpdate")
    if not following.children:
        return issued_at, None
    stated = _moment(_text(following, "dateTime"))
    next_update = min(stated, issued_at + LONGEST_VALIDITY)
    if next_update <= now:
        raise TrustListTimeError("its next update is past")
    return issued_at, next_update


def _parts(root: Element) -> tuple[Element, Sequence[Element]]:
    """The scheme's information and the providers, if any; nothing else (§5.2)."""
    if len(root.children) == 1:
        return root.one(f"{TSL}SchemeInformation"), ()
    scheme, listed = root.exactly(
        f"{TSL}SchemeInformation", f"{TSL}TrustServiceProviderList"
    )
    return scheme, listed.all(f"{TSL}TrustServiceProvider")


def _services(providers: Sequence[Element]) -> Iterator[_Service]:
    for provider in providers:
        information = provider.one(f"{TSL}TSPInformation")
        for service in provider.one(f"{TSL}TSPServices").all(f"{TSL}TSPService"):
            yield _Service(information, service.one(f"{TSL}ServiceInformation"))


def _judged(
    services: Sequence[_Service], now: datetime
) -> tuple[list[TrustedEntry], list[str]]:
    """Entries of those granted, and a sentence for each granted one that gives none."""
    usable: list[TrustedEntry] = []
    unusable: list[str] = []
    for service in services:
        since = service.since(now)
        if since is None:
            continue
        try:
            usable += _entries(service, since)
        except _NoEntryError as reason:
            unusable.append(f"{service.name}, {service.type}: {reason}")
    return usable, unusable


class _NoEntryError(Exception):
    """One service gives no entry; the rest of the list stands."""


def _entries(service: _Service, since: datetime) -> Iterator[TrustedEntry]:
    provider_id = service.provider_id()
    if provider_id is None:
        raise _NoEntryError("no single registration identifier among its trade names")
    if service.has_critical_extension():
        raise _NoEntryError("an extension is critical")
    certificates = service.certificates()
    if not certificates:
        raise _NoEntryError("no certificate")
    for certificate in certificates:
        yield TrustedEntry(
            provider_id=provider_id,
            name=service.name,
            certificate=certificate,
            since=since,
            service_type=service.type,
        )


def _certificate(text: str) -> x509.Certificate:
    try:
        der = base64.b64decode(re.sub(r"\s", "", text), validate=True)
        return x509.load_der_x509_certificate(der)
    except (binascii.Error, ValueError, x509.InvalidVersion):
        raise _NoEntryError("a certificate cannot be read") from None


def _holds_critical(extensions: Element) -> bool:
    return any(
        extension.attributes.get("Critical") not in ("false", "0")
        for extension in extensions.all(f"{TSL}Extension")
    )


def _in_english(names: Element) -> str:
    given = names.all(f"{TSL}Name")
    english = [name for name in given if name.attributes.get(LANGUAGE) == "en"]
    return (english or given)[0].value() if given else ""


def _text(parent: Element, name: str, form: re.Pattern[str] | None = None) -> str:
    text = parent.one(f"{TSL}{name}").value()
    if form is not None and not form.fullmatch(text):
        raise TrustListMalformedError(f"{name} has another form")
    return text


def _moment(text: str) -> datetime:
    """§5.1.4: UTC, to the second, with Z."""
    try:
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise TrustListMalformedError("a date is no UTC date with Z")

"""The services of an XML trusted list: who of them is in good standing, and gives what.

Texts and dates of such a list are read here too (TS 119 612 §5.1).
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from sam.trust import provider_ids
from sam.trust.canonical_xml import Element
from sam.trust.entries import TrustedEntry, TrustListMalformedError

TSL: Final = "{http://uri.etsi.org/02231/v2#}"
GRANTED: Final = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class _NoEntryError(Exception):
    """One service gives no entry; the rest of the list stands."""


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
        return text_of(self.information, "ServiceTypeIdentifier")

    def since(self, now: datetime) -> datetime | None:
        """When *granted* began; None if it did not, or that is not the status."""
        began = moment_of(text_of(self.information, "StatusStartingTime"))
        granted = text_of(self.information, "ServiceStatus") == GRANTED
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
        return any(map(holds_critical, extensions))


def _services(providers: Sequence[Element]) -> Iterator[_Service]:
    for provider in providers:
        information = provider.one(f"{TSL}TSPInformation")
        for service in provider.one(f"{TSL}TSPServices").all(f"{TSL}TSPService"):
            yield _Service(information, service.one(f"{TSL}ServiceInformation"))


def judged(
    providers: Sequence[Element], now: datetime
) -> tuple[list[TrustedEntry], list[str]]:
    """Entries of those granted, and a sentence for each granted one that gives none."""
    usable: list[TrustedEntry] = []
    unusable: list[str] = []
    for service in _services(providers):
        since = service.since(now)
        if since is None:
            continue
        try:
            usable += _entries(service, since)
        except _NoEntryError as reason:
            unusable.append(f"{service.name}, {service.type}: {reason}")
    return usable, unusable


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


def holds_critical(extensions: Element) -> bool:
    """Whether one of these extensions must be understood, or does not say."""
    return any(
        extension.attributes.get("Critical") not in ("false", "0")
        for extension in extensions.all(f"{TSL}Extension")
    )


def _in_english(names: Element) -> str:
    given = names.all(f"{TSL}Name")
    english = [name for name in given if name.attributes.get(LANGUAGE) == "en"]
    return (english or given)[0].value() if given else ""


def text_of(parent: Element, name: str, form: re.Pattern[str] | None = None) -> str:
    """The value of the only child of that name, of this form."""
    text = parent.one(f"{TSL}{name}").value()
    if form is not None and not form.fullmatch(text):
        raise TrustListMalformedError(f"{name} has another form")
    return text


def moment_of(text: str) -> datetime:
    """UTC, to the second, with Z: no other form is allowed."""
    try:
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise TrustListMalformedError("a date is no UTC date with Z")

"""Lists of trusted entities in JSON: ETSI TS 119 602 V1.1.1, clause 6 and its schema.

Read are the members that decide; the rest is for people. Pointers to other lists
(§6.3.13) are not followed. The EU profiles of PID and wallet providers (Annexes D, E)
know no service status: who is listed is in good standing, who is withdrawn is not in
the next list. Where a status is given, as in other profiles, only ``granted`` and
``notified`` count.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

from openid4vp import members
from openid4vp.errors import MalformedResponseError, Openid4vpError
from sam.trust import provider_ids
from sam.trust.entries import (
    SignedTrustList,
    TrustedEntry,
    TrustListError,
    TrustListKindError,
    TrustListMalformedError,
    TrustListTimeError,
    printable,
)
from sam.trust.jades import SKEW, open_compact

VERSION: Final = 1
MAX_SERVICES: Final = 5000
LONGEST: Final = timedelta(days=186)
"""From issue to next update: six months by the EU profiles (Tables D.1, E.1)."""
GOOD_STANDING: Final = ("granted", "notified")

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_ROLE = re.compile(
    r"https?://uri\.etsi\.org/19602/ListOfTrustedEntities/[A-Za-z]+/([A-Z]{2})"
)

Members = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Service:
    name: str
    information: Members
    entity: Members


def parse(
    content: bytes, *, signers: Sequence[x509.Certificate], now: datetime
) -> SignedTrustList:
    """Verify and read a list; raise ``TrustListError`` and nothing else."""
    payload = open_compact(content, signers=signers, now=now)
    try:
        return _read(_list_of(payload), now)
    except Openid4vpError as error:
        raise TrustListMalformedError(str(error)) from None


def _list_of(payload: Members) -> Members:
    """The schema wraps the list in ``LoTE``; the Commission's pilot lists do not."""
    if "LoTE" in payload and "ListAndSchemeInformation" in payload:
        raise TrustListMalformedError("two lists in one")
    if "LoTE" in payload:
        return members.required(payload, "LoTE", dict)
    return payload


def _read(lote: Members, now: datetime) -> SignedTrustList:
    scheme: Members = members.required(lote, "ListAndSchemeInformation", dict)
    if members.required(scheme, "LoTEVersionIdentifier", int) != VERSION:
        raise TrustListKindError(f"the list's version is not {VERSION}")
    issued_at = _date(scheme, "ListIssueDateTime")
    if issued_at > now + SKEW:
        raise TrustListTimeError("it was issued in the future")
    next_update = min(_date(scheme, "NextUpdate"), issued_at + LONGEST)
    if next_update <= now:
        raise TrustListTimeError("its next update is past")
    entries, unusable = _entries(list(_services(lote)))
    return SignedTrustList(
        list_type=members.required(scheme, "LoTEType", str),
        sequence=_sequence(scheme),
        issued_at=issued_at,
        next_update=next_update,
        territory=members.optional(scheme, "SchemeTerritory", str) or "",
        entries=entries,
        unusable=unusable,
    )


def _sequence(scheme: Members) -> int:
    sequence = members.required(scheme, "LoTESequenceNumber", int)
    if sequence < 1:  # §6.3.2: starts at 1
        raise TrustListMalformedError("the sequence number is below 1")
    return sequence


def _services(lote: Members) -> Iterator[_Service]:
    count = 0
    for entity in _objects(lote, "TrustedEntitiesList"):
        information: Members = members.required(
            entity, "TrustedEntityInformation", dict
        )
        for service in _objects(entity, "TrustedEntityServices"):
            count += 1
            if count > MAX_SERVICES:
                raise TrustListMalformedError(f"more than {MAX_SERVICES} services")
            yield _Service(
                name=next(_values(information, "TEName"), "?"),
                information=members.required(service, "ServiceInformation", dict),
                entity=information,
            )


def _entries(
    services: Sequence[_Service],
) -> tuple[tuple[TrustedEntry, ...], tuple[str, ...]]:
    entries: list[TrustedEntry] = []
    unusable: list[str] = []
    for service in services:
        if not _in_good_standing(service.information):
            continue
        try:
            entries += _entries_of(service)
        except (TrustListError, Openid4vpError) as error:
            unusable.append(printable(f"{service.name[:80]}: {error}"))
    return tuple(dict.fromkeys(entries)), tuple(unusable)


def _entries_of(service: _Service) -> list[TrustedEntry]:
    """One entry per certificate, or the reason why there is none."""
    provider_id = provider_ids.choose(
        _service_ids(service.information), _values(service.entity, "TETradeName")
    )
    if provider_id is None:
        raise TrustListMalformedError("no stable identifier, or more than one")
    identity: Members = members.required(
        service.information, "ServiceDigitalIdentity", dict
    )
    found = [
        TrustedEntry(
            provider_id=provider_id,
            name=service.name,
            certificate=_certificate(members.required(item, "val", str)),
            since=_since(service.information),
            service_type=members.required(
                service.information, "ServiceTypeIdentifier", str
            ),
            country=_country(service.entity),
        )
        for item in _objects(identity, "X509Certificates")
    ]
    if not found:
        raise TrustListMalformedError("no certificate is listed")
    return found


def _in_good_standing(service: Members) -> bool:
    status = members.optional(service, "ServiceStatus", str)
    return status is None or status.rpartition("/")[2] in GOOD_STANDING


def _since(service: Members) -> datetime | None:
    return (
        _date(service, "StatusStartingTime")
        if "StatusStartingTime" in service
        else None
    )


def _country(entity: Members) -> str | None:
    """The Member State that answers for it, from its role URI (Tables D.2, E.2)."""
    addresses = _objects(entity, "TEInformationURI")
    uris = (members.required(item, "uriValue", str) for item in addresses)
    found = {match[1] for uri in uris if (match := _ROLE.fullmatch(uri))}
    return found.pop() if len(found) == 1 else None


def _service_ids(service: Members) -> Iterator[str]:
    for extension in _objects(service, "ServiceInformationExtensions"):
        if "ServiceUniqueIdentifier" in extension:
            yield members.required(extension, "ServiceUniqueIdentifier", str)


def _values(holder: Members, name: str) -> Iterator[str]:
    for item in _objects(holder, name):
        yield members.required(item, "value", str)


def _objects(holder: Members, name: str) -> Iterator[Members]:
    for item in members.optional(holder, name, list) or []:
        if type(item) is not dict:
            raise MalformedResponseError(f"{name!r} holds something else than objects")
        yield item


def _certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error, x509.InvalidVersion):
        raise TrustListMalformedError("a listed certificate cannot be read") from None


def _date(holder: Members, name: str) -> datetime:
    text = members.required(holder, name, str)
    if not _DATE.fullmatch(text):
        raise TrustListMalformedError(f"{name!r} is no date and time")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise TrustListMalformedError(f"{name!r} is no date and time") from None

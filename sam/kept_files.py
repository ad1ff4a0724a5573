"""Signed files that the SAM goes by and others fetch: which, how fresh, how used.

The web tier fetches (``sam.client``, ``info().wanted_files``) and is not believed: a
file is kept only if its signature, subject and dates hold against the SAM's own
anchors, and it is not older than the one held. What it can do is to withhold one; then
the file grows stale and whoever has a place in it is refused.

A list is wanted from the first credential on that names it, once everything else about
that credential held. Its URI is many persons'; the place in it stays here.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from sqlalchemy import Row

from openid4vp.errors import (
    IssuerNotTrustedError,
    Openid4vpError,
    StatusUnknownError,
)
from openid4vp.status import StatusReference
from openid4vp.trust import IssuerTrust
from sam import audit, kept_store, parsed_lists
from sam import errors as refused
from sam import messages as m
from sam.module import Sam
from sam.parsed_lists import SignedList
from sam.trust import keeping
from sam.trust.categories import Category

MAX_WANTED: Final = 500
FORGOTTEN_AFTER: Final = timedelta(days=30)
MIN_TTL: Final = timedelta(seconds=60)
MAX_TTL: Final = timedelta(hours=24)
LATE: Final = timedelta(minutes=10)
"""How much later than its ``ttl`` says the next list may be at hand."""


class ListNotHeldError(StatusUnknownError):
    """No list, or no fresh one, is held: it is wanted now, and may come."""


@dataclass(frozen=True, slots=True)
class KeptLists:
    """``openid4vp.status.StatusLookup`` over lists that one category's issuers signed.

    A list is looked up for credentials of the same category only.
    """

    sam: Sam
    category: Category = Category.PID_PROVIDERS

    def value(
        self,
        reference: StatusReference,
        issuer_chain: Sequence[x509.Certificate],
        now: datetime,
    ) -> int:
        """Return the status if a fresh list of the credential's own issuer is held."""
        anchors = self.sam.anchors[self.category]
        try:
            issuer = anchors.resolve(issuer_chain, now)
            row = self._want(reference)
            signed = self._fresh(row, now)
            signer = _trust(self.sam, row).resolve(signed.token.chain, now)
        except IssuerNotTrustedError:
            raise StatusUnknownError("issuer or list has no anchor now") from None
        if reference.certificate is None and signer != issuer:
            raise StatusUnknownError("the list is another issuer's")
        return parsed_lists.value(signed, reference)

    def _want(self, reference: StatusReference) -> Row[Any]:
        return _want(
            self.sam,
            reference.kind,
            reference.uri,
            reference.certificate,
            self.category,
        )

    def _fresh(self, row: Row[Any], now: datetime) -> SignedList:
        if row.usable_until is None or now >= row.usable_until:
            raise ListNotHeldError("no fresh list is held")
        return self.sam.lists.get(row.content_sha256, lambda: self._read(row, now))

    def _read(self, row: Row[Any], now: datetime) -> SignedList:
        with self.sam.database.begin() as connection:
            content = kept_store.content(connection, row.file_id)
        if content is None or hashlib.sha256(content).digest() != row.content_sha256:
            raise ListNotHeldError("the list was replaced meanwhile")
        return parsed_lists.parse(
            row.kind, content, uri=row.uri, trust=_trust(self.sam, row), now=now
        )


def keep_file(sam: Sam, call: m.KeepFile, read: Callable[[int], bytes]) -> m.KeptFile:
    """Keep what was fetched for whoever wanted it, if it holds for one of them."""
    content = _whole(call, read)
    if call.kind in keeping.KINDS:
        return m.KeptFile(usable_until=keeping.keep(sam, call.kind, call.uri, content))
    with sam.database.begin() as connection:
        rows = kept_store.wanted(connection, call.kind, call.uri)
    if not rows:
        raise refused.FileNotWantedError("nobody asked for this file")
    refusals: list[refused.SamError] = []
    ends: list[datetime] = []
    for row in rows:
        try:
            ends.append(_keep(sam, row, content))
        except refused.FileRefusedError as error:
            refusals.append(error)
    if not ends:
        raise refusals[0]
    return m.KeptFile(usable_until=max(ends))


def wanted_files(sam: Sam) -> tuple[m.WantedFile, ...]:
    """One per kind and URI: the trust points behind it are nobody else's business."""
    files: dict[tuple[str, str], m.WantedFile] = {}
    for wanted in (*keeping.wanted(sam), *_wanted_lists(sam)):
        known = files.setdefault((wanted.kind, wanted.uri), wanted)
        if wanted.fetch_at < known.fetch_at:
            files[wanted.kind, wanted.uri] = wanted
    return tuple(files.values())


def _wanted_lists(sam: Sam) -> Iterator[m.WantedFile]:
    with sam.database.begin() as connection:
        rows = kept_store.wanted(connection)
    for row in rows:
        yield m.WantedFile(
            kind=m.FileKind(row.kind),
            uri=row.uri,
            fetch_at=row.fetch_at or row.wanted_at,
            usable_until=row.usable_until,
        )


def sweep(sam: Sam) -> None:
    """Want what the operator listed; forget what nobody looked for in a month."""
    for uri in sam.config.status_list_uris:
        _want(sam, m.FileKind.STATUS_LIST, uri, None)
    with sam.database.begin() as connection:
        kept_store.forget(
            connection, unwanted_since=_day(sam.clock() - FORGOTTEN_AFTER)
        )


def _want(
    sam: Sam,
    kind: str,
    uri: str,
    trust_point: bytes | None,
    category: Category = Category.PID_PROVIDERS,
) -> Row[Any]:
    if trust_point is not None:
        parsed_lists.trust_point(trust_point)
    with sam.database.begin() as connection:
        return kept_store.want(
            connection,
            kind,
            uri,
            trust_point,
            category=category,
            day=_day(sam.clock()),
            at_most=MAX_WANTED,
        )


def _keep(sam: Sam, row: Row[Any], content: bytes) -> datetime:
    now = sam.clock()
    try:
        signed = parsed_lists.parse(
            row.kind, content, uri=row.uri, trust=_trust(sam, row), now=now
        )
    except Openid4vpError as error:
        raise refused.FileRefusedError(f"{error.code}: {error}") from error
    usable_until, fetch_at = _times(sam, signed, now)
    if usable_until <= now:
        raise refused.FileRefusedError("the file is stale")
    sha256 = hashlib.sha256(content).digest()
    sam.fault("before-file")
    with sam.database.begin() as connection:
        kept = kept_store.keep(
            connection,
            row.file_id,
            issued_at=signed.token.issued_at,
            content=content,
            content_sha256=sha256,
            usable_until=usable_until,
            fetch_at=fetch_at,
        )
        if not kept:
            raise refused.FileRefusedError("the file is older than the one held")
        if sha256 != row.content_sha256:
            audit.append(
                connection,
                audit.Event.FILE_KEPT,
                now=now,
                kind=row.kind,
                uri=row.uri,
                sha256=sha256.hex(),
                provider=signed.token.provider,
            )
    sam.fault("after-file")
    return usable_until


def _times(sam: Sam, signed: SignedList, now: datetime) -> tuple[datetime, datetime]:
    """Until when the list may be used, and when to hand over the next one.

    ``ttl`` runs from fetching (Token Status List §13.7); ``exp`` and the age we allow
    run whatever is handed over again.
    """
    end = signed.token.usable_until(sam.config.status_list_max_age)
    next_half = (end - now) / 2
    if signed.token.ttl is None:
        return end, now + max(MIN_TTL, next_half)
    ttl = min(max(signed.token.ttl, MIN_TTL), MAX_TTL)
    return min(end, now + ttl + LATE), now + max(MIN_TTL, min(ttl, next_half))


def _trust(sam: Sam, row: Row[Any]) -> IssuerTrust:
    if row.trust_point is None:
        return sam.anchors[Category(row.category)]
    return parsed_lists.trust_point(row.trust_point)


def _whole(call: m.KeepFile, read: Callable[[int], bytes]) -> bytes:
    content = read(call.length)
    if len(content) != call.length or read(1):
        raise refused.MalformedCallError("not as many bytes as stated")
    return content


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)

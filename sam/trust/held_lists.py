"""The trust lists that a SAM holds, what state each is in, and whom they make trusted.

States (one per source)::

    absent   never got one                            nobody is trusted by it
    stale    its next update is past                  nobody is trusted by it
    broken   what was handed over last does not hold  the one held before counts
    empty    it holds, and lists nobody who matches   nobody is trusted by it
    fresh    it holds                                 who matches is trusted

What is held is read before each call (``refresh``), so that other processes' lists
count too; ``resolve`` itself touches no database. A list is verified again whenever it
is read from there, as of the moment it was received.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from cryptography import x509
from sqlalchemy import Row

from sam.database import Database
from sam.messages import FileKind
from sam.trust import list_store, lote, trusted_list
from sam.trust.anchors import Anchors, Named, is_ca, may_sign
from sam.trust.categories import Category
from sam.trust.entries import (
    SignedTrustList,
    TrustedEntry,
    TrustListError,
    TrustListKindError,
    printable,
)
from sam.trust.sources import Source

NEVER: Final = datetime.min.replace(tzinfo=UTC)


class SourceState(StrEnum):
    ABSENT = "absent"
    STALE = "stale"
    BROKEN = "broken"
    EMPTY = "empty"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldList:
    """A source and what is held of it.

    ``matching``: the entries that count for it. ``left_out``: a sentence for each that
    can be nobody's anchor.
    """

    source: Source
    signed: SignedTrustList | None = None
    matching: tuple[TrustedEntry, ...] = ()
    left_out: tuple[str, ...] = ()
    content_sha256: bytes | None = None
    received_at: datetime | None = None
    fetch_at: datetime = NEVER
    problem: str | None = None
    problem_at: datetime | None = None

    @property
    def usable_until(self) -> datetime:
        """The list's next update; a closed list is of no use at any time."""
        return (self.signed and self.signed.next_update) or NEVER

    def state(self, now: datetime) -> SourceState:
        if self.signed is None:
            return SourceState.BROKEN if self.problem else SourceState.ABSENT
        if self.usable_until <= now:
            return SourceState.STALE
        if self.problem is not None:
            return SourceState.BROKEN
        return SourceState.FRESH if self.matching else SourceState.EMPTY

    def named(self, now: datetime) -> tuple[Named, ...]:
        """Provider ids and certificates of those who are trusted by it now.

        No file's stem holds a ``/``: no provider is called like one of a PEM file.
        """
        if self.usable_until <= now:
            return ()
        return tuple(
            (f"{self.source.name}/{entry.provider_id}", entry.certificate)
            for entry in self.matching
        )


def read(source: Source, content: bytes, now: datetime) -> SignedTrustList:
    """Verify a list for a source; raise ``TrustListError`` and nothing else."""
    parse = lote.parse if source.kind is FileKind.LOTE else trusted_list.parse
    signed = parse(content, signers=source.signers, now=now)
    if source.list_type not in {None, signed.list_type}:
        raise TrustListKindError("the list is of another type than the category's")
    return signed


def matching(
    source: Source, signed: SignedTrustList
) -> tuple[tuple[TrustedEntry, ...], tuple[str, ...]]:
    """Who is trusted by a list; and who not, though others like them are, in words.

    A certificate of two providers would mix up their persons: it is neither's.
    """
    ids: dict[x509.Certificate, set[str]] = {}
    for entry in _fitting(source, signed):
        ids.setdefault(entry.certificate, set()).add(entry.provider_id)
    chosen, left_out = [], list(signed.unusable)
    for entry in _fitting(source, signed):
        if len(ids[entry.certificate]) == 1:
            chosen.append(entry)
        else:
            left_out.append(
                f"{printable(entry.name)}: its certificate is another's too"
            )
    return tuple(chosen), tuple(left_out)


def _fitting(source: Source, signed: SignedTrustList) -> tuple[TrustedEntry, ...]:
    """The entries of the source's service types and countries that can be anchors."""
    return tuple(
        entry
        for entry in signed.entries
        if entry.service_type in source.service_types
        and _from_there(source, signed, entry)
        and (
            is_ca(entry.certificate)
            or (source.signing_certificates and may_sign(entry.certificate))
        )
    )


def _from_there(source: Source, signed: SignedTrustList, entry: TrustedEntry) -> bool:
    return not source.countries or (
        (entry.country or signed.territory) in source.countries
    )


class TrustLists:
    """What one process knows of its sources; ``refresh`` brings it up to date."""

    def __init__(self, sources: Sequence[Source], database: Database) -> None:
        self._database = database
        self._held = {source.name: HeldList(source=source) for source in sources}

    @property
    def held(self) -> tuple[HeldList, ...]:
        """One per source, in the operator's order."""
        return tuple(self._held.values())

    def of(self, category: Category) -> tuple[HeldList, ...]:
        return tuple(h for h in self.held if h.source.category is category)

    def forget_others(self) -> None:
        """Drop lists of sources that are configured no more."""
        with self._database.begin() as connection:
            list_store.forget_all_but(connection, tuple(self._held))

    def refresh(self) -> None:
        """Read what is held in the database by now, and only what changed."""
        if not self._held:
            return
        with self._database.begin() as connection:
            rows = list_store.rows(connection)
        for name, held in self._held.items():
            row = rows.get((name, held.source.uri))
            self._held[name] = self._renewed(held, row)

    def _renewed(self, held: HeldList, row: Row[Any] | None) -> HeldList:
        if row is None:
            return HeldList(source=held.source)
        if row.content_sha256 != held.content_sha256:
            held = self._read(held.source, row)
        unread = held.problem if held.signed is None else None
        return replace(
            held,
            received_at=row.received_at,
            fetch_at=row.fetch_at or NEVER,
            problem=row.problem or unread,
            problem_at=row.problem_at,
        )

    def _read(self, source: Source, row: Row[Any]) -> HeldList:
        sha256: bytes = row.content_sha256
        held = HeldList(source=source, content_sha256=sha256)
        with self._database.begin() as connection:
            content = list_store.content(connection, source.name, sha256)
        if content is None or hashlib.sha256(content).digest() != sha256:
            return replace(held, problem="trust_list_replaced")
        try:
            signed = read(source, content, row.received_at)
        except TrustListError as error:
            return replace(held, problem=error.code)
        chosen, left_out = matching(source, signed)
        return replace(held, signed=signed, matching=chosen, left_out=left_out)


class CategoryTrust:
    """``IssuerTrust`` in a category: the operator's files, then what the lists say."""

    def __init__(
        self,
        category: Category,
        files: Mapping[str, x509.Certificate],
        lists: TrustLists,
    ) -> None:
        self._category = category
        self._files = tuple(files.items())
        self._lists = lists
        self._made_of: tuple[object, ...] = ()
        self._anchors = Anchors(self._files)

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the provider's id, or raise ``IssuerNotTrustedError``."""
        return self.anchors(now).resolve(chain, now)

    def anchors(self, now: datetime) -> Anchors:
        """Everybody trusted now; made anew when a list came or ended."""
        usable = [h for h in self._lists.of(self._category) if h.usable_until > now]
        made_of = tuple((h.source.name, h.content_sha256) for h in usable)
        if made_of != self._made_of:
            listed = [one for held in usable for one in held.named(now)]
            self._anchors = Anchors(
                (*self._files, *(one for one in listed if is_ca(one[1]))),
                (one for one in listed if not is_ca(one[1])),
            )
            self._made_of = made_of
        return self._anchors

    def providers(self, now: datetime) -> tuple[str, ...]:
        return tuple(sorted(self.anchors(now).providers))


def trusted(
    anchors: Mapping[Category, Mapping[str, x509.Certificate]], lists: TrustLists
) -> dict[Category, CategoryTrust]:
    """One trust per category, over its own files and its own lists."""
    return {
        category: CategoryTrust(category, files, lists)
        for category, files in anchors.items()
    }

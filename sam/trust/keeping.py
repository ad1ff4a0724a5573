"""A trust list handed over: kept if it holds for a source, and is not an older one.

Whoever hands it over is not believed. A list that does not hold leaves a note, so that
the operator sees it, and changes nothing else: the one held counts until its end.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sam import audit
from sam import errors as refused
from sam import messages as m
from sam.module import Sam
from sam.trust import held_lists, list_store
from sam.trust.entries import (
    SignedTrustList,
    TrustListError,
    TrustListOlderError,
    TrustListTimeError,
)
from sam.trust.held_lists import HeldList

KINDS: Final = frozenset({m.FileKind.LOTE, m.FileKind.TRUSTED_LIST})
FETCH_EVERY: Final = timedelta(hours=6)
SOONEST: Final = timedelta(minutes=1)


def keep(sam: Sam, kind: m.FileKind, uri: str, content: bytes) -> datetime:
    """Keep it for each source that wants it; return until when it may be used.

    Raises ``FileNotWantedError``, or ``FileRefusedError`` if it holds for no source.
    """
    sam.trust_lists.refresh()
    wanting = [
        held
        for held in sam.trust_lists.held
        if (held.source.kind, held.source.uri) == (kind, uri)
    ]
    if not wanting:
        raise refused.FileNotWantedError("no source of trust lists is this one")
    refusals: list[refused.SamError] = []
    ends: list[datetime] = []
    for held in wanting:
        try:
            ends.append(_keep_for(sam, held, content))
        except refused.FileRefusedError as error:
            refusals.append(error)
    sam.trust_lists.refresh()
    if not ends:
        raise refusals[0]
    return max(ends)


def wanted(sam: Sam) -> Iterator[m.WantedFile]:
    """What to fetch, and when: every source's list, several times a day."""
    now = sam.clock()
    for held in sam.trust_lists.held:
        yield m.WantedFile(
            kind=held.source.kind,
            uri=held.source.uri,
            fetch_at=now if held.signed is None else held.fetch_at,
            usable_until=None if held.signed is None else held.usable_until,
        )


def check_not_older(held: SignedTrustList | None, signed: SignedTrustList) -> None:
    """TS 119 602 §6.3.2, TS 119 612 §5.3.2: each issue has a greater number.

    The same number again is the same list (it may be signed anew) or a forgery.
    """
    if held is None or signed == held:
        return
    if signed.sequence <= held.sequence:
        raise TrustListOlderError(
            f"number {signed.sequence} is not above {held.sequence}, which is held"
        )
    if signed.issued_at < held.issued_at:
        raise TrustListOlderError("it was issued before the one held")


def _keep_for(sam: Sam, held: HeldList, content: bytes) -> datetime:
    now, source = sam.clock(), held.source
    try:
        signed = held_lists.read(source, content, now)
        check_not_older(held.signed, signed)
        if signed.next_update is None:
            raise TrustListTimeError("the list is closed: nobody is trusted by it")
    except TrustListError as error:
        with sam.database.begin() as connection:
            list_store.note_problem(
                connection, source.name, source.uri, error.code, now
            )
        raise refused.FileRefusedError(f"{error.code}: {error}") from error
    _store(sam, held, content, now, signed.next_update)
    return signed.next_update


def _store(
    sam: Sam, held: HeldList, content: bytes, now: datetime, next_update: datetime
) -> None:
    source, sha256 = held.source, hashlib.sha256(content).digest()
    with sam.database.begin() as connection:
        kept = list_store.keep(
            connection,
            source.name,
            source.uri,
            instead_of=held.content_sha256,
            content=content,
            content_sha256=sha256,
            received_at=now,
            fetch_at=now + max(SOONEST, min(FETCH_EVERY, (next_update - now) / 2)),
            problem=None,
            problem_at=None,
        )
        if not kept:
            raise refused.FileRefusedError("another list was kept meanwhile")
        if sha256 != held.content_sha256:
            audit.append(
                connection,
                audit.Event.FILE_KEPT,
                now=now,
                kind=source.kind,
                uri=source.uri,
                sha256=sha256.hex(),
                source=source.name,
            )

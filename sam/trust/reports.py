"""What an operator has to know about trust: lists and their states, and what ends when.

Nothing here is silent when nothing is configured: a category without an anchor says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography import x509

from sam import messages as m
from sam.trust.categories import Category
from sam.trust.held_lists import CategoryTrust, HeldList, SourceState, TrustLists

WARN: Final = timedelta(days=30)
URGENT: Final = timedelta(days=7)
LIST_WARN: Final = timedelta(days=7)
"""A list is replaced long before its end: a month would warn of nearly every one."""
OVERDUE: Final = timedelta(days=2)
"""A list is asked for every six hours (``keeping``)."""

Level = Literal["ok", "warn", "urgent", "over"]


@dataclass(frozen=True, slots=True)
class Watched:
    """Something that ends at ``ends_at``; None: there is none, which is no use."""

    subject: str
    ends_at: datetime | None
    warn: timedelta = WARN
    needed: bool = True

    def level(self, now: datetime) -> Level:
        if self.ends_at is None:
            return "over" if self.needed else "ok"
        left = self.ends_at - now
        if left <= timedelta(0):
            return "over"
        if left <= URGENT and self.warn > URGENT:
            return "urgent"
        return "warn" if left <= self.warn else "ok"


def sources(lists: TrustLists, now: datetime) -> tuple[m.TrustSource, ...]:
    return tuple(_source(held, now) for held in lists.held)


def expiries(watched: Sequence[Watched], now: datetime) -> tuple[m.Expiry, ...]:
    """The soonest first; what is missing before everything."""
    found = [
        m.Expiry(subject=w.subject, ends_at=w.ends_at, level=w.level(now))
        for w in watched
    ]
    return tuple(sorted(found, key=lambda e: (e.ends_at is not None, str(e.ends_at))))


def watched_anchors(
    trust: CategoryTrust, category: Category, now: datetime
) -> Iterator[Watched]:
    """Each anchor of a file, and of those of lists the ones that end soon."""
    anchors = trust.anchors(now)
    named = (*anchors.authorities.items(), *anchors.signers.items())
    for certificate, provider in named:
        ends_at = certificate.not_valid_after_utc
        if "/" not in provider or ends_at <= now + WARN:
            yield Watched(f"anchor {category} {provider}", ends_at)
    if not named:
        needed = category is Category.PID_PROVIDERS
        yield Watched(f"anchor {category}: none at all", None, needed=needed)


def watched_lists(lists: TrustLists) -> Iterator[Watched]:
    """Each source's list, and the pinned certificates of its scheme operator."""
    for held in lists.held:
        if held.signed is None:  # an alarm of its own: ``sources``
            yield Watched(f"list {held.source.name}: none held", None, needed=False)
        else:
            yield Watched(f"list {held.source.name}", held.usable_until, LIST_WARN)
            yield _fetching(held)
        for number, signer in enumerate(held.source.signers, 1):
            subject = f"signer {number} of list {held.source.name}"
            yield Watched(subject, signer.not_valid_after_utc, needed=False)
    if not lists.held:
        yield Watched("list: none is configured", None, needed=False)


def _fetching(held: HeldList) -> Watched:
    """A list withheld from us is good for months: that nothing comes is said."""
    came = held.received_at
    ends_at = None if came is None else came + OVERDUE
    return Watched(f"fetching of list {held.source.name}", ends_at, timedelta(0))


def watched_file(subject: str, file: Path) -> Watched:
    """The certificate of a PEM file that ends first."""
    try:
        chain = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return Watched(f"{subject}: no readable {file.name}", None)
    return Watched(subject, min(one.not_valid_after_utc for one in chain))


def _source(held: HeldList, now: datetime) -> m.TrustSource:
    state, signed = held.state(now), held.signed
    counted = {provider for provider, _ in held.named(now)}
    return m.TrustSource(
        name=held.source.name,
        category=held.source.category,
        kind=held.source.kind,
        uri=held.source.uri,
        state=state,
        says=_says(held, state, now),
        providers=len(counted),
        sequence=signed.sequence if signed else None,
        issued_at=signed.issued_at if signed else None,
        next_update=signed.next_update if signed else None,
    )


def _says(held: HeldList, state: SourceState, now: datetime) -> str:
    said = {
        SourceState.ABSENT: (
            "never received: let the worker run, with the list's host in "
            "QES_EGRESS_HOSTS. Nobody is trusted by it"
        ),
        SourceState.STALE: (
            f"its next update was due on {_day(held.usable_until)}. Nobody is trusted "
            "by it until a newer one comes"
        ),
        SourceState.BROKEN: (
            f"since {_day(held.problem_at)} what comes is refused ({held.problem}): "
            "compare the signers' file with what the scheme operator publishes. "
            + _meanwhile(held, now)
        ),
        SourceState.EMPTY: (
            "it holds, and lists nobody who can be an anchor here: look at "
            "service_types, countries and signing_certificates of the sources' file"
        ),
        SourceState.FRESH: f"good until {_day(held.usable_until)}",
    }[state]
    if state is SourceState.STALE and held.problem:
        said += f"; what came is refused ({held.problem})"
    left_out = "; ".join(held.left_out[:5])
    return f"{said}. Not usable: {left_out}" if left_out else said


def _meanwhile(held: HeldList, now: datetime) -> str:
    if held.usable_until > now:
        return f"The list held before counts until {_day(held.usable_until)}"
    return "Nobody is trusted by it"


def _day(moment: datetime | None) -> str:
    return "?" if moment is None else moment.strftime("%Y-%m-%d %H:%M UTC")

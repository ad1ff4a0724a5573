"""Everything of a SAM that ends: said in ``info``, and once a day in the log."""

import logging
from datetime import datetime, timedelta
from typing import Final

from hsm.port import ServiceKey
from sam import messages as m
from sam.algorithms import warnings as algorithm_ends
from sam.config import SamConfig
from sam.module import Sam
from sam.trust import reports
from sam.trust.reports import Watched

EVERY: Final = timedelta(days=1)

log = logging.getLogger("sam.trust")


def expiries(sam: Sam) -> tuple[m.Expiry, ...]:
    now = sam.clock()
    return reports.expiries(_watched(sam, now), now)


def of_files(config: SamConfig) -> list[Watched]:
    """The SAM's own certificates and the CA's anchor, as they are on the disk."""
    chains = [
        reports.watched_file(
            f"certificate {key.value}", config.certificates / f"{key.value}.pem"
        )
        for key in ServiceKey
    ]
    return [*chains, reports.watched_file("CA anchor", config.ca_anchor)]


def _watched(sam: Sam, now: datetime) -> list[Watched]:
    found = of_files(sam.config)
    for category, trust in sam.anchors.items():
        found += reports.watched_anchors(trust, category, now)
    found += reports.watched_lists(sam.trust_lists)
    found += algorithm_ends.watched(sam.algorithms, now)
    return [*found, *_registrations(sam)]


def _registrations(sam: Sam) -> list[Watched]:
    none = [Watched("registration certificate: none", None, needed=False)]
    return [
        Watched(f"registration certificate {purpose}", held.expires_at, needed=False)
        for purpose, one in sam.registrations.items()
        if (held := one.certificate) is not None
    ] or none


class DailyLog:
    """Once a day and at the start: what ends soon, or that nothing does."""

    def __init__(self) -> None:
        self._said: datetime | None = None

    def round(self, sam: Sam) -> None:
        now = sam.clock()
        if self._said is not None and now - self._said < EVERY:
            return
        self._said = now
        self._say(sam, now)

    def _say(self, sam: Sam, now: datetime) -> None:
        alarms = [e for e in expiries(sam) if e.level != "ok"]
        alarms_of_lists = [
            f"list {source.name} is {source.state}: {source.says}"
            for source in reports.sources(sam.trust_lists, now)
            if source.state != "fresh"
        ]
        for sentence in (*map(sentence_of, alarms), *alarms_of_lists):
            log.warning("trust: %s", sentence)
        if not alarms and not alarms_of_lists:
            log.info("trust: nothing ends soon; every list is fresh")


def sentence_of(expiry: m.Expiry) -> str:
    """For people: what, and when it ends or ended."""
    if expiry.ends_at is None:
        return expiry.subject
    verb = "ended" if expiry.level == "over" else "ends"
    return f"{expiry.subject} {verb} on {expiry.ends_at:%Y-%m-%d}"

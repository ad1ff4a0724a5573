"""``sam status`` and ``sam explain-chain``: trust as disk and database have it.

It needs no device and no running SAM, so it also helps where one does not start.
"""

from collections.abc import Iterator
from datetime import datetime

from sam import messages as m
from sam.algorithms import warnings as algorithm_ends
from sam.config import SamConfig
from sam.database import Database
from sam.start import algorithm_rules, load_anchors, load_sources
from sam.trust import held_lists, reports, watching
from sam.trust.anchors import Anchors
from sam.trust.categories import Category
from sam.trust.held_lists import TrustLists


def sentences(config: SamConfig, now: datetime) -> Iterator[str]:
    """One line per list and per thing that ends; ``StartError`` if files are unfit."""
    lists = _lists(config)
    for source in reports.sources(lists, now):
        yield f"{source.state:8} list {source.name} ({source.category}): {source.says}"
    for expiry in _expiries(config, lists, now):
        yield f"{expiry.level:8} {watching.sentence_of(expiry)}"


def _expiries(
    config: SamConfig, lists: TrustLists, now: datetime
) -> tuple[m.Expiry, ...]:
    found = watching.of_files(config)
    trusts = held_lists.trusted(load_anchors(config), lists)
    for category, trust in trusts.items():
        found += reports.watched_anchors(trust, category, now)
    found += reports.watched_lists(lists)
    found += algorithm_ends.watched(algorithm_rules(config), now)
    return reports.expiries(found, now)


def current_anchors(config: SamConfig, now: datetime) -> dict[Category, Anchors]:
    """Whom a SAM with these settings trusts now, per category."""
    trusts = held_lists.trusted(load_anchors(config), _lists(config))
    return {category: trust.anchors(now) for category, trust in trusts.items()}


def _lists(config: SamConfig) -> TrustLists:
    database = Database(config.database_url)
    try:
        lists = TrustLists(load_sources(config), database)
        lists.refresh()
    finally:
        database.close()
    return lists

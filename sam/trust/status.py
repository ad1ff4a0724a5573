"""``sam status``: how trust stands, read from the disk and the database.

It needs no device and no running SAM, so it also helps where one does not start.
"""

from collections.abc import Iterator
from datetime import datetime

from sam import messages as m
from sam.config import SamConfig
from sam.database import Database
from sam.start import load_anchors, load_sources
from sam.trust import held_lists, reports, watching
from sam.trust.held_lists import TrustLists


def sentences(config: SamConfig, now: datetime) -> Iterator[str]:
    """One line per list and per thing that ends; ``StartError`` if files are unfit."""
    database = Database(config.database_url)
    try:
        lists = TrustLists(load_sources(config), database)
        lists.refresh()
    finally:
        database.close()
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
    return reports.expiries(found, now)

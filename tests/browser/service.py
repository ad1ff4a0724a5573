"""The running service with the emulated phone beside it, for browsers to visit."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from app.local.layout import POLICY, Layout
from app.local.processes import running
from tests.deployment import deployed, free_port

CAP: Final = 200
"""Free signatures of a person: more than all tests together use."""


@dataclass(frozen=True, slots=True)
class Service:
    """Time and habit are ``age_links`` and ``used_up``; all else is its pages."""

    layout: Layout

    @property
    def url(self) -> str:
        return self.layout.config.base_url

    @property
    def phone_url(self) -> str:
        return self.layout.config.phone_url

    def age_links(self) -> None:
        """Every wallet link that waits becomes as old as the web tier lets one get."""
        self._write(
            "UPDATE exchanges SET expires_at = opened_at WHERE answered_at IS NULL"
        )

    @contextmanager
    def used_up(self) -> Iterator[None]:
        """Nobody who signed in this period has a free signature left."""
        self._write("UPDATE free_tier_counters SET used = used + ?", CAP)
        yield
        self._write("UPDATE free_tier_counters SET used = used - ?", CAP)

    def signatures(self) -> int:
        """How many requests ended as signed."""
        with closing(self._database()) as database:
            statement = "SELECT count(*) FROM signing_requests WHERE state = 'signed'"
            (count,) = database.execute(statement).fetchone()
        return int(count)

    def _write(self, statement: str, *values: object) -> None:
        with closing(self._database()) as database, database:
            database.execute(statement, values)

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.layout.web / "app.db", timeout=20)


@contextmanager
def started(folder: Path, softhsm: Path, **more: str) -> Iterator[Service]:
    """Every process on ports of its own, under a rule with a cap; ``more`` settings."""
    rule = folder / "free-tier.json"
    rule.write_text(json.dumps(json.loads(POLICY.read_text()) | {"cap": CAP}))
    settings = {
        "QES_PKCS11_MODULE": str(softhsm),
        "QES_WORKER_INTERVAL_SECONDS": "0.2",
        "QES_SAM_FREE_TIER_POLICY": str(rule),
        "QES_FREE_TIER_POLICY": str(rule),
        **more,
    }
    with deployed(folder, **settings) as made:
        phone_url = f"http://localhost:{free_port()}"
        config = made.config.model_copy(update={"phone_url": phone_url})
        layout = replace(made, config=config, phone=True)
        with running(layout):
            yield Service(layout)

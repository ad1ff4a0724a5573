"""The start page, and whether the service is alive and ready."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.ades.errors import TimestampUnavailableError
from app.database import Database
from app.signing import store
from app.signing.time_stamps import TimeStamps
from app.web.browser import BrowserDoor
from sam.client import SamClient
from sam.errors import SamError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    database: Database
    sam: SamClient
    time_stamps: TimeStamps

    def checks(self) -> dict[str, bool]:
        return {
            "database": self._answers(self.database.ping),
            "sam": self._answers(self.sam.info),
            "tsa": self._answers(self.time_stamps.probe),
        }

    def _answers(self, ask: Callable[[], object]) -> bool:
        try:
            ask()
        except (SQLAlchemyError, SamError, TimestampUnavailableError) as error:
            log.warning("not ready: %s", type(error).__name__)
            return False
        return True


def pages_blueprint(
    door: BrowserDoor, database: Database, readiness: Readiness, max_upload: int
) -> Blueprint:
    bp = Blueprint("pages", __name__)

    @bp.get("/")
    def start() -> ResponseReturnValue:
        browser = door.current_or_new()
        with database.read() as db:
            requests = store.of_browser(db, browser.id)
        return render_template(
            "start.html", requests=requests, max_megabytes=max_upload // 1_000_000
        )

    @bp.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return jsonify(status="ok")

    @bp.get("/readyz")
    def readyz() -> ResponseReturnValue:
        checks = readiness.checks()
        return jsonify(checks), 200 if all(checks.values()) else 503

    return bp

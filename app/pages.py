"""The start page, the pages of plain words, and whether the service is alive."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.ades.errors import TimestampUnavailableError
from app.database import Database
from app.plans.free_tier import Allowance, FreeTier
from app.signers.store import BrowserSession
from app.signing import store
from app.signing.terms import accepted_version
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage:
    door: BrowserDoor
    database: Database
    free_tier: FreeTier
    clock: Callable[[], datetime]
    max_megabytes: int
    max_documents: int

    def page(self) -> str:
        browser = self.door.current_or_new()
        with self.database.read() as db:
            requests = store.of_browser(db, browser.id)
        return render_template(
            "start.html",
            requests=requests,
            max_megabytes=self.max_megabytes,
            max_documents=self.max_documents,
            policy=self.free_tier.policy,
            allowance=self._allowance(browser),
        )

    def _allowance(self, browser: BrowserSession) -> Allowance | None:
        handle = browser.live_handle(self.clock())
        return self.free_tier.allowance(handle) if handle else None


def pages_blueprint(start_page: StartPage, readiness: Readiness) -> Blueprint:
    bp = Blueprint("pages", __name__)

    @bp.get("/")
    def start() -> ResponseReturnValue:
        return start_page.page()

    @bp.get("/terms")
    def terms() -> ResponseReturnValue:
        version = accepted_version(start_page.free_tier.policy)
        return render_template("terms.html", version=version)

    @bp.get("/help")
    def help() -> ResponseReturnValue:  # noqa: A001 — the page's name
        return render_template("help.html")

    @bp.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return jsonify(status="ok")

    @bp.get("/readyz")
    def readyz() -> ResponseReturnValue:
        checks = readiness.checks()
        return jsonify(checks), 200 if all(checks.values()) else 503

    return bp

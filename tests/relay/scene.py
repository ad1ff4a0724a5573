"""An attacker at a browser of his own, a victim elsewhere, and what he may end up with.

The attacker shows the victim what the service shows him: a QR code or a link. Each
script is one way to go on from there; afterwards the auditor counts.
"""

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.end_to_end.conftest import NO_KEEP_ALIVE, Service
from tests.end_to_end.signer import Signer
from tests.relay.visitor import NO_TLS, Asked, Visitor
from wallet_emulator.browser import Page
from wallet_emulator.consent import Decision
from wallet_emulator.errors import AnswerNotAcceptedError, RequestNotAuthenticError
from wallet_emulator.persons import PERSONS
from wallet_emulator.presentation import Outcome

VICTIM = PERSONS["asa"]
VICTIMS_NAME = f"{VICTIM.given_name} {VICTIM.family_name}"
VICTIMS_DOCUMENT = "letter-to-my-doctor.pdf"
RELEASED = ("signed.zip", "evidence.zip", "documents/1/signed.pdf")
OFFER = re.compile(r"openid-credential-offer://[^\s\"]+")
REFUSED = (AnswerNotAcceptedError, RequestNotAuthenticError)
"""What a wallet meets whose request or answer is not taken."""
ANSWERED = {"identify": "answered", "approve": "awaiting_confirmation"}


@dataclass(slots=True)
class Victim:
    """Åsa: a wallet with PID and pass, a phone, and a browser of her own at home."""

    signer: Signer
    phone: Visitor
    home: Visitor
    posted: list[httpx.Request] = field(default_factory=list)

    def answer(self, page: Page, decision: Decision = Decision.ALLOW) -> Outcome:
        """What her wallet does with a code that somebody shows her."""
        wire = httpx.Client(
            event_hooks={"request": [self.posted.append]},
            timeout=30,
            limits=NO_KEEP_ALIVE,
            verify=NO_TLS,
        )
        with wire:
            return self.signer.answer(page, decision=decision, http=wire)

    @property
    def last_answer(self) -> bytes:
        """The encrypted answer as it went over the wire."""
        return self.posted[-1].content

    def code_on(self, link: str) -> str:
        """The six digits that her phone shows."""
        shown = self.phone.open(link).element("confirmation-code").text
        return "".join(c for c in shown if c.isdecimal())


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """The victim has answered: ``link`` is where her wallet sends her."""

    what: Asked
    page: Page
    outcome: Outcome

    @property
    def path(self) -> str:
        """The attacker's document."""
        return urlsplit(self.page.url).path.removesuffix("/identification")

    @property
    def link(self) -> str:
        return str(self.outcome.redirect_uri)

    @property
    def response_code(self) -> str:
        return parse_qs(urlsplit(self.link).query)["response_code"][0]


@dataclass(slots=True)
class Scene:
    """``attacker``: a fresh browser; ``accomplice``: the attacker's own wallet."""

    service: Service
    victim: Victim
    attacker: Visitor
    accomplice: Signer
    own_offers: int = 0

    def relay(self, what: Asked, name: str = "prize.pdf") -> Relayed:
        """The attacker asks and shows the code; the victim's wallet answers it."""
        return self.answered(what, self.attacker.ask(what, name))

    def answered(self, what: Asked, page: Page) -> Relayed:
        relayed = Relayed(what=what, page=page, outcome=self.victim.answer(page))
        assert self.word(relayed) == ANSWERED[what]
        return relayed

    def word(self, relayed: Relayed) -> str:
        """What the attacker's waiting page is told."""
        inner = "/identification" if relayed.what == "identify" else ""
        told = self.attacker.send("GET", f"{relayed.path}{inner}/watch").json()
        return str(told["state"])

    def log_in_himself(self) -> str:
        """The attacker, with his own wallet; returns the document's path."""
        page = self.attacker.ask("identify", "own.pdf")
        returned = self.accomplice.answer(page)
        assert self.attacker.open(str(returned.redirect_uri)).find("offer-link")
        self.own_offers += 1
        return urlsplit(page.url).path.removesuffix("/identification")

    def faults(self) -> list[tuple[str, int]]:
        """5xx, wherever somebody was answered with one."""
        people = (self.attacker, self.victim.phone, self.victim.home)
        return [fault for person in people for fault in person.faults()]

    def type(self, relayed: Relayed, *codes: str) -> None:
        for code in codes:
            self.attacker.post(f"{relayed.path}/confirm", code=code)


def state_of(page: Page) -> str:
    return page.element("request-state").attribute("data-state")


Script = Callable[[Scene], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoils:
    """Counted outside the service, in its own records."""

    logins: int
    passes: int
    signed: int
    key_operations: int
    releases: int


def spoils(service: Service) -> Spoils:
    """Browsers in which the victim is identified, offers of her passes, signatures."""
    file = service.layout.web / "app.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        counted = [
            db.execute(statement, bound).fetchone()[0]
            for statement, bound in (
                (
                    "SELECT count(*) FROM browser_sessions WHERE display_name = ?",
                    (VICTIMS_NAME,),
                ),
                (
                    "SELECT count(*) FROM pass_offers JOIN exchanges USING (tx)"
                    " WHERE exchanges.display_name = ?",
                    (VICTIMS_NAME,),
                ),
                (
                    "SELECT count(*) FROM signing_requests"
                    " WHERE state IN ('signing', 'signed')",
                    (),
                ),
            )
        ]
    db.close()
    return Spoils(
        logins=counted[0],
        passes=counted[1],
        signed=counted[2],
        key_operations=service.key_operations(),
        releases=len(service.sam.releases(0).releases),
    )


def gained(before: Spoils, scene: Scene) -> dict[str, int]:
    """What grew since, but for the device's own operations."""
    after = spoils(scene.service)
    names = ("logins", "passes", "signed", "releases")
    grown = {name: getattr(after, name) - getattr(before, name) for name in names}
    return {name: by for name, by in grown.items() if by}


def seen_by_the_attacker(scene: Scene) -> list[str]:
    """What of the victim's he ever received, on any page or in any file."""
    his = [e.text for e in scene.attacker.open("/session").elements]
    texts = [*his, *scene.attacker.texts()]
    secrets = (VICTIM.family_name, VICTIM.given_name, VICTIMS_DOCUMENT)
    found = [s for s in secrets if any(s in text for text in texts)]
    offers = {link for text in texts for link in OFFER.findall(text)}
    return found + ["offer"] * (len(offers) - scene.own_offers)


def opened_to_the_attacker(scene: Scene) -> list[str]:
    """Signed files of his own documents, and any file of hers, by their addresses."""
    own = [f"{path}/{name}" for path in scene.attacker.requests for name in RELEASED]
    (hers,) = scene.victim.home.requests
    parts = ("", "/watch", "/documents/1/prepared.pdf", "/documents/1/signed.pdf")
    return [
        path
        for path in [*own, *(hers + part for part in parts)]
        if scene.attacker.send("GET", path).status_code != httpx.codes.NOT_FOUND
    ]

"""Every page in every situation a person can meet, with made-up contexts.

Endpoints are stubs under their real names, so that ``url_for`` works; templates, style
sheet, scripts and QR code are the real ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pypdfium2
from flask import Flask, Response, render_template

from app.oauth.authorize_views import REFUSALS
from app.plans.policy import load
from app.signers.passes import HeldPasses
from app.signing.states import SHOWN, State
from app.signing.wallet_words import wallet_said
from app.verification.signed_file import DOES_NOT_PROVE, HEADLINES, Verdict
from app.web.headers import CONTENT_SECURITY_POLICY
from app.web.qr import qr_svg
from sam import messages as m

ROOT: Final = Path(__file__).parents[3]
LEASE: Final = ROOT / "wallet_emulator/sample/lease.pdf"
NOW: Final = datetime(2026, 11, 20, 10, 42, tzinfo=UTC)
SOON: Final = NOW + timedelta(minutes=5)
REQUEST_ID: Final = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
CODE: Final = "9f3c1d5e7a2b4c6d8e0f1a3b5c7d9e1f"
TERMS: Final = "terms 2026-11-20, pl-like 2026-11-01"
LINK: Final = (
    "openid4vp://?client_id=x509_hash%3AUs3_QxBp3eDsS1oRkYwqyzIiPIcrJXzqyxaCzF3EKgE"
    "&request_uri=https%3A%2F%2Fsign.example%2Foid4vp%2Frequest%2F"
    "Q3Zk1mB9xL0pRtYw8nVc2A&request_uri_method=post"
)
POLICY: Final = load(ROOT / "app/plans/policies/pl-like.json")
ROUTES: Final = {
    "authorize.decide": "/oauth2/authorize",
    "pages.start": "/",
    "pages.terms": "/terms",
    "pages.help": "/help",
    "plans.free": "/free",
    "verification.verify": "/verify",
    "signing.receive": "/requests",
    "signing.page": "/requests/<request_id>",
    "signing.identification": "/requests/<request_id>/identification",
    "signing.identify": "/requests/<request_id>/identify",
    "signing.approve": "/requests/<request_id>/approve",
    "browser.identify": "/requests/<request_id>/identify/browser",
    "browser.identify_alone": "/identify/browser",
    "identify_alone.page": "/identify",
    "identify_alone.start": "/identify",
    "identify_alone.confirm": "/identify/confirm",
    "identify_alone.stop": "/identify/stop",
    "identify_alone.watch": "/identify/watch",
    "signing.again": "/requests/<request_id>/again",
    "signing.renew": "/requests/<request_id>/renew",
    "signing.confirm": "/requests/<request_id>/confirm",
    "signing.stop": "/requests/<request_id>/stop",
    "signing.continue_on_phone": "/requests/<request_id>/phone",
    "signing.watch": "/requests/<request_id>/watch",
    "signing.wallet_kind": "/requests/<request_id>/wallet-kind",
    "signing.choose_wallet_kind": "/requests/<request_id>/wallet-kind",
    "downloads.prepared": "/requests/<request_id>/<int:position>/prepared",
    "downloads.signed": "/requests/<request_id>/<int:position>/signed",
    "downloads.all_signed": "/requests/<request_id>/signed.zip",
    "downloads.evidence": "/requests/<request_id>/evidence",
    "reading.image": "/requests/<request_id>/<int:position>/pages/<int:page>.png",
    "reading.pdf": "/requests/<request_id>/<int:position>/read.pdf",
    "returned.not_me": "/oid4vp/not-me",
    "returned.watch": "/oid4vp/return/watch",
    "handover.here": "/continue/<token>",
    "session.page": "/session",
    "session.forget": "/session/forget",
    "passes.page": "/session/passes",
    "passes.ask": "/session/passes/<which>/end",
    "passes.end": "/session/passes/<which>/end",
    "session.export": "/session/export.json",
    "verification.judge": "/verify/judge",
}


@dataclass(frozen=True, kw_only=True)
class Document:
    position: int = 1
    name: str = "Rental contract.pdf"
    page_count: int = 4
    original_length: int = 312_000
    sdr: str = "9b2e61f0c47d83a5e1f6b90d2c8a7e54" * 2
    sodr: str = "1d7a3c5e90b2f4867a6c8e0d2b4f1937" * 2
    label: str | None = None
    code: str | None = None
    signed: str | None = None
    warnings: tuple[str, ...] = ()
    earlier: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Request:
    id: str = REQUEST_ID
    state: str = "ready"
    reason: str | None = None
    release: int | None = None
    signer_name: str | None = None
    signed_at: datetime | None = None
    purged_at: datetime | None = None
    created_at: datetime = NOW
    started_on: str = "Firefox on Windows"
    attempts: int = 0
    terms_version: str = TERMS
    documents: tuple[Document, ...] = (Document(),)

    @property
    def title(self) -> str:
        first, *others = [document.name for document in self.documents]
        return f"{first} and {len(others)} more" if others else first


@dataclass(frozen=True)
class Scene:
    name: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    resources: tuple[str, ...] = ()


LABELLED: Final = Document(
    label="Rental contract.pdf · 4 p. · code 6873 4596", code="6873 4596"
)
EARLIER: Final = Document(
    warnings=("It contains form fields.",),
    earlier=(SimpleNamespace(name="Ana Horvat", signed_at=NOW - timedelta(days=1)),),
)
THREE: Final = (
    LABELLED,
    Document(
        position=2,
        name="Hausordnung_und_sehr_langer_Dateiname_ohne_Leerzeichen_2026.pdf",
        page_count=1,
        original_length=2_400_000,
        sdr="4c1d" * 16,
        label="Hausordnung_und_sehr_langer_Dateiname….pdf · 1 p. · code 1122 3344",
        code="1122 3344",
    ),
    Document(
        position=3,
        name="Договор.pdf",
        page_count=12,
        sdr="77aa" * 16,
        label="Договор.pdf · 12 p. · code 9081 7263",
        code="9081 7263",
    ),
)
ALLOWANCE: Final = SimpleNamespace(
    used=2, cap=5, left=3, resets_at=datetime(2026, 11, 30, 23, tzinfo=UTC)
)


def held_pass(days_ago: int, *, own: bool = False, revoked: bool = False) -> m.HeldPass:
    issued = NOW - timedelta(days=days_ago)
    state = m.PassState.VALID if days_ago < 30 else m.PassState.ENDED
    return m.HeldPass(
        reference=f"{days_ago:022}",
        issued_at=issued,
        expires_at=issued + timedelta(days=30),
        state=m.PassState.REVOKED if revoked else state,
        own=own,
    )


HELD: Final = {
    "none": HeldPasses((), NOW),
    "one": HeldPasses((held_pass(2),), NOW),
    "ending": HeldPasses((held_pass(25),), NOW),
    "over": HeldPasses((held_pass(3, revoked=True), held_pass(40)), NOW),
    "two": HeldPasses((held_pass(0, own=True), held_pass(9)), NOW),
}
BROWSER: Final = SimpleNamespace(display_name="Ivan Kovač", handle_expires_at=SOON)
EXCHANGE: Final = SimpleNamespace(
    request_id=REQUEST_ID,
    purpose="identify",
    display_name="Ivan Kovač",
    answered_at=None,
    wallet_error=None,
    expires_at=SOON,
)
OFFER: Final = SimpleNamespace(
    link="openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fsign.example",
    expires_at=SOON,
    redeemed=False,
)
CARD: Final = SimpleNamespace(
    kind="Advanced electronic signature (TEST, no legal effect)",
    provider="Demo signing service",
    framework="EU (eIDAS), test",
    labels=(LABELLED.label,),
    signatures=1,
    integrity="Your wallet also checks the file itself.",
    certificate="Made for this signature only.",
    shares=("given name", "family name"),
)


def reader(document: Document, page: int = 2, pages: int = 4) -> SimpleNamespace:
    here = f"/requests/{REQUEST_ID}?document={document.position}&page="
    files = f"/requests/{REQUEST_ID}/{document.position}"
    return SimpleNamespace(
        document=document,
        page=page,
        pages=pages,
        image_url=f"{files}/pages/{page}.png",
        text="Rental contract\n\n§ 1 The flat is let from 1 December 2026.",
        previous_url=f"{here}{page - 1}" if page > 1 else None,
        next_url=f"{here}{page + 1}" if page < pages else None,
        pdf_url=f"{files}/read.pdf",
    )


def shown(state: State, request: Request | None = None, **more: Any) -> dict[str, Any]:
    request = replace(request or Request(), state=state)
    return {
        "request": request,
        "state": state,
        "shown": SHOWN[state],
        "watch_url": f"/requests/{REQUEST_ID}/watch",
        "word": str(state),
        "terms_version": TERMS,
        "policy": POLICY,
        "allowance": None,
        **more,
    }


WALLET: Final[dict[str, Any]] = {
    "exchange": EXCHANGE,
    "link": LINK,
    "qr": qr_svg(LINK),
    "demo_link": None,
    "expired": False,
    "answered": False,
    "code_input": False,
    "wrong_code": False,
    "tries_left": 3,
    "watch_url": f"/requests/{REQUEST_ID}/watch",
    "word": "waiting",
    "renew_by_itself": True,
    "seconds_left": 102,
    "said": None,
    "card": CARD,
}
SAID: Final = wallet_said("access_denied")
DEMO_LINK: Final = "https://wallet.example/scan?uri=openid4vp"
PHONE: Final[dict[str, Any]] = {
    "exchange": EXCHANGE,
    "request": Request(),
    "purpose": "sign",
    "started_on": "Firefox on Windows",
    "started_at": NOW,
    "documents": (LABELLED,),
    "code": "427913",
    "type_until": SOON,
    "response_code": CODE,
    "confirmed": False,
    "closed": False,
    "offer": None,
    "demo_offer_link": None,
    "watch_url": f"/oid4vp/return/watch?response_code={CODE}",
    "word": "code",
}
SIGNED: Final = Request(
    release=17,
    signer_name="Ivan Kovač",
    signed_at=NOW,
    documents=(replace(LABELLED, signed="c0ffee00" * 8),),
)
PROBLEM: Final = SimpleNamespace(
    title="We can't sign right now",
    happened="The part of this service that signs does not answer.",
    signed="Nothing was signed.",
    next_step="Please try again in a few minutes.",
    code="sam_unavailable",
)


def scenes() -> Iterator[Scene]:
    yield from _beginning()
    yield from _reading()
    yield from _identifying()
    yield from _identifying_alone()
    yield from _approving()
    yield from _ending()
    yield from _beside()


def _beginning() -> Iterator[Scene]:
    start = {
        "requests": [],
        "max_megabytes": 5,
        "max_documents": 5,
        "policy": POLICY,
        "allowance": None,
    }
    known = [Request(), Request(state="signed", documents=THREE)]
    yield Scene("start", "start.html", start)
    yield Scene(
        "start-known",
        "start.html",
        {**start, "requests": known, "allowance": ALLOWANCE},
    )
    yield Scene(
        "start-plain", "start.html", {**start, "policy": None, "max_documents": 1}
    )
    yield Scene("help", "help.html")
    yield Scene("terms", "terms.html", {"version": TERMS})
    yield Scene("problem", "problem.html", {"problem": PROBLEM})


def _reading() -> Iterator[Scene]:
    def ready(name: str, **more: Any) -> Scene:
        context = {
            "reason": None,
            "reader": reader(Document()),
            "identified": False,
            "browser": BROWSER,
            **more,
        }
        return Scene(name, "ready.html", shown(State.READY, **context))

    yield ready("ready")
    yield ready("ready-warnings", request=Request(documents=(EARLIER,)))
    yield ready("ready-identified", identified=True, allowance=ALLOWANCE)
    yield ready(
        "ready-three", request=Request(documents=THREE), reader=reader(THREE[1], 1, 1)
    )
    yield ready(
        "ready-reason", reason="Your wallet approved, but too late.", policy=None
    )


WALLET_KINDS = (
    m.OfferedProfile(name="production", title="EU Digital Identity Wallet"),
    m.OfferedProfile(name="credo", title="Wallet built on Credo"),
)


def _identifying() -> Iterator[Scene]:
    def asking(name: str, **more: Any) -> Scene:
        context = {**WALLET, "request": Request(), **more}
        return Scene(name, "identification.html", context)

    yield asking("identification")
    yield asking("identification-link-only", qr=None)
    yield asking("identification-other-wallet", choose_wallet=True)
    kinds = {"request": Request(), "kinds": WALLET_KINDS, "back": "/"}
    yield Scene("wallet-kind", "wallet_kind.html", {**kinds, "chosen": None})
    chosen = WALLET_KINDS[1].name
    yield Scene("wallet-kind-chosen", "wallet_kind.html", {**kinds, "chosen": chosen})
    yield asking("identification-demo", demo_link=DEMO_LINK)
    yield asking("identification-expired", expired=True, renew_by_itself=False)
    yield asking("identification-answered", answered=True)
    yield asking("identification-in-browser", dc_api=True)
    browser = SimpleNamespace(**{**vars(EXCHANGE), "dc_api": True})
    yield asking("identification-browser-failed", exchange=browser, dc_api=True)
    yield asking("identification-code", answered=True, code_input=True)
    yield asking(
        "identification-wrong-code",
        answered=True,
        code_input=True,
        wrong_code=True,
        tries_left=2,
    )
    identify = {**PHONE, "purpose": "identify"}
    done = {**identify, "confirmed": True, "offer": OFFER}
    yield Scene("phone-identify", "phone.html", identify)
    yield Scene("phone-identified", "phone.html", done)
    identified = {"exchange": EXCHANGE, "browser": BROWSER, "demo_offer_link": None}
    yield Scene("identified", "identified.html", {**identified, "offer": OFFER})
    yield Scene("identified-again", "identified.html", {**identified, "offer": None})
    for name, held in HELD.items():
        with_passes = {**identified, "offer": OFFER, "held": held}
        yield Scene(f"identified-{name}", "identified.html", with_passes)
    authorize = {
        "name": EXCHANGE.display_name,
        "target": "eu.europa.ec.euidi",
        "request_uri": "urn:ietf:params:oauth:request_uri:x",
        "client_id": "https://wallet.example",
    }
    yield Scene("authorize", "authorize.html", authorize)
    for kind, refusal in REFUSALS.items():
        name = f"authorize-{kind.__name__}"
        yield Scene(name, "authorize_refused.html", {"refusal": refusal})


def _identifying_alone() -> Iterator[Scene]:
    def alone(name: str, changed: dict[str, Any] | None = None, **more: Any) -> Scene:
        exchange = SimpleNamespace(**{**vars(EXCHANGE), **(changed or {})})
        context = {**WALLET, "exchange": exchange, **more}
        return Scene(f"alone-{name}", "identify_alone.html", context)

    answered = {"answered_at": NOW}
    verified = {**answered, "confirmed_at": NOW, "issued_by": "demo-pid-provider"}
    yield alone("waiting")
    yield alone("expired", expired=True, renew_by_itself=False)
    yield alone("answered", answered)
    yield alone("code", answered, code_input=True)
    yield alone("wrong-code", answered, code_input=True, wrong_code=True, tries_left=2)
    yield alone("verified", verified)
    yield Scene("alone", "identify_alone.html", {"word": "closed"})
    closed = {"word": "closed", "closed": True, "dc_api": True}
    yield Scene("alone-closed", "identify_alone.html", closed)
    phone = {**PHONE, "purpose": "identify_alone", "documents": ()}
    yield Scene("alone-phone", "phone.html", phone)
    yield Scene("alone-phone-confirmed", "phone.html", {**phone, "confirmed": True})


def _approving() -> Iterator[Scene]:
    def waiting(name: str, **more: Any) -> Scene:
        request = Request(documents=more.pop("documents", (LABELLED,)))
        context = {**WALLET, **shown(State.AWAITING_WALLET, request), **more}
        return Scene(name, "awaiting_wallet.html", context)

    def confirming(name: str, **more: Any) -> Scene:
        request = Request(documents=(LABELLED,))
        code = {"code_input": True, "wrong_code": False, "tries_left": 3}
        context = {**code, "expires_at": SOON, **more}
        return Scene(
            name,
            "awaiting_confirmation.html",
            shown(State.AWAITING_CONFIRMATION, request, **context),
        )

    yield waiting("awaiting-wallet")
    yield waiting("awaiting-wallet-demo", demo_link=DEMO_LINK)
    yield waiting("awaiting-wallet-link-only", qr=None)
    yield waiting("awaiting-wallet-expired", expired=True)
    yield waiting("awaiting-wallet-said", said=SAID)
    three = SimpleNamespace(
        **{**vars(CARD), "labels": [d.label for d in THREE], "signatures": 3}
    )
    yield waiting("awaiting-wallet-three", documents=THREE, card=three)
    yield confirming("awaiting-confirmation")
    yield confirming("awaiting-confirmation-wrong", wrong_code=True, tries_left=1)
    yield confirming("awaiting-confirmation-over", code_input=False)
    yield Scene("phone", "phone.html", PHONE)
    yield Scene("phone-three", "phone.html", {**PHONE, "documents": THREE})
    yield Scene("phone-over", "phone.html", {**PHONE, "code": None})
    yield Scene("phone-confirmed", "phone.html", {**PHONE, "confirmed": True})
    yield Scene("phone-closed", "phone.html", {**PHONE, "closed": True})
    url = f"https://sign.example/here/{CODE}"
    handover = {"request": Request(), "started_on": "Firefox on Windows"}
    yield Scene(
        "continue-on-phone",
        "continue_on_phone.html",
        {
            **handover,
            "qr": qr_svg(url),
            "url": url,
            "expires_at": SOON,
            "watch_url": f"/requests/{REQUEST_ID}/watch",
            "word": "ready",
        },
    )
    yield Scene(
        "continue-here",
        "continue_here.html",
        {**handover, "started_at": NOW, "token": CODE},
    )
    yield Scene("moved", "moved.html")
    exchange = SimpleNamespace(**{**vars(EXCHANGE), "purpose": "sign"})
    yield Scene(
        "wallet-said",
        "wallet_said.html",
        {"exchange": exchange, "said": SAID, "here": True},
    )
    yield Scene(
        "wallet-said-phone",
        "wallet_said.html",
        {"exchange": exchange, "said": SAID, "here": False},
    )


def _ending() -> Iterator[Scene]:
    yield Scene("making", "making.html", shown(State.SIGNING))
    yield Scene("making-slow", "making.html", shown(State.SIGNING, Request(attempts=3)))
    delete_at = NOW + timedelta(days=1)
    yield Scene(
        "signed", "signed.html", shown(State.SIGNED, SIGNED, delete_at=delete_at)
    )
    three = replace(SIGNED, documents=THREE)
    yield Scene(
        "signed-three",
        "signed.html",
        shown(State.SIGNED, three, delete_at=delete_at, allowance=ALLOWANCE),
    )
    purged = replace(SIGNED, purged_at=NOW)
    yield Scene("signed-purged", "signed.html", shown(State.SIGNED, purged))
    for state in (State.FAILED, State.DECLINED, State.CANCELLED, State.EXPIRED):
        reason = "Nothing was signed."
        yield Scene(f"ended-{state}", "ended.html", shown(state, reason=reason))
    used_up = {"request": Request(), "policy": POLICY, "resets_at": ALLOWANCE.resets_at}
    yield Scene("quota-used-up", "quota_used_up.html", used_up)


def _beside() -> Iterator[Scene]:
    """The pages beside the way: the free tier's rule, checking a file, the session."""
    free = {
        "policy": POLICY,
        "resets_at": POLICY.period.local(ALLOWANCE.resets_at),
        "alternatives": POLICY.alternatives,
        "figures": [SimpleNamespace(period="2026-10", persons=120, documents=301)],
    }
    yield Scene("free", "free.html", free)
    yield Scene("free-unlimited", "free.html", {"policy": None})
    form = {"missing": False, "max_megabytes": 32}
    yield Scene("verify", "verify.html", form)
    yield Scene("verify-missing", "verify.html", {**form, "missing": True})
    yield Scene("verified", "verify_result.html", judged())
    bad = judged(verdict=Verdict.CHANGED, reason="It was changed after it was signed.")
    yield Scene("verified-changed", "verify_result.html", bad)
    unsure = judged(verdict=Verdict.UNSURE, reason="We do not know the issuer.")
    yield Scene("verified-unsure", "verify_result.html", {**unsure, "same": False})
    unsigned = judged(verdict=Verdict.NO_SIGNATURE, signers=())
    yield Scene("verified-unsigned", "verify_result.html", unsigned)
    session = {"browser": BROWSER, "kind": "same_device", "identified": True}
    yield Scene("session", "session.html", session)
    nobody = SimpleNamespace(display_name=None)
    yield Scene("session-nobody", "session.html", {"browser": nobody, "kind": None})
    typed = {**session, "kind": "cross_device"}
    yield Scene("session-by-code", "session.html", typed)
    yield from _passes()


def _passes() -> Iterator[Scene]:
    for name, held in HELD.items():
        yield Scene(f"passes-{name}", "passes.html", {"held": held})
    both = HELD["two"].valid
    one = {"which": both[0].reference, "meant": both[:1]}
    yield Scene("passes-end", "passes_end.html", one)
    yield Scene("passes-end-all", "passes_end.html", {"which": "all", "meant": both})


def judged(**more: Any) -> dict[str, Any]:
    judgement = {
        "verdict": Verdict.VALID,
        "whole": True,
        "test": True,
        "reason": None,
        "signers": (signer(name="Ana Horvat", last=False), signer()),
        "fingerprint": "c0ffee00" * 8,
        **more,
    }
    headline = HEADLINES[judgement["verdict"]]
    return {
        "judgement": SimpleNamespace(headline=headline, **judgement),
        "Verdict": Verdict,
        "name": "Rental contract.pdf",
        "same": None,
        "checked_at": NOW,
        "does_not_prove": DOES_NOT_PROVE,
    }


def signer(**more: Any) -> SimpleNamespace:
    facts = {
        "name": "Ivan Kovač",
        "issuer": "Demo issuing CA",
        "verdict": Verdict.VALID,
        "reason": "The signature is valid.",
        "signed_at": NOW,
        "covers_whole_file": False,
        "last": True,
        "claims_qualified": False,
        "revocation": "not revoked",
        "certificate": "ab12" * 16,
        "digest": "cd34" * 16,
    }
    return SimpleNamespace(**{**facts, **more})


def _nothing(**_: object) -> str:
    return ""


def _lease(**_: object) -> Response:
    return Response(LEASE.read_bytes(), mimetype="application/pdf")


def _page_image(**_: object) -> Response:
    return Response(_drawn(), mimetype="image/png")


@cache
def _drawn() -> bytes:
    out = BytesIO()
    page = pypdfium2.PdfDocument(LEASE)[0]
    page.render(scale=2).to_pil().save(out, "PNG")
    return out.getvalue()


STUBS: Final = {
    "downloads.prepared": _lease,
    "reading.pdf": _lease,
    "reading.image": _page_image,
}


def application() -> Flask:
    web = ROOT / "app/web"
    app = Flask(
        __name__, template_folder=web / "templates", static_folder=str(web / "static")
    )
    for endpoint, rule in ROUTES.items():
        app.add_url_rule(rule, endpoint, STUBS.get(endpoint, _nothing))
    app.jinja_env.globals.update(csrf_token=lambda: "token", SHOWN=SHOWN, State=State)
    return app


def render(app: Flask, scene: Scene) -> str:
    with app.test_request_context(base_url="https://sign.example"):
        return render_template(scene.template, **scene.context)


def serve_scenes(app: Flask) -> None:
    """``/scenes/<name>``, under the policy on content that the pages have in use."""
    known = {scene.name: scene for scene in scenes()}

    @app.get("/scenes/<name>")
    def scene(name: str) -> Response:
        response = Response(
            render_template(known[name].template, **known[name].context)
        )
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

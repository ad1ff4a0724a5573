"""The phone's pages. They translate between forms and ``Phone``, and decide nothing."""

from typing import Final, cast
from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wallet_emulator.consent import ENCODINGS, Decision
from wallet_emulator.deviations import DEVIATIONS, GROUPS, Deviation
from wallet_emulator.errors import WalletEmulatorError
from wallet_emulator.persons import PERSONS
from wallet_emulator.phone.exchanges import Exchange, Presentable
from wallet_emulator.phone.phone import Phone
from wallet_emulator.phone.words import CARDS, shown_claims, words_for
from wallet_emulator.presentation import Asked
from wallet_emulator.wallet import KINDS

pages = Blueprint("pages", __name__)
SEE_OTHER: Final = 303
UNPROCESSABLE: Final = 422
_DECISIONS: Final = {"approve": Decision.ALLOW, "decline": Decision.DECLINE}


@pages.app_context_processor
def vocabulary() -> dict[str, object]:
    return {
        "CARDS": CARDS,
        "ENCODINGS": ENCODINGS,
        "GROUPS": GROUPS,
        "shown_claims": shown_claims,
        "words_for": words_for,
    }


@pages.app_template_filter()
def origin(url: str) -> str:
    """Scheme, host and port: the part of an address that says whose it is."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@pages.errorhandler(WalletEmulatorError)
def in_words(error: WalletEmulatorError) -> tuple[str, int]:
    return render_template("problem.html", words=words_for(error)), UNPROCESSABLE


@pages.get("/")
def home() -> str:
    holders = _phone().holders
    wallet = holders.wallet(holders.current)
    return render_template(
        "home.html",
        persons=PERSONS,
        current=holders.current,
        person=holders.person,
        cards={kind: wallet.held(kind) for kind in KINDS},
        holders=holders,
        now=_phone().clock(),
    )


@pages.post("/holder")
def change_holder() -> Response:
    name = request.form.get("person", "")
    if name in PERSONS:
        _phone().holders.hand_to(name)
    return redirect(url_for("pages.home"), SEE_OTHER)


@pages.post("/pid")
def renew_pid() -> Response:
    holders = _phone().holders
    holders.renew_pid(holders.current)
    return redirect(url_for("pages.home"), SEE_OTHER)


@pages.post("/pid/revoke")
def revoke_pid() -> Response:
    holders = _phone().holders
    holders.revoke_pid(holders.current)
    return redirect(url_for("pages.home"), SEE_OTHER)


@pages.post("/remove")
def remove_card() -> Response:
    holders = _phone().holders
    kind = request.form.get("kind", "")
    if kind in KINDS:
        holders.wallet(holders.current).drop(kind)
    return redirect(url_for("pages.home"), SEE_OTHER)


@pages.get("/scan")
def scan() -> Response:
    """What a link or QR code of a service opens; sends nothing of the holder's."""
    return _open(request.args.get("uri", ""))


@pages.post("/scan")
def paste() -> Response:
    return _open(request.form.get("uri", ""))


@pages.get("/exchange/<exchange_id>")
def look(exchange_id: str) -> str:
    exchange = _phone().exchanges.find(exchange_id)
    return _page(exchange, request.args.get("format"))


@pages.post("/exchange/<exchange_id>/answer")
def answer(exchange_id: str) -> Response:
    exchange = _phone().exchanges.find(exchange_id)
    decision = _DECISIONS.get(request.form.get("decision", ""))
    if decision is not None:
        deviation = DEVIATIONS.get(request.form.get("deviation", ""))
        form = request.form.get("format")
        _phone().answer(exchange, decision, deviation, form)
    return _look_again(exchange)


@pages.post("/exchange/<exchange_id>/refuse")
def refuse(exchange_id: str) -> Response:
    exchange = _phone().exchanges.find(exchange_id)
    _phone().tell(exchange)
    return _look_again(exchange)


@pages.post("/exchange/<exchange_id>/accept")
def accept(exchange_id: str) -> Response:
    exchange = _phone().exchanges.find(exchange_id)
    _phone().accept(exchange)
    return _look_again(exchange)


@pages.get("/history")
def history() -> str:
    holders = _phone().holders
    entries = holders.history(holders.current).newest_first()
    return render_template("history.html", entries=entries, person=holders.person)


@pages.get("/misbehave")
def misbehave() -> str:
    return render_template("misbehave.html")


def _phone() -> Phone:
    return cast("Phone", current_app.extensions["phone"])


def _open(link: str) -> Response:
    return _look_again(_phone().open(link))


def _look_again(exchange: Exchange) -> Response:
    return redirect(url_for("pages.look", exchange_id=exchange.id), SEE_OTHER)


def _page(exchange: Exchange, form: str | None) -> str:
    matter = exchange.matter
    context: dict[str, object] = {
        "exchange": exchange,
        "matter": matter,
        "ended": exchange.ended,
        "person": PERSONS[exchange.person],
    }
    if exchange.ended is not None and exchange.ended.done:
        return render_template("ended.html", **context)
    if isinstance(matter, Presentable):
        asked = matter.asked(form)
        context |= {"asked": asked, "groups": _possible(asked)}
        context["form"] = next(f for f, a in matter.choices.items() if a is asked)
    return render_template(matter.page, **context)


def _possible(asked: Asked) -> dict[str, list[Deviation]]:
    """The ways to misbehave with the cards that would be shown."""
    kinds = {match.held.kind for match in asked.matches.values()}
    return {
        title: [d for d in group if kinds & set(d.kinds)]
        for title, group in GROUPS.items()
        if any(kinds & set(d.kinds) for d in group)
    }

"""The victim scans and answers; then her phone opens the wallet's link somewhere."""

from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import httpx

from tests.relay.scene import Relayed, Scene, Script
from tests.relay.visitor import Asked, Visitor

Opening = Callable[[Scene, Relayed], None]


def nowhere(scene: Scene, relayed: Relayed) -> None:
    """Her wallet opens no page at all."""


def in_another_browser(scene: Scene, relayed: Relayed) -> None:
    page = scene.victim.phone.open(relayed.link)
    assert page.find("confirmation-code")


def in_an_in_app_window(scene: Scene, relayed: Relayed) -> None:
    window = Visitor(scene.service, forgetful=True)
    assert window.open(relayed.link).find("confirmation-code")
    assert window.faults() == []


def in_her_own_session(scene: Scene, relayed: Relayed) -> None:
    """The browser in which she is identified herself, with documents of her own."""
    page = scene.victim.home.open(relayed.link)
    assert page.find("confirmation-code")


def in_two_tabs(scene: Scene, relayed: Relayed) -> None:
    for _ in range(2):
        scene.victim.phone.open(relayed.link)
        scene.victim.home.open(relayed.link)


def after_a_preview(scene: Scene, relayed: Relayed) -> None:
    """A messenger or a scanner fetches the link before she does."""
    bot = Visitor(scene.service, forgetful=True)
    for method in ("HEAD", "OPTIONS", "GET"):
        assert bot.send(method, relayed.link).status_code == httpx.codes.OK
    scene.victim.phone.open(relayed.link)


def after_the_attacker_reloaded(scene: Scene, relayed: Relayed) -> None:
    scene.attacker.open(relayed.page.url)
    scene.attacker.open(relayed.path)
    scene.victim.phone.open(relayed.link)


OPENINGS: Final[tuple[Opening, ...]] = (
    nowhere,
    in_another_browser,
    in_an_in_app_window,
    in_her_own_session,
    in_two_tabs,
    after_a_preview,
    after_the_attacker_reloaded,
)


def returned(what: Asked, opening: Opening, scene: Scene) -> None:
    relayed = scene.relay(what)

    opening(scene, relayed)

    scene.attacker.open(relayed.page.url)
    scene.attacker.open(relayed.path)


def polled(what: Asked, scene: Scene) -> None:
    """He asks again and again, here and for what may come of it."""
    relayed = scene.relay(what)
    scene.victim.phone.open(relayed.link)
    before = scene.word(relayed)
    for part in ("", "/watch", "/identification", "/identification/watch", "/phone"):
        for _ in range(3):
            scene.attacker.send("GET", relayed.path + part)
    assert scene.word(relayed) == before


def guessed_addresses(what: Asked, scene: Scene) -> None:
    relayed = scene.relay(what)
    scene.victim.phone.open(relayed.link)
    home = scene.victim.home.requests[0]
    for path in (
        f"{relayed.path}/documents/1/signed.pdf",
        f"{relayed.path}/documents/0/signed.pdf",
        f"{relayed.path}/documents/2/prepared.pdf",
        f"{relayed.path}/../{urlsplit(home).path.rsplit('/', 1)[1]}",
        f"{relayed.path}%2f..%2f{home}",
        f"{home}/documents/1/pages/1.png",
        f"{home}/documents/1/read.pdf",
        f"{home}/identification",
        "/requests/",
        "/oid4vp/return/watch",
    ):
        assert scene.attacker.send("GET", path).status_code in {403, 404}


def from_a_spoofed_host(what: Asked, scene: Scene) -> None:
    """Her wallet shall be sent to a page of his."""
    page = scene.attacker.upload("prize.pdf")
    evil = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
    }
    for headers in ({k: v} for k, v in evil.items()):
        scene.attacker.send("GET", urlsplit(page.url).path, headers=headers)
    asked = scene.attacker.press(page, what)
    relayed = scene.answered(what, asked)
    assert relayed.link.startswith(scene.service.base_url)
    scene.victim.phone.open(relayed.link)


def _both(name: str, script: Callable[[Asked, Scene], None]) -> dict[str, Script]:
    kinds: tuple[Asked, ...] = ("identify", "approve")
    return {f"{kind}-{name}": partial(script, kind) for kind in kinds}


def _openings() -> dict[str, Script]:
    rows: dict[str, Script] = {}
    for opening in OPENINGS:
        name = f"she-opens-the-link-{opening.__name__.replace('_', '-')}"
        rows |= _both(name, lambda what, scene, o=opening: returned(what, o, scene))  # type: ignore[misc]
    return rows


ROWS: Final[dict[str, Script]] = {
    **_openings(),
    **_both("he-polls", polled),
    **_both("he-guesses-addresses", guessed_addresses),
    **_both("he-spoofs-the-host", from_a_spoofed_host),
}

"""Six digits, three tries, five minutes: what can be typed without knowing them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import httpx

from tests.relay.scene import Relayed, Scene, Script
from tests.relay.visitor import Asked

TRIES = 3
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def other_codes(code: str, count: int = TRIES) -> list[str]:
    return [f"{(int(code) + step) % 1_000_000:06d}" for step in range(1, count + 1)]


def three_guesses(what: Asked, scene: Scene) -> None:
    """And the right one, a try too late."""
    relayed = scene.relay(what)
    code = scene.victim.code_on(relayed.link)
    scene.type(relayed, *other_codes(code), code)
    assert scene.victim.phone.open(relayed.link).find("confirmation-code") is None


def over_several_exchanges(scene: Scene) -> None:
    """She answers each; every exchange has a code of its own."""
    codes = []
    for number in range(3):
        relayed = scene.relay("identify", f"prize-{number}.pdf")
        codes.append(scene.victim.code_on(relayed.link))
        scene.type(relayed, *other_codes(codes[-1]))
    assert len(set(codes)) == len(codes)


def over_renewals(scene: Scene) -> None:
    """The same document, asked anew each time; the codes of before are no use."""
    relayed = scene.relay("approve")
    code = scene.victim.code_on(relayed.link)
    for _ in range(2):
        scene.type(relayed, *other_codes(code))
        assert scene.word(relayed) == "ready"
        page = scene.attacker.press(scene.attacker.open(relayed.path), "approve")
        relayed, before = scene.answered("approve", page), code
        code = scene.victim.code_on(relayed.link)
        scene.type(relayed, before)


def forms_of(change: str, scene: Scene) -> None:
    """What reads like a code and is none."""
    relayed = scene.relay("approve")
    code = scene.victim.code_on(relayed.link)
    typed = {
        "leading-zeros": ["0", f"00{code}"],
        "full-width": [code.translate(FULL_WIDTH)],
        "arabic-indic": [code.translate(ARABIC_INDIC)],
        "too-short": [code[:5], code[1:]],
        "too-long": [code + code, code * 10_000],
        "negative": [f"-{other_codes(code)[0]}", "1e6"],
        "control-characters": ["\x00\r\n\x1b[2J", "' OR 1=1 --"],
        "wildcards": ["______", "%"],
    }[change]
    scene.type(relayed, *typed)
    assert scene.word(relayed) == "awaiting_confirmation"


def of_his_own_exchange(scene: Scene) -> None:
    """His own wallet answered another approval: he knows that one's code."""
    relayed = scene.relay("approve")
    other = scene.attacker.ask("approve", "own.pdf")
    returned = scene.accomplice.answer(other)
    code = scene.victim.code_on(str(returned.redirect_uri))  # any phone shows it
    scene.type(relayed, code)


def of_another_of_hers(scene: Scene) -> None:
    """She once read out the code of a login; now an approval waits."""
    login = scene.relay("identify")
    code = scene.victim.code_on(login.link)
    scene.attacker.post(f"{login.path}/stop")
    relayed = scene.relay("approve")
    scene.type(relayed, code)
    scene.type(login, code)


def at_another_document(scene: Scene) -> None:
    """The right code, at a document that waits for another."""
    relayed = scene.relay("approve")
    other = scene.relay("approve", "loan.pdf")
    scene.type(other, scene.victim.code_on(relayed.link))


def not_in_the_form(where: str, scene: Scene) -> None:
    """The right code, where no field of the form is."""
    relayed = scene.relay("approve")
    code = scene.victim.code_on(relayed.link)
    path, token = f"{relayed.path}/confirm", {"csrf_token": scene.attacker.token}
    answer = {
        "query": lambda: scene.attacker.send("POST", f"{path}?code={code}", data=token),
        "header": lambda: scene.attacker.send(
            "POST", path, data=token, headers={"X-Code": code, "Code": code}
        ),
        "other-field": lambda: scene.attacker.post(path, confirmation_code=code),
        "second-field": lambda: scene.attacker.post(
            path, code=[other_codes(code)[0], code]
        ),
        "without-token": lambda: scene.attacker.send("POST", path, data={"code": code}),
        "by-get": lambda: scene.attacker.send("GET", f"{path}?code={code}"),
    }[where]()
    assert not answer.is_server_error


def in_parallel(scene: Scene) -> None:
    """Twelve at once: no more than three are compared, and the right one is late."""
    relayed = scene.relay("approve")
    code, token = scene.victim.code_on(relayed.link), scene.attacker.token
    data = [{"csrf_token": token, "code": c} for c in other_codes(code, 12)]
    path = f"{relayed.path}/confirm"
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda d: scene.attacker.send("POST", path, data=d), data))
    scene.type(relayed, code)
    assert scene.word(relayed) == "ready"


def in_another_browser(scene: Scene) -> None:
    """The right code, in a second browser of his that knows only the address."""
    relayed = scene.relay("approve")
    code = scene.victim.code_on(relayed.link)
    second = type(scene.attacker)(scene.service)
    answer = second.post(f"{relayed.path}/confirm", code=code)
    assert answer.status_code == httpx.codes.NOT_FOUND


def before_the_answer(scene: Scene) -> None:
    """Tries of before are not remembered as codes for afterwards."""
    page = scene.attacker.ask("identify")
    asked = Relayed(what="identify", page=page, outcome=None)  # type: ignore[arg-type]
    scene.type(asked, "000000", "123456")
    scene.victim.code_on(scene.answered("identify", page).link)


def _each(
    name: str, script: Callable[[str, Scene], None], values: tuple[str, ...]
) -> dict[str, Script]:
    return {f"{name}-{value}": partial(script, value) for value in values}


ROWS: Final[dict[str, Script]] = {
    "three-guesses-identify": partial(three_guesses, "identify"),
    "three-guesses-approve": partial(three_guesses, "approve"),
    "guesses-over-several-exchanges": over_several_exchanges,
    "guesses-over-renewals": over_renewals,
    **_each(
        "typed",
        forms_of,
        (
            "leading-zeros",
            "full-width",
            "arabic-indic",
            "too-short",
            "too-long",
            "negative",
            "control-characters",
            "wildcards",
        ),
    ),
    "code-of-his-own-exchange": of_his_own_exchange,
    "code-of-another-exchange-of-hers": of_another_of_hers,
    "code-at-another-document": at_another_document,
    **_each(
        "code-by",
        not_in_the_form,
        (
            "query",
            "header",
            "other-field",
            "second-field",
            "without-token",
            "by-get",
        ),
    ),
    "codes-in-parallel": in_parallel,
    "code-in-another-browser": in_another_browser,
    "code-before-the-answer": before_the_answer,
}

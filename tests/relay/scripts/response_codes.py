"""The 128 bits in the wallet's link: guessed, left out, sent elsewhere, mixed up."""

import secrets
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import httpx

from tests.relay.scene import Scene, Script
from tests.relay.scripts.typed_codes import other_codes
from tests.relay.visitor import Asked

RETURN = "/oid4vp/return"


def guessed(what: Asked, scene: Scene) -> None:
    """Five wrong ones; then even the right one confirms nothing (threat XD8)."""
    relayed = scene.relay(what)
    for _ in range(5):
        guess = secrets.token_urlsafe(32)
        answer = scene.attacker.send("GET", f"{RETURN}?response_code={guess}")
        assert answer.status_code == httpx.codes.FORBIDDEN
    late = scene.attacker.send("GET", relayed.link)
    assert late.status_code == httpx.codes.FORBIDDEN


def left_out(what: Asked, scene: Scene) -> None:
    """The parameter omitted, empty, or called otherwise."""
    scene.relay(what)
    for query in ("", "?", "?response_code=", "?response_code", "?code=1", "?state=1"):
        answer = scene.attacker.send("GET", RETURN + query)
        assert answer.status_code == httpx.codes.FORBIDDEN


def elsewhere(where: str, scene: Scene) -> None:
    """The right code, anywhere but in the one parameter of the one address."""
    relayed = scene.relay("identify")
    code = relayed.response_code
    cookie = {"Cookie": f"qes={scene.attacker.cookie}; response_code={code}"}
    answer = {
        "header": lambda: scene.attacker.send(
            "GET", RETURN, headers={"response_code": code, "X-Response-Code": code}
        ),
        "cookie": lambda: scene.attacker.send("GET", RETURN, headers=cookie),
        "code": lambda: scene.attacker.send("GET", f"{RETURN}?code={code}"),
        "capitals": lambda: scene.attacker.send(
            "GET", f"{RETURN}?RESPONSE_CODE={code}"
        ),
        "fragment": lambda: scene.attacker.send(
            "GET", f"{RETURN}#response_code={code}"
        ),
        "path": lambda: scene.attacker.send("GET", f"{RETURN}/{code}"),
        "list": lambda: scene.attacker.send("GET", f"{RETURN}?response_code[]={code}"),
        "post": lambda: scene.attacker.post(RETURN, response_code=code),
        "second": lambda: scene.attacker.send(
            "GET", f"{RETURN}?response_code=x&response_code={code}"
        ),
        "prefix": lambda: scene.attacker.send(
            "GET", f"{RETURN}?response_code={code[:-1]}"
        ),
        "longer": lambda: scene.attacker.send(
            "GET", f"{RETURN}?response_code={code}%20"
        ),
        "other-case": lambda: scene.attacker.send(
            "GET", f"{RETURN}?response_code={code.swapcase()}"
        ),
    }[where]()
    assert answer.status_code in {403, 404, 405}


def of_his_own_login(scene: Scene) -> None:
    """His own wallet's return, while her identification is parked."""
    relayed = scene.relay("identify")
    scene.log_in_himself()
    scene.attacker.open(relayed.page.url)


def of_his_own_approval_at_the_same_document(scene: Scene) -> None:
    """He approved himself, took it back, and she approved afterwards."""
    page = scene.attacker.ask("approve")
    his = scene.accomplice.answer(page)
    path = urlsplit(page.url).path
    scene.attacker.post(f"{path}/again")
    again = scene.attacker.press(scene.attacker.open(path), "approve")
    relayed = scene.answered("approve", again)
    for _ in range(2):
        scene.attacker.open(str(his.redirect_uri))
    assert scene.word(relayed) == "awaiting_confirmation"


def in_a_second_browser(what: Asked, scene: Scene) -> None:
    """The link itself, in a browser of his that did not start."""
    relayed = scene.relay(what)
    second = type(scene.attacker)(scene.service)
    second.open("/")
    seen = second.open(relayed.link)
    assert seen.find("offer-link") is None
    assert seen.find("download-signed") is None


def as_a_typed_code(scene: Scene) -> None:
    relayed = scene.relay("approve")
    scene.type(relayed, relayed.response_code, relayed.link)


def a_typed_code_as_response_code(scene: Scene) -> None:
    relayed = scene.relay("identify")
    code = scene.victim.code_on(relayed.link)
    for guess in (code, *other_codes(code)):
        answer = scene.attacker.send("GET", f"{RETURN}?response_code={guess}")
        assert answer.status_code == httpx.codes.FORBIDDEN


_WHERE: Final = (
    "header",
    "cookie",
    "code",
    "capitals",
    "fragment",
    "path",
    "list",
    "post",
    "second",
    "prefix",
    "longer",
    "other-case",
)

ROWS: Final[dict[str, Script]] = {
    "response-code-guessed-for-a-login": partial(guessed, "identify"),
    "response-code-guessed-for-an-approval": partial(guessed, "approve"),
    "response-code-left-out-of-a-login": partial(left_out, "identify"),
    "response-code-left-out-of-an-approval": partial(left_out, "approve"),
    **{f"response-code-as-{where}": partial(elsewhere, where) for where in _WHERE},
    "response-code-of-his-own-login": of_his_own_login,
    "response-code-of-his-own-approval": of_his_own_approval_at_the_same_document,
    "response-code-of-a-login-in-a-second-browser": partial(
        in_a_second_browser, "identify"
    ),
    "response-code-of-an-approval-in-a-second-browser": partial(
        in_a_second_browser, "approve"
    ),
    "response-code-typed": as_a_typed_code,
    "typed-code-as-response-code": a_typed_code_as_response_code,
}

"""Her browsers visit a page of the attacker's; and links that he built himself."""

import json
from functools import partial
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.relay.scene import Scene, Script
from tests.relay.scripts.wallet_errors import tx_of
from tests.relay.visitor import Visitor
from wallet_emulator.browser import Element, Page
from wallet_emulator.errors import RequestNotAuthenticError

CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}


def confirm_from_her_phone(scene: Scene) -> None:
    """His form, his token, his code; her cookies."""
    relayed = scene.relay("approve")
    code = scene.victim.code_on(relayed.link)
    phone = Visitor(scene.service)
    phone.open("/")
    for token in (scene.attacker.token, phone.token):
        for headers in ({}, CROSS_SITE):
            answer = phone.send(
                "POST",
                f"{relayed.path}/confirm",
                data={"csrf_token": token, "code": code},
                headers=headers,
            )
            assert answer.status_code in {403, 404}


def act_in_her_session(scene: Scene) -> None:
    """Every step of her own document, posted by his page in her browser."""
    (path,) = scene.victim.home.requests
    steps = [f"{path}/{s}" for s in ("identify", "approve", "stop", "phone")]
    for target in [*steps, "/session/forget", "/requests"]:
        for data in ({}, {"csrf_token": scene.attacker.token, "terms": "x"}):
            answer = scene.victim.home.send(
                "POST", target, data=data, headers=CROSS_SITE
            )
            assert answer.status_code == httpx.codes.FORBIDDEN
    assert scene.victim.home.open(path).find("approve")


def not_me_from_another_site(scene: Scene) -> None:
    relayed = scene.relay("approve")
    answer = scene.victim.phone.send(
        "POST",
        "/oid4vp/return/not-me",
        data={"response_code": relayed.response_code},
        headers=CROSS_SITE,
    )
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert scene.word(relayed) == "awaiting_confirmation"


def his_document_in_her_session(scene: Scene) -> None:
    """His page opens his addresses in her browser: they are not hers."""
    relayed = scene.relay("identify")
    for path in (relayed.path, f"{relayed.path}/identification", relayed.page.url):
        assert scene.victim.home.open(path).status == httpx.codes.NOT_FOUND


def a_chosen_cookie(scene: Scene) -> None:
    """A value of his choice is never taken over as anybody's session."""
    relayed = scene.relay("identify")
    phone = Visitor(scene.service)
    phone.plant("chosen-by-the-attacker")
    phone.open("/")
    assert phone.cookie != "chosen-by-the-attacker"
    scene.attacker.send(
        "GET", "/session", headers={"Cookie": "qes=chosen-by-the-attacker"}
    )
    phone.open(relayed.link)


def a_cookie_from_before(scene: Scene) -> None:
    """His session was confirmed since: the cookie of before is nobody's."""
    scene.attacker.open("/")
    before = scene.attacker.cookie
    scene.log_in_himself()
    assert scene.attacker.cookie != before
    relayed = scene.relay("identify")
    phone = Visitor(scene.service)
    phone.plant(before)
    assert phone.open(relayed.link).find("confirmation-code")


def the_request_read_by_himself(scene: Scene) -> None:
    """Fetched by GET, by POST, with nonces of his own: no event, nothing inside."""
    page = scene.attacker.ask("approve")
    path = f"/oid4vp/request/{tx_of(page)}"
    for nonce in ("a" * 43, "b" * 43):
        fetched = scene.attacker.send("POST", path, data={"wallet_nonce": nonce})
        assert fetched.status_code == httpx.codes.OK
    scene.attacker.send("GET", path)
    relayed = scene.answered("approve", page)
    assert scene.attacker.send("GET", path).status_code == httpx.codes.NOT_FOUND
    scene.victim.phone.open(relayed.link)


def a_link_of_his_making(changed: str, scene: Scene) -> None:
    """Her wallet compares the link with the signed request, and stays silent."""
    page = scene.attacker.ask("approve")
    element = page.element("wallet-link")
    parts = urlsplit(element.attribute("href"))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query["client_id"] = {
        "client-id": "x509_hash:" + "A" * 43,
        "prefix": f"redirect_uri:{scene.service.base_url}",
    }[changed]
    shown = _with_link(page, f"openid4vp://?{urlencode(query)}")
    with pytest.raises(RequestNotAuthenticError):
        scene.victim.answer(shown)


def an_offer_of_his_making(scene: Scene) -> None:
    """Codes of passes that nobody made for him."""
    relayed = scene.relay("identify")
    scene.victim.phone.open(relayed.link)
    for code in (relayed.response_code, tx_of(relayed.page), "x" * 43, ""):
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:pre-authorized_code",
            "pre-authorized_code": code,
        }
        answer = scene.attacker.send("POST", "/oauth2/token", data=form)
        assert answer.status_code == httpx.codes.BAD_REQUEST
    bearer = {"Authorization": f"Bearer {relayed.response_code}"}
    pass_asked = scene.attacker.send("POST", "/oid4vci/credential", headers=bearer)
    assert json.loads(pass_asked.content)["error"] == "invalid_token"


def _with_link(page: Page, link: str) -> Page:
    anchor = Element(
        tag="a",
        attributes={"data-testid": "wallet-link", "href": link},
        form=None,
    )
    return Page(url=page.url, status=page.status, elements=(anchor,))


ROWS: Final[dict[str, Script]] = {
    "cross-site-confirmation": confirm_from_her_phone,
    "cross-site-steps-in-her-session": act_in_her_session,
    "cross-site-not-me": not_me_from_another_site,
    "his-addresses-in-her-browser": his_document_in_her_session,
    "cookie-of-his-choice": a_chosen_cookie,
    "cookie-from-before-a-login": a_cookie_from_before,
    "request-read-by-himself": the_request_read_by_himself,
    "link-with-another-client-id": partial(a_link_of_his_making, "client-id"),
    "link-with-another-prefix": partial(a_link_of_his_making, "prefix"),
    "offer-of-his-making": an_offer_of_his_making,
}

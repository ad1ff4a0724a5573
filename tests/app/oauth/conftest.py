"""One deployment for a module's tables: each test gets an identification of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.signers.offers import PRE_AUTHORIZED_CODE
from tests.app.conftest import Web, World, request_path, returning, upload
from tests.app.oauth.wallets import CREDENTIAL, PUSH, TOKEN, Wallet
from tests.app.page import Page

PASS: dict[str, object] = {
    "credential_configuration_id": "signing_pass",
    "proofs": {"jwt": ["proof-1"]},
}


@dataclass
class Stage:
    """A person who is identified, their browser with the offer, and their wallet."""

    web: Web
    browser: FlaskClient
    request_id: str
    grants: dict[str, Any]
    wallet: Wallet

    @property
    def issuer_state(self) -> str:
        return str(self.grants["authorization_code"]["issuer_state"])

    @property
    def pre_authorized(self) -> dict[str, Any]:
        code = self.grants[PRE_AUTHORIZED_CODE]["pre-authorized_code"]
        return {"grant_type": PRE_AUTHORIZED_CODE, "pre-authorized_code": code}

    def post(self, path: str, form: dict[str, Any], **headers: str) -> TestResponse:
        """By the wallet: no browser's cookie with it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.web.browser().post(path, data=form, headers=named)

    def push(self, *, dpop: str | None = None, **changes: object) -> str:
        """The request_uri."""
        form = self.wallet.pushed(self.issuer_state, **changes)
        headers = {} if dpop is None else {"DPoP": dpop}
        answer = self.post(PUSH, form, **headers)
        assert answer.status_code == 201, answer.json
        return str(answer.json["request_uri"])

    def page(
        self, request_uri: str, client_id: str, browser: FlaskClient | None = None
    ) -> Page:
        query = {"request_uri": request_uri, "client_id": client_id}
        opened = browser or self.browser
        return Page(opened.get("/oauth2/authorize", query_string=query))

    def press(self, page: Page, decision: str = "allow") -> TestResponse:
        form = page.get(f"authorize-{decision}").form
        assert form is not None
        return self.browser.post(
            form.attributes["action"], data={**form.fields, "decision": decision}
        )

    def code(self, *, dpop: str | None = None, **changes: object) -> str:
        """From push to redirect, all as it should be."""
        client = str(changes.get("client_id", "https://wallet.example"))
        answer = self.press(self.page(self.push(dpop=dpop, **changes), client))
        return parameters(answer)["code"]

    def redeem(
        self, code: str, /, *, dpop: str | None = None, **changes: object
    ) -> TestResponse:
        headers = {} if dpop is None else {"DPoP": dpop}
        return self.post(TOKEN, self.wallet.redeeming(code, **changes), **headers)

    def ask(self, authorization: str, dpop: str | None = None) -> TestResponse:
        headers = {"Authorization": authorization}
        if dpop is not None:
            headers["DPoP"] = dpop
        return self.web.browser().post(CREDENTIAL, json=PASS, headers=headers)


def parameters(answer: TestResponse) -> dict[str, str]:
    query = parse_qs(urlsplit(answer.headers["Location"]).query, strict_parsing=True)
    assert all(len(values) == 1 for values in query.values())
    return {name: values[0] for name, values in query.items()}


def identified_again(web: Web, browser: FlaskClient, request_id: str) -> Stage:
    cookie = browser.get_cookie("qes")
    assert cookie is not None
    identification = web.parts.identification
    identification.open(web.parts.sessions.find(cookie.value), request_id)
    exchange = identification.current(request_id)
    assert exchange is not None
    answer = web.wallet_posts_to(exchange.tx, "response=identified")
    return Stage(
        web,
        browser,
        request_id,
        grants_on(Page(browser.get(returning(answer)))),
        Wallet(web.clock.now),
    )


def grants_on(page: Page) -> dict[str, Any]:
    link = urlsplit(page.get("offer-link").attributes["href"])
    offer = json.loads(parse_qs(link.query)["credential_offer"][0])
    return dict(offer["grants"])


@pytest.fixture(scope="module")
def shared(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Web, FlaskClient, str]]:
    config = world.config(tmp_path_factory.mktemp("oauth"))
    with world.web(config) as web:
        browser = web.browser()
        ready = upload(browser)
        yield web, browser, request_path(ready).rsplit("/", 1)[-1]


@pytest.fixture
def stage(shared: tuple[Web, FlaskClient, str]) -> Stage:
    """For tests that leave the clock and the deployment as they are."""
    return identified_again(*shared)


@pytest.fixture
def own_stage(web: Web, client: FlaskClient) -> Stage:
    """A deployment of the test's own."""
    ready = upload(client)
    return identified_again(web, client, request_path(ready).rsplit("/", 1)[-1])

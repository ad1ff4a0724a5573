"""Which grants an offer holds, and where."""

import json
import re
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient

from app.signers.offers import AUTHORIZATION_CODE, PRE_AUTHORIZED_CODE
from tests.app.conftest import Web, identify, request_path, returning, upload
from tests.app.page import Page


def grants(page: Page) -> dict[str, dict[str, str]]:
    link = urlsplit(page.get("offer-link").attributes["href"])
    offer = json.loads(parse_qs(link.query)["credential_offer"][0])
    return dict(offer["grants"])


def test_in_the_browser_that_started_both_grants_are_offered(
    web: Web, client: FlaskClient
) -> None:
    offered = grants(identify(web, client, upload(client)))

    assert set(offered) == {PRE_AUTHORIZED_CODE, AUTHORIZATION_CODE}
    assert set(offered[AUTHORIZATION_CODE]) == {"issuer_state"}


def test_the_two_secrets_of_an_offer_tell_nothing_of_each_other(
    web: Web, client: FlaskClient
) -> None:
    offered = grants(identify(web, client, upload(client)))

    state = offered[AUTHORIZATION_CODE]["issuer_state"]
    assert state != offered[PRE_AUTHORIZED_CODE]["pre-authorized_code"]
    assert len(state) == 22


def test_on_the_phone_of_a_typed_code_no_browser_could_authorize(
    web: Web, client: FlaskClient
) -> None:
    phone, ready = web.browser(), upload(client)
    asked = ready.submit(client, "identify")
    link = returning(web.wallet_posts(asked, "response=identified"))
    shown = Page(phone.get(link)).get("confirmation-code").text
    here = Page(client.get(f"{request_path(ready)}/identification"))
    here.submit(client, "confirmation-submit", code=re.sub(r"\D", "", shown))

    assert set(grants(Page(phone.get(link)))) == {PRE_AUTHORIZED_CODE}

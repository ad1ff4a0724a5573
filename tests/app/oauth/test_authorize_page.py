"""``/oauth2/authorize``: who sees it, what it says, and that it decides once."""

import pytest

from tests.app.oauth.conftest import Stage, parameters
from tests.app.oauth.wallets import BASE, CLIENT, REDIRECT, TOKEN


def test_the_answer_says_whose_it_is(stage: Stage) -> None:
    answer = stage.press(stage.page(stage.push(), CLIENT))

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{REDIRECT}?")
    said = parameters(answer)
    assert (said["state"], said["iss"]) == ("af0ifjsldkj", BASE)
    assert set(said) == {"code", "state", "iss"}


def test_a_refusal_says_whose_it_is(stage: Stage) -> None:
    said = parameters(stage.press(stage.page(stage.push(), CLIENT), "refuse"))

    assert (said["error"], said["iss"]) == ("access_denied", BASE)
    assert "code" not in said


def test_without_state_none_is_made_up(stage: Stage) -> None:
    said = parameters(stage.press(stage.page(stage.push(state=None), CLIENT)))

    assert set(said) == {"code", "iss"}


def test_the_page_may_lead_to_this_wallet_only(stage: Stage) -> None:
    page = stage.page(stage.push(), CLIENT)

    policy = page.response.headers["Content-Security-Policy"]
    assert "form-action 'self' eu.europa.ec.euidi:;" in policy
    assert page.get("authorize-target").text == "eu.europa.ec.euidi"


def test_opening_the_page_decides_nothing(stage: Stage) -> None:
    uri = stage.push()
    stage.page(uri, CLIENT)

    assert stage.press(stage.page(uri, CLIENT)).status_code == 303


def refused(stage: Stage, uri: str, **more: object) -> int:
    page = stage.page(uri, CLIENT, **more)  # type: ignore[arg-type]
    assert "authorize-allow" not in page.ids()
    assert "Location" not in page.response.headers
    assert page.response.mimetype == "text/html"
    return page.response.status_code


def test_another_browser_gets_no_page(stage: Stage) -> None:
    assert refused(stage, stage.push(), browser=stage.web.browser()) == 403


def test_a_browser_identified_as_another_gets_no_page(own_stage: Stage) -> None:
    """The attacker's offer, planted in the victim's own identified browser."""
    mine = own_stage.push()
    with own_stage.web.parts.database.write() as db:
        db.connection().exec_driver_sql(
            "UPDATE browser_sessions SET handle = 'of-the-victim'"
        )

    assert refused(own_stage, mine) == 403


def test_a_browser_confirmed_by_a_typed_code_gets_no_page(own_stage: Stage) -> None:
    uri = own_stage.push()
    with own_stage.web.parts.database.write() as db:
        db.connection().exec_driver_sql(
            "UPDATE browser_sessions SET confirmed_by = 'cross_device'"
        )

    assert refused(own_stage, uri) == 403


def test_a_request_works_for_two_minutes(own_stage: Stage) -> None:
    uri = own_stage.push()
    own_stage.web.clock.forward(minutes=2)

    assert refused(own_stage, uri) == 400


def test_a_page_left_open_decides_nothing_after_two_minutes(own_stage: Stage) -> None:
    page = own_stage.page(own_stage.push(), CLIENT)
    own_stage.web.clock.forward(minutes=2)

    assert own_stage.press(page).status_code == 400


@pytest.mark.parametrize(
    "uri", ["", "x", "urn:ietf:params:oauth:request_uri:", "https://evil.example/"]
)
def test_a_request_nobody_pushed_gets_no_page(stage: Stage, uri: str) -> None:
    assert refused(stage, uri) == 400


@pytest.mark.parametrize("client_id", ["https://other.example", "", "\0", "é"])
def test_a_request_of_another_client_gets_no_page(stage: Stage, client_id: str) -> None:
    assert stage.page(stage.push(), client_id).response.status_code == 400


def test_a_request_sent_in_the_address_gets_no_page(stage: Stage) -> None:
    form = stage.wallet.pushed(stage.issuer_state)

    answer = stage.browser.get("/oauth2/authorize", query_string=form)

    assert answer.status_code == 400


@pytest.mark.parametrize("decision", ["allow", "refuse"])
def test_a_request_is_decided_once(stage: Stage, decision: str) -> None:
    uri = stage.push()
    page = stage.page(uri, CLIENT)
    stage.press(page, decision)

    assert stage.press(page).status_code == 400
    assert refused(stage, uri) == 400


@pytest.mark.parametrize("decision", ["allow", "refuse"])
def test_two_clicks_at_once_decide_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    """Both were seen waiting; the second finds out when it acts."""
    uri = stage.push()
    page = stage.page(uri, CLIENT)
    authorizations = stage.web.app.extensions["parts"].oauth.authorizations
    cookie = stage.browser.get_cookie("qes")
    assert cookie is not None
    browser = stage.web.parts.sessions.find(cookie.value)
    asked = authorizations.waiting(browser, uri, CLIENT)
    stage.press(page)
    monkeypatch.setattr(authorizations, "waiting", lambda *_: asked)

    answer = stage.press(page, decision)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert answer.mimetype == "text/html"


def test_an_offer_redeemed_otherwise_gets_no_page(stage: Stage) -> None:
    uri = stage.push()
    stage.post(TOKEN, stage.pre_authorized)

    assert refused(stage, uri) == 400


def test_a_click_from_elsewhere_decides_nothing(stage: Stage) -> None:
    uri = stage.push()
    form = {"request_uri": uri, "client_id": CLIENT, "decision": "allow"}

    answer = stage.browser.post("/oauth2/authorize", data=form)

    assert answer.status_code == 403
    assert "authorize-allow" in stage.page(uri, CLIENT).ids()


def test_the_page_cannot_be_framed(stage: Stage) -> None:
    page = stage.page(stage.push(), CLIENT)

    assert page.response.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.response.headers["Content-Security-Policy"]

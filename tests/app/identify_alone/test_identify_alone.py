"""``/identify``: a name, in the browser that started, and nothing more."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.config import WebConfig
from app.identify_alone.service import KEPT
from app.signers import store
from app.signers.store import BrowserSession, Exchange, PassOffer
from app.signing.confirmation import MAX_CODE_TRIES
from sam import messages as m
from tests.app.conftest import Web, World, returning, tx_of, upload
from tests.app.page import Page

VERIFIED = "identified-alone"


@pytest.fixture
def config(tmp_path: Path, world: World) -> WebConfig:
    config = world.config(tmp_path)
    return config.model_copy(update={"identification_alone": True})


@pytest.fixture
def waiting(client: FlaskClient) -> Page:
    return Page(client.get("/identify")).submit(client, "identify-alone")


def shown(client: FlaskClient) -> Page:
    return Page(client.get("/identify"))


def token_of(page: Page) -> str:
    form = page.get("stop").form
    assert form is not None
    return form.fields["csrf_token"]


def code_on(phone: Page) -> str:
    return phone.get("confirmation-code").text


def typed(client: FlaskClient, code: str) -> Page:
    return shown(client).submit(client, "confirmation-submit", code=code)


@pytest.fixture
def answered(web: Web, waiting: Page) -> str:
    """The path the wallet sends the person to."""
    return returning(web.wallet_posts(waiting, "response=identified"))


def test_it_is_off_unless_the_settings_say_otherwise(
    tmp_path: Path, world: World
) -> None:
    with world.web(world.config(tmp_path)) as web:
        client = web.browser()
        assert client.get("/identify").status_code == 404
        fields = {"csrf_token": token_of(upload(client))}
        assert client.post("/identify", data=fields).status_code == 404


def test_a_link_and_a_code_to_scan_are_shown(waiting: Page) -> None:
    assert waiting.get("wallet-link").attributes["href"].startswith("openid4vp://")
    assert waiting.all("svg")


def test_the_return_to_this_browser_shows_the_name(
    client: FlaskClient, answered: str
) -> None:
    page = Page(client.get(answered, follow_redirects=True))

    assert page.get(VERIFIED).text == "Verified: Erika Mustermann, issued by test"


def test_nothing_is_shown_before_the_return(client: FlaskClient, answered: str) -> None:
    assert VERIFIED not in shown(client).ids()
    assert "Erika" not in shown(client).response.text


def test_another_browser_is_shown_the_code_and_no_name(
    web: Web, client: FlaskClient, answered: str
) -> None:
    phone = Page(web.browser().get(answered))

    assert "Erika" not in phone.response.text
    assert len(code_on(phone)) == 6
    assert VERIFIED not in shown(client).ids()


def test_the_code_typed_here_shows_the_name(
    web: Web, client: FlaskClient, answered: str
) -> None:
    code = code_on(Page(web.browser().get(answered)))

    assert VERIFIED in typed(client, code).ids()


def test_wrong_codes_void_the_answer(
    web: Web, client: FlaskClient, answered: str
) -> None:
    code = code_on(Page(web.browser().get(answered)))
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(MAX_CODE_TRIES):
        typed(client, wrong)

    assert "confirmation-submit" not in shown(client).ids()
    assert VERIFIED not in shown(client).ids()
    assert VERIFIED not in Page(client.get(answered, follow_redirects=True)).ids()


def test_not_me_closes_it(web: Web, client: FlaskClient, answered: str) -> None:
    phone = web.browser()
    Page(phone.get(answered)).submit(phone, "not-me")

    assert VERIFIED not in Page(client.get(answered, follow_redirects=True)).ids()


def test_it_makes_no_session_and_no_pass(
    web: Web, client: FlaskClient, answered: str
) -> None:
    client.get(answered)

    with web.database() as db:
        (browser,) = db.query(BrowserSession)
        (exchange,) = db.query(Exchange)
        assert db.query(PassOffer).count() == 0
    assert browser.handle is browser.display_name is browser.confirmed_by is None
    assert (exchange.handle, exchange.purpose) == (None, "identify_alone")


def test_a_typed_code_makes_no_session_either(
    web: Web, client: FlaskClient, answered: str
) -> None:
    typed(client, code_on(Page(web.browser().get(answered))))

    with web.database() as db:
        (browser,) = db.query(BrowserSession)
    assert browser.confirmed_by is None


def test_it_confirms_no_session_that_another_way_began(
    web: Web, client: FlaskClient
) -> None:
    """A session that a code opened is not lifted by showing a name."""
    ready = upload(client)
    asked = ready.submit(client, "identify")
    phone = Page(web.browser().get(returning(web.wallet_posts(asked, IDENTIFIED))))
    identification = Page(client.get(f"{request_path_of(ready)}/identification"))
    identification.submit(client, "confirmation-submit", code=code_on(phone))
    alone = shown(client).submit(client, "identify-alone")
    client.get(returning(web.wallet_posts(alone, IDENTIFIED)))

    with web.database() as db:
        (browser,) = db.query(BrowserSession)
    assert browser.confirmed_by == "cross_device"


IDENTIFIED = "response=identified"


def request_path_of(page: Page) -> str:
    return page.response.request.path


def test_the_cookie_is_new_once_confirmed(client: FlaskClient, answered: str) -> None:
    before = client.get_cookie("qes")
    client.get(answered)
    after = client.get_cookie("qes")

    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_a_new_link_closes_the_old_one(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    waiting.submit(client, "identify-alone")

    assert web.sam.transactions[tx_of(waiting)].state is m.State.CLOSED


def test_stopping_closes_it(web: Web, client: FlaskClient, waiting: Page) -> None:
    stopped = waiting.submit(client, "stop")

    assert web.sam.transactions[tx_of(waiting)].state is m.State.CLOSED
    assert "wallet-link" not in stopped.ids()


def test_it_counts_among_the_five_links_of_a_browser(
    web: Web, client: FlaskClient
) -> None:
    for _ in range(6):
        upload(client).submit(client, "identify")
    shown(client).submit(client, "identify-alone")

    with web.database() as db:
        (browser,) = db.query(BrowserSession)
        assert len(store.waiting(db, browser.id, web.clock())) == 5


def test_a_wallets_error_is_a_hint(web: Web, client: FlaskClient) -> None:
    waiting = shown(client).submit(client, "identify-alone")
    back = returning(web.wallet_posts(waiting, "error=access_denied"))
    said = Page(client.get(back))

    assert "did not share anything" in said.response.text
    assert said.get("continue").attributes["href"] == "/identify"
    assert "wallet-link" in shown(client).ids()


def test_a_refused_answer_is_a_hint(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    refused = web.wallet_posts(waiting, "response=approved")

    assert refused.status_code == 400
    assert shown(client).all("p")
    assert VERIFIED not in shown(client).ids()


@pytest.mark.parametrize("path", ["/identify", "/identify/confirm", "/identify/stop"])
def test_every_step_needs_this_browsers_token(
    client: FlaskClient, waiting: Page, path: str
) -> None:
    assert client.post(path, data={"csrf_token": "other"}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_no_step_comes_from_another_site(
    client: FlaskClient, waiting: Page, site: str
) -> None:
    form = waiting.get("stop").form
    assert form is not None

    answer = client.post(
        "/identify/stop", data=form.fields, headers={"Sec-Fetch-Site": site}
    )

    assert answer.status_code == 403


def test_the_wait_is_one_word(web: Web, client: FlaskClient, waiting: Page) -> None:
    words = [client.get("/identify/watch").json]
    back = returning(web.wallet_posts(waiting, "response=identified"))
    words.append(client.get("/identify/watch").json)
    client.get(back)
    words.append(client.get("/identify/watch").json)

    assert words == [
        {"state": "waiting"},
        {"state": "answered"},
        {"state": "confirmed"},
    ]


def test_a_stranger_is_shown_nothing(web: Web, client: FlaskClient) -> None:
    stranger = web.browser()

    assert "Erika" not in shown(stranger).response.text
    assert web.browser().get("/identify/watch").status_code == 403


def test_the_name_is_forgotten(web: Web, client: FlaskClient, answered: str) -> None:
    client.get(answered)
    web.clock.forward(seconds=(KEPT + timedelta(seconds=1)).total_seconds())

    assert VERIFIED not in shown(client).ids()
    web.parts.lone_identification.forget()
    with web.database() as db:
        assert db.query(Exchange).count() == 0

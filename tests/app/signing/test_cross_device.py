"""Two screens: what the phone shows, what the code opens, and what it never opens."""

import re

import pytest
from flask.testing import FlaskClient

from app.signers.store import BrowserSession
from sam import errors
from tests.app.conftest import (
    Web,
    request_path,
    returning,
    tx_of,
    upload,
)
from tests.app.page import Page
from tests.app.sam_peer import NAME


@pytest.fixture
def ready(client: FlaskClient) -> Page:
    return upload(client)


@pytest.fixture
def phone(web: Web) -> FlaskClient:
    return web.browser()


@pytest.fixture
def link(web: Web, client: FlaskClient, ready: Page) -> str:
    """Where the wallet sends the person after an approval."""
    waiting = ready.submit(client, "approve")
    return returning(web.wallet_posts(waiting, "response=approved"))


@pytest.fixture
def identified_link(web: Web, client: FlaskClient, ready: Page) -> str:
    asked = ready.submit(client, "identify")
    return returning(web.wallet_posts(asked, "response=identified"))


def digits(page: Page) -> str:
    return re.sub(r"\D", "", page.get("confirmation-code").text)


def type_code(client: FlaskClient, page: Page, code: str) -> Page:
    form = page.get("confirmation-submit").form
    assert form is not None
    fields = {**form.fields, "code": code}
    answer = client.post(form.attributes["action"], data=fields, follow_redirects=True)
    return Page(answer)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def here(client: FlaskClient, ready: Page) -> Page:
    return Page(client.get(request_path(ready)))


def test_the_phone_shows_who_when_which_document_and_a_code(
    phone: FlaskClient, link: str
) -> None:
    page = Page(phone.get(link))

    assert page.ids() >= {"confirmation-code", "not-me"}
    assert len(digits(page)) == 6
    assert "lease.pdf" in page.response.text
    assert "a browser" in page.response.text


def test_the_code_typed_where_it_started_signs(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))

    page = type_code(client, here(client, ready), code)

    assert page.state == "signed"
    assert "The code was right" in phone.get(link).text


def test_the_code_may_be_typed_with_a_gap(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))

    page = type_code(client, here(client, ready), f"{code[:3]} {code[3:]}")

    assert page.state == "signed"


def test_the_code_of_an_identification_identifies_and_offers_the_pass_on_the_phone(
    phone: FlaskClient, client: FlaskClient, ready: Page, identified_link: str
) -> None:
    before = Page(phone.get(identified_link))
    asked = Page(client.get(f"{request_path(ready)}/identification"))

    page = type_code(client, asked, digits(before))

    assert NAME in page.response.text
    assert "offer-link" not in before.ids() | page.ids()
    assert "offer-link" in Page(phone.get(identified_link)).ids()


def test_a_session_that_typed_a_code_is_of_the_lesser_kind(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, identified_link: str
) -> None:
    code = digits(Page(phone.get(identified_link)))
    type_code(client, Page(client.get(f"{request_path(ready)}/identification")), code)

    with web.database() as db:
        kinds = {b.confirmed_by for b in db.query(BrowserSession)}

    assert kinds == {"cross_device"}
    assert client.get("/session/export.json").status_code == 403


def test_typing_the_code_rotates_the_cookie(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    before = client.get_cookie("qes")

    type_code(client, here(client, ready), digits(Page(phone.get(link))))

    after = client.get_cookie("qes")
    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_a_wrong_code_says_how_many_tries_are_left(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))

    page = type_code(client, here(client, ready), other_than(code))

    assert page.state == "awaiting_confirmation"
    assert "You have 2 tries left" in page.response.text


def test_three_wrong_codes_void_the_approval(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))
    for _ in range(2):
        type_code(client, here(client, ready), other_than(code))

    page = type_code(client, here(client, ready), other_than(code))

    assert page.state == "ready"
    assert "finish" not in web.sam.calls
    assert {t.state.value for t in web.sam.transactions.values()} == {"closed"}
    assert "confirmation-code" not in Page(phone.get(link)).ids()


def test_three_wrong_codes_void_an_identification(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, identified_link: str
) -> None:
    code = digits(Page(phone.get(identified_link)))
    asked = Page(client.get(f"{request_path(ready)}/identification"))
    for _ in range(3):
        page = type_code(client, asked, other_than(code))

    again = type_code(client, asked, code)

    assert NAME not in page.response.text + again.response.text
    assert {t.state.value for t in web.sam.transactions.values()} == {"closed"}


def test_after_the_third_wrong_code_the_right_one_is_no_use(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))
    form = here(client, ready)
    for typed in [other_than(code)] * 3:
        type_code(client, form, typed)

    type_code(client, form, code)

    assert "finish" not in web.sam.calls


def test_the_code_works_for_five_minutes(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))
    form = here(client, ready)
    web.clock.forward(minutes=4, seconds=59)

    assert type_code(client, form, code).state == "signed"


def test_after_five_minutes_the_code_works_no_more(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))
    form = here(client, ready)
    web.clock.forward(minutes=5)

    assert type_code(client, form, code).state == "ready"
    assert "finish" not in web.sam.calls


def test_an_older_link_does_not_confirm_a_newer_approval(
    web: Web, client: FlaskClient, ready: Page, link: str
) -> None:
    here(client, ready).submit(client, "continue-on-phone")
    waiting = here(client, ready).submit(client, "approve")
    web.wallet_posts(waiting, "response=approved")

    client.get(link)

    assert here(client, ready).state == "awaiting_confirmation"
    assert "finish" not in web.sam.calls


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_is_a_wrong_code(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str, typed: str
) -> None:
    page = type_code(client, here(client, ready), typed)

    assert page.state == "awaiting_confirmation"


def test_another_browser_cannot_type_the_code(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))
    token = Page(phone.get("/")).all("input")[0].attributes["value"]

    answer = phone.post(
        f"{request_path(ready)}/confirm", data={"csrf_token": token, "code": code}
    )

    assert answer.status_code == 404
    assert here(client, ready).state == "awaiting_confirmation"


def test_a_code_typed_before_the_wallet_answered_changes_nothing(
    client: FlaskClient, ready: Page
) -> None:
    asked = ready.submit(client, "identify")
    token = asked.all("input")[0].attributes["value"]

    answer = client.post(
        f"{request_path(ready)}/confirm", data={"csrf_token": token, "code": "123456"}
    )

    assert answer.status_code == 409
    assert "wallet-link" in Page(client.get(asked.response.request.path)).ids()


def test_the_code_of_one_exchange_is_not_that_of_another(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    other = web.browser()
    waiting = upload(other).submit(other, "approve")
    foreign = returning(web.wallet_posts(waiting, "response=approved"))

    page = type_code(client, here(client, ready), digits(Page(phone.get(foreign))))

    assert page.state == "awaiting_confirmation"


def test_the_phone_confirms_nothing_by_opening_the_link_again(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    for _ in range(3):
        phone.get(link)

    assert here(client, ready).state == "awaiting_confirmation"


def not_me(phone: FlaskClient, link: str) -> Page:
    form = Page(phone.get(link)).get("not-me").form
    assert form is not None
    answer = phone.post(
        form.attributes["action"], data=form.fields, follow_redirects=True
    )
    return Page(answer)


def test_not_me_closes_an_approval(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    page = not_me(phone, link)

    assert "Everything is closed" in page.response.text
    assert here(client, ready).state == "declined"
    assert {t.state.value for t in web.sam.transactions.values()} == {"closed"}


def test_not_me_closes_an_identification_and_its_code(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, identified_link: str
) -> None:
    code = digits(Page(phone.get(identified_link)))
    form = Page(client.get(f"{request_path(ready)}/identification"))

    not_me(phone, identified_link)

    assert NAME not in type_code(client, form, code).response.text
    assert {t.state.value for t in web.sam.transactions.values()} == {"closed"}


def test_not_me_after_the_signature_is_told_that_it_is_too_late(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    first = Page(phone.get(link))
    type_code(client, here(client, ready), digits(first))
    form = first.get("not-me").form
    assert form is not None

    answer = phone.post(form.attributes["action"], data=form.fields)

    assert answer.status_code == 409
    assert here(client, ready).state == "signed"


def test_not_me_needs_the_link(phone: FlaskClient, ready: Page, link: str) -> None:
    answer = phone.post("/oid4vp/return/not-me", data={"response_code": "guess"})

    assert answer.status_code == 403


def test_not_me_from_another_site_is_refused(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = link.rpartition("=")[2]

    answer = phone.post(
        "/oid4vp/return/not-me",
        data={"response_code": code},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403
    assert here(client, ready).state == "awaiting_confirmation"


def test_where_two_screens_are_switched_off_the_phone_gets_no_code(
    web: Web, link: str
) -> None:
    answer = web.without_cross_device().get(link)

    assert answer.status_code == 403
    assert "confirmation-code" not in Page(answer).ids()


def test_a_wallets_refusal_is_told_on_the_phone_and_ends_nothing(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    said = returning(web.wallet_posts(waiting, "error=access_denied"))

    page = Page(phone.get(said))

    assert "did not share anything" in page.response.text
    assert "confirmation-code" not in page.ids()
    assert here(client, ready).state == "awaiting_wallet"


def test_of_more_than_five_waiting_links_the_oldest_is_closed(
    web: Web, client: FlaskClient
) -> None:
    pages = [upload(client).submit(client, "approve") for _ in range(6)]

    states = [Page(client.get(request_path(page))).state for page in pages]

    assert states == ["ready"] + ["awaiting_wallet"] * 5
    assert web.wallet_posts(pages[0], "response=approved").status_code == 400


def test_an_old_waiting_identification_is_closed_too(
    web: Web, client: FlaskClient
) -> None:
    first = upload(client).submit(client, "identify")
    for _ in range(5):
        upload(client).submit(client, "identify")

    assert web.wallet_posts(first, "response=identified").status_code == 400


def test_watching_tells_one_word_and_nothing_else(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    path = f"{request_path(ready)}/watch"
    before = client.get(path)
    waiting = ready.submit(client, "approve")
    web.wallet_posts(waiting, "response=approved")

    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})

    assert before.json == {"state": "ready"}
    assert after.json == {"state": "awaiting_confirmation"}


def test_watching_what_has_not_changed_is_answered_without_a_body(
    client: FlaskClient, ready: Page
) -> None:
    path = f"{request_path(ready)}/watch"
    tag = client.get(path).headers["ETag"]

    answer = client.get(path, headers={"If-None-Match": tag})

    assert (answer.status_code, answer.data) == (304, b"")


def test_a_renewed_link_is_another_one_and_the_old_is_dead(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    web.clock.forward(minutes=6)
    expired = here(client, ready)

    again = expired.submit(client, "renew")

    assert tx_of(again) != tx_of(waiting)
    assert web.wallet_posts(waiting, "response=approved").status_code == 400
    assert again.state == "awaiting_wallet"


def test_a_new_pass_can_be_had_while_an_approval_waits(
    web: Web, client: FlaskClient, ready: Page
) -> None:
    waiting = ready.submit(client, "approve")
    web.wallet_posts(waiting, "error=invalid_transaction_data")

    asked = here(client, ready).submit(client, "identify")

    assert "wallet-link" in asked.ids()
    assert here(client, ready).state == "ready"


def test_the_same_device_way_still_ends_a_walk_that_showed_a_code(
    phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    phone.get(link)

    page = Page(client.get(link, follow_redirects=True))

    assert page.state == "signed"


def test_the_code_is_no_part_of_the_link(phone: FlaskClient, link: str) -> None:
    assert digits(Page(phone.get(link))) not in link


def test_a_sam_that_is_away_when_the_code_is_typed_leaves_nothing_signed(
    web: Web, phone: FlaskClient, client: FlaskClient, ready: Page, link: str
) -> None:
    code = digits(Page(phone.get(link)))
    web.sam.failing["status"] = errors.SamUnavailableError

    page = type_code(client, here(client, ready), code)

    assert page.state == "ready"
    assert "Nothing was signed" in page.response.text

"""Your signing passes: seen and ended by who they are of, in their own browser."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from sam import errors
from tests.app.conftest import Web, identify, returning, upload
from tests.app.page import Page
from tests.app.sam_peer import Pass

PASSES = "/session/passes"


@pytest.fixture
def identified(web: Web, client: FlaskClient) -> Page:
    return identify(web, client, upload(client))


@pytest.fixture
def handle(web: Web, identified: Page) -> str:
    (handle,) = web.sam.handles
    return handle


@pytest.fixture
def old(web: Web, handle: str) -> Pass:
    """In another wallet, by an earlier identification."""
    given = Pass("earlier", web.clock.now - timedelta(days=9))
    web.sam.passes.append(given)
    return given


@pytest.fixture
def new(web: Web, handle: str, old: Pass) -> Pass:
    """Fetched just now, by this identification."""
    given = Pass(handle, web.clock.now)
    web.sam.passes.append(given)
    return given


def shown(client: FlaskClient) -> Page:
    return Page(client.get(PASSES))


def states(page: Page) -> list[str]:
    return [
        e.attributes["data-state"]
        for e in page.elements
        if e.attributes.get("data-testid") == "pass"
    ]


def follow(client: FlaskClient, page: Page, testid: str) -> Page:
    link = next(e for e in page.elements if e.attributes.get("data-testid") == testid)
    return Page(client.get(link.attributes["href"]))


def test_the_session_page_leads_to_the_passes(
    client: FlaskClient, new: Pass, old: Pass
) -> None:
    page = follow(client, Page(client.get("/session")), "passes")

    assert states(page) == ["valid", "valid"]


def test_nothing_ends_by_looking_or_by_asking(
    client: FlaskClient, new: Pass, old: Pass
) -> None:
    asked = follow(client, shown(client), "end-pass")

    assert "end-passes-confirm" in asked.ids()
    assert not new.revoked
    assert not old.revoked


def test_one_pass_ends_after_a_second_click(
    client: FlaskClient, new: Pass, old: Pass
) -> None:
    asked = follow(client, shown(client), "end-pass")

    after = asked.submit(client, "end-passes-confirm")

    assert states(after) == ["revoked", "valid"]
    assert (new.revoked, old.revoked) == (True, False)


def test_all_passes_end_at_once(client: FlaskClient, new: Pass, old: Pass) -> None:
    asked = follow(client, shown(client), "end-all-passes")

    assert states(asked.submit(client, "end-passes-confirm")) == ["revoked"] * 2


@pytest.mark.parametrize("start", ["identified", "passes"])
def test_whoever_got_a_pass_in_a_new_wallet_can_end_the_old_one(
    client: FlaskClient, identified: Page, new: Pass, old: Pass, start: str
) -> None:
    pages = {"identified": identified.response.request.full_path, "passes": PASSES}
    page = Page(client.get(pages[start]))

    asked = follow(client, page, "end-other-passes")
    asked.submit(client, "end-passes-confirm")

    assert (new.revoked, old.revoked) == (False, True)


def test_a_pass_that_lasts_is_not_asked_for_again(
    client: FlaskClient, identified: Page, old: Pass
) -> None:
    page = Page(client.get(identified.response.request.full_path))

    assert "already" in page.get("pass-held").text
    assert "renew-pass" not in shown(client).ids()


@pytest.mark.parametrize("days", [7, 1])
def test_a_pass_that_ends_within_a_week_is_to_be_renewed(
    web: Web, client: FlaskClient, identified: Page, handle: str, days: int
) -> None:
    web.sam.passes.append(Pass("earlier", web.clock.now - timedelta(days=30 - days)))

    page = Page(client.get(identified.response.request.full_path))

    assert "new one now" in page.get("pass-held").text
    assert "renew-pass" in shown(client).ids()


def test_the_page_after_identifying_works_without_the_list(
    web: Web, client: FlaskClient, identified: Page, old: Pass
) -> None:
    web.sam.failing["list_passes"] = errors.SamUnavailableError

    page = Page(client.get(identified.response.request.full_path))

    assert page.response.status_code == 200
    assert "offer-link" in page.ids()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{PASSES}/{'A' * 22}/end", id="nobodys-reference"),
        pytest.param(f"{PASSES}/x/end", id="no-reference"),
        pytest.param(f"{PASSES}/{'é' * 22}/end", id="not-ascii"),
        pytest.param(f"{PASSES}/others/end", id="nothing-left"),
    ],
)
def test_asking_to_end_what_there_is_not_leads_back(
    client: FlaskClient, handle: str, path: str
) -> None:
    assert client.get(path).location == PASSES


def test_a_pass_ended_meanwhile_does_not_end_again(
    client: FlaskClient, new: Pass, old: Pass
) -> None:
    asked = follow(client, shown(client), "end-pass")
    asked.submit(client, "end-passes-confirm")

    assert states(asked.submit(client, "end-passes-confirm")) == ["revoked", "valid"]


@pytest.mark.parametrize("path", [PASSES, f"{PASSES}/all/end"])
def test_nobody_sees_passes_without_having_identified(
    web: Web, client: FlaskClient, path: str
) -> None:
    upload(client)

    assert client.get(path).status_code == 303
    assert "list_passes" not in web.sam.calls


def test_a_handle_that_is_over_means_identifying_again(
    web: Web, client: FlaskClient, handle: str
) -> None:
    web.sam.failing["list_passes"] = errors.UnknownHandleError

    assert client.get(PASSES).location == "/session"
    assert "Nobody is identified" in client.get("/session").text


@pytest.mark.parametrize("path", [PASSES, f"{PASSES}/all/end"])
def test_a_session_opened_by_a_typed_code_reaches_no_passes(
    web: Web, client: FlaskClient, path: str
) -> None:
    """Whoever talks a person through typing it could end all they have."""
    asked = upload(client).submit(client, "identify")
    link = returning(web.wallet_posts(asked, "response=identified"))
    phone = Page(web.browser().get(link))
    code = re.sub(r"\D", "", phone.get("confirmation-code").text)
    waiting = Page(client.get(asked.response.request.path))
    waiting.submit(client, "confirmation-submit", code=code)
    assert "You typed the code" in client.get("/session").text

    assert client.get(path).status_code == 403
    assert "passes" not in Page(client.get("/session")).ids()
    assert "list_passes" not in web.sam.calls


def test_ending_needs_this_browsers_own_form(
    client: FlaskClient, new: Pass, old: Pass
) -> None:
    answer = client.post(f"{PASSES}/all/end", data={"csrf_token": "x" * 43})

    assert answer.status_code == 403
    assert not new.revoked


def test_another_browser_ends_nothing(web: Web, new: Pass, old: Pass) -> None:
    stranger = web.browser()
    upload(stranger)
    form = Page(stranger.get("/session"))

    assert "passes" not in form.ids()
    assert stranger.get(f"{PASSES}/{new.reference}/end").status_code == 303
    assert not new.revoked


STATUS_LIST = "/oid4vci/status/1"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        pytest.param(None, 200, id="nothing-said"),
        pytest.param("*/*", 200, id="anything"),
        pytest.param("application/statuslist+jwt", 200, id="the-jwt"),
        pytest.param("application/*", 200, id="any-application"),
        pytest.param("application/statuslist+cwt", 406, id="the-cwt"),
        pytest.param("text/html", 406, id="html"),
        pytest.param("application/statuslist+jwt;q=0", 406, id="not-the-jwt"),
    ],
)
def test_the_status_list_is_a_jwt(
    client: FlaskClient, accept: str | None, status: int
) -> None:
    headers = {} if accept is None else {"Accept": accept}

    answer = client.get(STATUS_LIST, headers=headers)

    assert answer.status_code == status
    assert (answer.mimetype == "application/statuslist+jwt") is (status == 200)


def test_the_status_list_may_be_kept_as_long_as_it_says(client: FlaskClient) -> None:
    answer = client.get(STATUS_LIST)

    assert answer.headers["Cache-Control"] == "public, max-age=900"
    assert "Set-Cookie" not in answer.headers
    again = client.get(STATUS_LIST, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_another_list_comes_with_another_tag(client: FlaskClient, old: Pass) -> None:
    first = client.get(STATUS_LIST).headers["ETag"]
    old.revoked = True

    again = client.get(STATUS_LIST, headers={"If-None-Match": first})

    assert again.status_code == 200


@pytest.mark.parametrize("number", ["0", "2", "999999", "x", "-1"])
def test_there_is_no_other_list(client: FlaskClient, number: str) -> None:
    assert client.get(f"/oid4vci/status/{number}").status_code == 404

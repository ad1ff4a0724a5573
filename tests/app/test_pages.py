"""Every page as a document: what a person, a screen reader and a checker rely on."""

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from sam import errors
from tests.app.conftest import Web, World, request_path, returning, upload
from tests.app.page import Page

NAMES = [
    "start",
    "start-with-documents",
    "ready",
    "identification",
    "identification-answered",
    "identified",
    "ready-identified",
    "awaiting-wallet",
    "awaiting-wallet-after-error",
    "wallet-said",
    "awaiting-confirmation",
    "signing",
    "signed",
    "declined",
    "failed",
    "not-found",
    "unsignable",
    "elsewhere",
]


def walk(web: Web, client: FlaskClient) -> Iterator[tuple[str, Page]]:
    yield "start", Page(client.get("/"))
    ready = upload(client)
    path = request_path(ready)
    yield "ready", ready
    yield "start-with-documents", Page(client.get("/"))
    asked = ready.submit(client, "identify")
    yield "identification", asked
    answer = web.wallet_posts(asked, "response=identified")
    yield "identification-answered", Page(client.get(f"{path}/identification"))
    yield "elsewhere", Page(web.browser().get(returning(answer)))
    yield "identified", Page(client.get(returning(answer)))
    yield "ready-identified", Page(client.get(path))
    waiting = Page(client.get(path)).submit(client, "approve")
    yield "awaiting-wallet", waiting
    said = web.wallet_posts(waiting, "error=access_denied")
    yield "wallet-said", Page(client.get(returning(said)))
    yield "awaiting-wallet-after-error", Page(client.get(path))
    answer = web.wallet_posts(waiting, "response=approved")
    web.sam.failing["finish"] = errors.SamUnavailableError
    yield "signing", Page(client.get(path))
    del web.sam.failing["finish"]
    web.clock.forward(seconds=5)
    web.parts.sweeper.round()
    yield "signed", Page(client.get(returning(answer), follow_redirects=True))
    yield "declined", upload(client).submit(client, "stop")
    yield "not-found", Page(client.get("/nowhere"))
    yield "unsignable", upload(client, b"no")
    other = web.browser()
    waiting = upload(other).submit(other, "approve")
    answer = web.wallet_posts(waiting, "response=approved")
    yield "awaiting-confirmation", Page(other.get(request_path(waiting)))
    web.sam.failing["finish"] = errors.SigningFailedError
    yield "failed", Page(other.get(returning(answer), follow_redirects=True))


@pytest.fixture(scope="module")
def pages(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    config = world.config(tmp_path_factory.mktemp("pages"))
    with world.web(config) as web:
        return dict(walk(web, web.browser()))


def test_the_walk_meets_every_page(pages: dict[str, Page]) -> None:
    assert sorted(pages) == sorted(NAMES)


def wrong(pages: dict[str, Page], check: object) -> list[str]:
    return [name for name, page in pages.items() if not check(page)]  # type: ignore[operator]


def test_every_page_has_one_h1(pages: dict[str, Page]) -> None:
    assert wrong(pages, lambda page: len(page.all("h1")) == 1) == []


def test_every_page_has_a_title_of_its_own(pages: dict[str, Page]) -> None:
    assert (
        wrong(pages, lambda p: re.match(r"\S.* – Sign", p.all("title")[0].text)) == []
    )


def test_every_page_says_that_it_is_a_test(pages: dict[str, Page]) -> None:
    assert (
        wrong(pages, lambda p: "TEST — no legal effect" in p.all("body")[0].text) == []
    )


def test_no_page_says_qualified(pages: dict[str, Page]) -> None:
    assert wrong(pages, lambda p: "qualified" not in p.response.text.lower()) == []


def test_every_page_names_its_language_and_reflows(pages: dict[str, Page]) -> None:
    assert wrong(pages, lambda p: p.all("html")[0].attributes.get("lang") == "en") == []
    assert wrong(pages, lambda p: "width=device-width" in p.response.text) == []
    assert wrong(pages, lambda p: "user-scalable" not in p.response.text) == []


def test_the_skip_link_leads_to_the_content(pages: dict[str, Page]) -> None:
    def skips(page: Page) -> bool:
        first = page.all("a")[0].attributes
        (main,) = page.all("main")
        return first["href"] == "#main" and main.attributes["id"] == "main"

    assert wrong(pages, skips) == []


def test_every_field_a_person_fills_has_a_label(pages: dict[str, Page]) -> None:
    def labelled(page: Page) -> bool:
        labels = {label.attributes.get("for") for label in page.all("label")}
        fields = [i for i in page.all("input") if i.attributes["type"] != "hidden"]
        return all(field.attributes.get("id") in labels for field in fields)

    assert wrong(pages, labelled) == []


def test_every_form_carries_a_token_and_posts_to_us(pages: dict[str, Page]) -> None:
    def fine(page: Page) -> bool:
        return all(
            form.attributes["method"] == "post"
            and form.attributes["action"].startswith("/requests")
            and len(form.fields.get("csrf_token", "")) == 43
            for form in page.all("form")
        )

    # The phone has no session here: its form carries the wallet's link instead.
    assert wrong(pages, fine) == ["elsewhere"]


def test_every_button_and_link_has_words(pages: dict[str, Page]) -> None:
    def worded(page: Page) -> bool:
        return all(e.text.strip() for e in page.all("button") + page.all("a"))

    assert wrong(pages, worded) == []


def test_a_page_has_at_most_one_primary_action(pages: dict[str, Page]) -> None:
    def one(page: Page) -> bool:
        classes = [e.attributes.get("class", "").split() for e in page.elements]
        return sum("primary" in names for names in classes) <= 1

    assert wrong(pages, one) == []


def test_a_test_id_is_on_one_element_only(pages: dict[str, Page]) -> None:
    def unique(page: Page) -> bool:
        ids = [e.attributes.get("data-testid") for e in page.elements]
        return all(ids.count(i) == 1 for i in set(ids) - {None})

    assert wrong(pages, unique) == []


@pytest.mark.parametrize(
    ("name", "state", "ids"),
    [
        ("start", None, {"upload-input", "upload-submit"}),
        ("ready", "ready", {"document-digest", "identify", "approve", "stop"}),
        ("identification", None, {"wallet-link"}),
        ("identified", None, {"offer-link", "continue"}),
        (
            "awaiting-wallet",
            "awaiting_wallet",
            {"wallet-link", "document-digest", "stop"},
        ),
        (
            "awaiting-confirmation",
            "awaiting_confirmation",
            {"document-digest", "stop"},
        ),
        ("signing", "signing", {"document-digest"}),
        (
            "signed",
            "signed",
            {"document-digest", "download-signed", "download-evidence"},
        ),
        ("declined", "declined", set()),
        ("failed", "failed", set()),
    ],
)
def test_the_public_contract_of_a_page(
    pages: dict[str, Page], name: str, state: str | None, ids: set[str]
) -> None:
    page = pages[name]

    assert page.ids() >= ids
    assert ("request-state" in page.ids()) == (state is not None)
    assert state is None or page.state == state


def test_only_pages_that_wait_reload_themselves(pages: dict[str, Page]) -> None:
    reloading = {
        name for name, p in pages.items() if 'http-equiv="refresh"' in p.response.text
    }

    assert reloading == {
        "identification",
        "elsewhere",
        "awaiting-wallet",
        "awaiting-wallet-after-error",
        "signing",
    }


def test_the_page_lists_what_this_browser_brought(pages: dict[str, Page]) -> None:
    assert "lease.pdf" not in pages["start"].response.text
    assert "lease.pdf" in pages["start-with-documents"].response.text


def test_healthz_asks_nobody(web: Web, client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert web.sam.calls == []


def test_readyz_is_ready_when_everyone_answers(client: FlaskClient) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"database": True, "sam": True, "tsa": True}


def test_readyz_says_who_does_not_answer(web: Web, client: FlaskClient) -> None:
    web.sam.failing["info"] = errors.SamUnavailableError
    web.outside.tsa_answers = False
    web.parts.database.engine.dispose()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json == {"database": True, "sam": False, "tsa": False}

"""The page about the free tier says the whole rule, to everybody, before any effort."""

from pathlib import Path

import pytest
from flask import Flask

import app
from app.plans import policy
from app.plans.policy import Policy
from app.plans.views import by_name, plans_blueprint
from tests.app.page import Page
from tests.app.plans.conftest import POLICIES, World

WEB = Path(app.__file__).parent / "web"


def page(world: World) -> Page:
    """The page alone: links to the rest of the service lead to their names."""
    flask = Flask("free", template_folder=WEB / "templates", static_folder=None)
    flask.url_build_error_handlers.append(lambda _, endpoint, __: f"/{endpoint}")
    flask.register_blueprint(plans_blueprint(world.tier))
    return Page(flask.test_client().get("/free"))


def text_of(found: Page) -> str:
    return found.all("main")[0].text


@pytest.mark.parametrize("name", [file.stem for file in POLICIES.iterdir()])
def test_the_page_says_all_that_the_policy_says(on_sqlite: World, name: str) -> None:
    under = policy.load(POLICIES / f"{name}.json")

    said = text_of(page(on_sqlite.under(under)))

    texts = under.texts.model_dump(exclude={"used_up"}).values()
    assert [text for text in texts if text not in said] == []


def test_the_page_says_when_it_starts_again_in_the_policys_zone(
    on_sqlite: World,
) -> None:
    reset = page(on_sqlite).get("free-resets")

    assert reset.text == "1 December 2026"
    assert reset.attributes["datetime"] == "2026-12-01T00:00:00+01:00"


def test_without_a_cap_nothing_starts_again(on_sqlite: World) -> None:
    free = on_sqlite.under(policy.load(POLICIES / "demo.json"))

    assert "free-resets" not in page(free).ids()


@pytest.mark.parametrize(
    "sentence",
    [
        "It does not count when another application asks you to sign.",
        "It does not count if you stop, if it fails",
        "you say that you sign for private use",
        "Your wallet shows the word “private”",
    ],
)
def test_the_page_says_what_counts_and_what_is_declared(
    on_sqlite: World, sentence: str
) -> None:
    assert sentence in text_of(page(on_sqlite))


def test_the_page_links_every_alternative_and_the_appeal(on_sqlite: World) -> None:
    links = {a.attributes["href"] for a in page(on_sqlite).all("a")}

    wanted = [other.url for other in on_sqlite.policy.alternatives]
    assert {str(url) for url in [*wanted, on_sqlite.policy.appeal_url]} <= links


def test_alternatives_stand_in_the_order_of_the_alphabet() -> None:
    in_the_file = policy.load(POLICIES / "pl-like.json").alternatives

    names = [other.name for other in by_name(in_the_file)]

    assert names == ["mObywatel", "Providers on the EU trusted lists"]


def test_the_page_shows_figures_of_ended_periods(on_sqlite: World) -> None:
    for n in range(11):
        on_sqlite.signed(f"person {n}", 2)
    on_sqlite.tier.settle()
    on_sqlite.clock.forward(days=31)

    cells = [cell.text for cell in page(on_sqlite).all("td")]

    assert cells == ["11", "22"]


def test_a_policys_words_are_words_and_no_markup(on_sqlite: World) -> None:
    shown = page(on_sqlite.under(with_rule(on_sqlite.policy, "<img src=x>")))

    assert shown.get("free-rule").text == "<img src=x>"


def with_rule(under: Policy, rule: str) -> Policy:
    texts = under.texts.model_copy(update={"rule": rule})
    return under.model_copy(update={"texts": texts})


def test_without_a_policy_the_page_says_that_nothing_is_counted(
    on_sqlite: World,
) -> None:
    shown = page(on_sqlite.under(None))

    assert "does not count" in shown.get("free-rule").text

"""Every page in every situation: what must hold of each, whatever it shows."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.app.page import Element, Page
from tests.app.web.scenes import ROOT, Scene, application, scenes, serve_scenes

TEMPLATES = ROOT / "app/web/templates"
FRAMES = {"layout.html", "parts.html", "request.html"}
SCENES = {scene.name: scene for scene in scenes()}
BANNED = re.compile(
    r"\b(hash|digest|QSCD|PAdES|LTA|DTBS|credential|verifier|payload|transaction)"
    r"(s|es)?\b",
    re.IGNORECASE,
)
NO_TEXT = {"script", "style", "code"}
BLOCKS = {"p", "li", "h1", "h2", "h3", "dt", "dd", "label", "button", "summary", "th"}
MAX_WORDS = 20


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app = application()
    serve_scenes(app)
    return app.test_client()


@pytest.fixture(scope="module")
def pages(client: FlaskClient) -> dict[str, Page]:
    return {name: Page(client.get(f"/scenes/{name}")) for name in SCENES}


def wrong(pages: dict[str, Page], fine: object) -> list[str]:
    return [name for name, page in pages.items() if not fine(page)]  # type: ignore[operator]


def values(page: Page, attribute: str) -> list[str]:
    return [e.attributes[attribute] for e in page.elements if attribute in e.attributes]


def test_every_template_has_a_scene() -> None:
    templates = {path.name for path in TEMPLATES.iterdir()} - FRAMES

    assert templates == {scene.template for scene in SCENES.values()}


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name
)
def test_no_template_holds_script_style_or_another_host(path: Path) -> None:
    source = path.read_text()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", source)


def test_every_page_has_one_h1_and_its_own_title(pages: dict[str, Page]) -> None:
    assert wrong(pages, lambda page: len(page.all("h1")) == 1) == []
    assert (
        wrong(pages, lambda p: re.match(r"\S.* – Sign", p.all("title")[0].text)) == []
    )


def test_headings_skip_no_level(pages: dict[str, Page]) -> None:
    def in_order(page: Page) -> bool:
        levels = [int(e.tag[1]) for e in page.elements if re.fullmatch("h[1-6]", e.tag)]
        return all(b <= a + 1 for a, b in pairwise(levels))

    assert wrong(pages, in_order) == []


def test_every_page_has_the_stripe_the_landmarks_and_the_skip_link(
    pages: dict[str, Page],
) -> None:
    def framed(page: Page) -> bool:
        tags = [e.tag for e in page.elements]
        return (
            "TEST — no legal effect" in page.all("body")[0].text
            and page.all("a")[0].attributes["href"] == "#main"
            and page.all("main")[0].attributes["id"] == "main"
            and tags.count("main") == 1
            and "header" in tags
            and "footer" in tags
        )

    assert wrong(pages, framed) == []


def test_a_page_speaks_by_one_status_at_most(pages: dict[str, Page]) -> None:
    assert wrong(pages, lambda p: values(p, "role").count("status") <= 1) == []


def test_no_page_jumps_the_tab_order(pages: dict[str, Page]) -> None:
    assert wrong(pages, lambda p: set(values(p, "tabindex")) <= {"-1", "0"}) == []


def test_an_id_is_on_one_element_only(pages: dict[str, Page]) -> None:
    assert (
        wrong(pages, lambda p: len(values(p, "id")) == len(set(values(p, "id")))) == []
    )


def test_every_reference_by_id_finds_its_element(pages: dict[str, Page]) -> None:
    def found(page: Page) -> bool:
        names = values(page, "for") + [
            name
            for attribute in ("aria-labelledby", "aria-describedby")
            for value in values(page, attribute)
            for name in value.split()
        ]
        return set(names) <= set(values(page, "id"))

    assert wrong(pages, found) == []


def test_every_field_a_person_fills_has_a_label(pages: dict[str, Page]) -> None:
    def labelled(page: Page) -> bool:
        labels = set(values(page, "for"))
        return all(field.attributes.get("id") in labels for field in fields(page))

    assert wrong(pages, labelled) == []


def fields(page: Page) -> list[Element]:
    return [e for e in page.all("input") if e.attributes["type"] != "hidden"]


def test_a_page_has_at_most_one_primary_action(pages: dict[str, Page]) -> None:
    def one(page: Page) -> bool:
        classes = [value.split() for value in values(page, "class")]
        return sum("primary" in names for names in classes) <= 1

    assert wrong(pages, one) == []


def test_a_page_with_a_field_never_reloads_itself(pages: dict[str, Page]) -> None:
    def calm(page: Page) -> bool:
        return not (fields(page) and "http-equiv" in page.response.text)

    assert wrong(pages, calm) == []


def test_a_page_that_waits_reloads_itself_only_without_scripts(
    pages: dict[str, Page],
) -> None:
    reload = '<noscript><meta http-equiv="refresh" content="5"></noscript>'

    def only_there(page: Page) -> bool:
        return page.response.text.count("http-equiv") == page.response.text.count(
            reload
        )

    assert wrong(pages, only_there) == []
    assert "http-equiv" in pages["awaiting-wallet"].response.text
    assert "http-equiv" in pages["making"].response.text


@pytest.mark.parametrize("name", SCENES)
def test_no_citizen_reads_a_banned_word(pages: dict[str, Page], name: str) -> None:
    found = {match[0] for text in texts(pages[name]) for match in BANNED.finditer(text)}

    assert found == set()


@pytest.mark.parametrize("name", SCENES)
def test_no_sentence_has_more_than_twenty_words(
    pages: dict[str, Page], name: str
) -> None:
    sentences = [
        sentence
        for text in texts(pages[name])
        for sentence in re.split(r"[.?!:;](?:\s|$)", text)
    ]

    assert [each for each in sentences if len(each.split()) > MAX_WORDS] == []


def test_no_page_calls_our_own_signatures_qualified(pages: dict[str, Page]) -> None:
    of_others = ("verif", "free", "quota")
    ours = {n: page for n, page in pages.items() if not n.startswith(of_others)}

    assert wrong(ours, lambda page: "qualified" not in page.response.text.lower()) == []


def texts(page: Page) -> list[str]:
    """What is shown or spoken, block by block."""
    blocks = [e.text for e in page.elements if e.tag in BLOCKS]
    return blocks + values(page, "alt") + values(page, "aria-label")


@pytest.mark.parametrize("name", SCENES)
def test_a_page_weighs_at_most_100_kb(pages: dict[str, Page], name: str) -> None:
    page = pages[name]
    loaded = set(values(page, "src")) | {
        link.attributes["href"] for link in page.all("link")
    }
    files = [ROOT / "app/web" / path[1:] for path in loaded if path[:8] == "/static/"]

    weight = len(page.response.data) + sum(file.stat().st_size for file in files)

    assert weight <= 100_000


def test_the_public_names_are_where_programs_look_for_them(
    pages: dict[str, Page],
) -> None:
    for name, ids in CONTRACT.items():
        assert pages[name].ids() >= ids, name


CONTRACT = {
    "start": {"upload-input", "upload-submit"},
    "ready": {"request-state", "document-digest", "identify", "approve", "stop"},
    "ready-identified": {"identify", "approve", "stop"},
    "identification": {"wallet-link", "identify"},
    "identification-code": {"confirmation-code-input", "confirmation-submit"},
    "identified": {"offer-link", "continue"},
    "phone-identified": {"offer-link"},
    "phone": {"confirmation-code", "not-me"},
    "awaiting-wallet": {"request-state", "wallet-link", "document-digest", "stop"},
    "awaiting-confirmation": {
        "request-state",
        "document-digest",
        "confirmation-code-input",
        "confirmation-submit",
        "stop",
    },
    "making": {"request-state", "document-digest"},
    "signed": {
        "request-state",
        "document-digest",
        "download-signed",
        "download-evidence",
    },
}


def test_the_code_on_the_phone_is_six_digits_as_text(pages: dict[str, Page]) -> None:
    assert pages["phone"].get("confirmation-code").text == "427913"


def test_the_fingerprint_is_on_the_page_whole_and_alone(pages: dict[str, Page]) -> None:
    (document,) = SCENES["ready"].context["request"].documents

    assert pages["ready"].get("document-digest").text == document.sdr


def test_the_button_says_which_terms_it_accepts(pages: dict[str, Page]) -> None:
    for button in ("identify", "approve"):
        form = pages["ready"].get(button).form
        assert form is not None
        assert form.fields["terms"] == SCENES["ready"].context["terms_version"]


def test_a_scene_is_named_once() -> None:
    assert len(list(scenes())) == len(SCENES)
    assert all(isinstance(scene, Scene) for scene in SCENES.values())

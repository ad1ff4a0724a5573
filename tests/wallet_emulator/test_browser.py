"""The driver against a tiny site: forms, links, uploads, cookies, redirects."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.wallet_emulator.loopback import Loopback, Reply
from wallet_emulator.browser import Browser, form_fields, parse_html
from wallet_emulator.errors import PeerUnavailableError, UnexpectedPageError
from wallet_emulator.transport import open_client


def page(text: str, **headers: str) -> Reply:
    return Reply(
        body=text.encode(), content_type="text/html; charset=utf-8", headers=headers
    )


@pytest.fixture
def browser() -> Iterator[Browser]:
    with open_client() as client:
        yield Browser(client)


FORM = """
<title>Sign</title><h1>Your
 document</h1>
<form action="/send" method="post" id="f">
  <input type="hidden" name="csrf" value="t&amp;1">
  <input name="note" value="ä">
  <input type="checkbox" name="news" value="yes">
  <input type="checkbox" name="extra" checked>
  <input type="checkbox" name="private" value="1" required>
  <input type="radio" name="kind" value="a"><input type="radio" name="kind" value="b" checked>
  <input name="off" value="x" disabled>
  <select name="lang"><option value="en">E</option><option value="de" selected>D</option></select>
  <select name="first"><option value="1">1</option><option value="2">2</option></select>
  <textarea name="text">one &lt;two&gt;</textarea>
  <button name="act" value="other">Other</button>
  <button name="act" value="go" data-testid="go">Go</button>
</form>
<input form="f" name="outside" value="o">
"""  # noqa: E501  markup


def test_all_inputs_of_the_form_are_sent() -> None:
    elements = parse_html(FORM)
    go = next(e for e in elements if e.attribute("data-testid") == "go")
    assert go.form is not None

    assert form_fields(go.form, go) == [
        ("csrf", "t&1"),
        ("note", "ä"),
        ("extra", "on"),
        ("private", "1"),
        ("kind", "b"),
        ("lang", "de"),
        ("first", "1"),
        ("text", "one <two>"),
        ("act", "go"),
        ("outside", "o"),
    ]


def test_a_form_is_posted(browser: Browser, loopback: Loopback) -> None:
    loopback.routes["/"] = lambda asked: page(FORM)
    loopback.routes["/send"] = lambda asked: page("sent")

    browser.follow(browser.open(loopback.url + "/"), "go")

    (asked,) = loopback.to("/send")
    assert asked.method == "POST"
    assert ("csrf", "t&1") in asked.form()


def test_a_get_form_puts_its_fields_into_the_query(
    browser: Browser, loopback: Loopback
) -> None:
    loopback.routes["/"] = lambda asked: page(
        '<form action="/find?old=1"><input name="q" value="a b">'
        '<button data-testid="go"></button></form>'
    )
    loopback.routes["/find"] = lambda asked: page("found")

    browser.follow(browser.open(loopback.url + "/"), "go")

    (asked,) = loopback.to("/find")
    assert asked.query == {"q": "a b"}


def test_a_form_without_action_goes_to_its_own_page(
    browser: Browser, loopback: Loopback
) -> None:
    loopback.routes["/own"] = lambda asked: page(
        '<form method="post" data-testid="form"></form>'
    )

    browser.follow(browser.open(loopback.url + "/own"), "form")

    assert [asked.method for asked in loopback.to("/own")] == ["GET", "POST"]


def test_a_buttons_formaction_wins(browser: Browser, loopback: Loopback) -> None:
    loopback.routes["/"] = lambda asked: page(
        '<form action="/a" method="post">'
        '<button data-testid="b" formaction="/b"></button></form>'
    )
    loopback.routes["/b"] = lambda asked: page("b")

    browser.follow(browser.open(loopback.url + "/"), "b")

    assert len(loopback.to("/b")) == 1


def test_an_anchor_is_followed(browser: Browser, loopback: Loopback) -> None:
    loopback.routes["/dir/"] = lambda asked: page('<a href="next" data-testid="n">')
    loopback.routes["/dir/next"] = lambda asked: page("<h1>here</h1>")

    reached = browser.follow(browser.open(loopback.url + "/dir/"), "n")

    assert reached.summary() == "here"


def test_a_file_is_uploaded_with_the_other_inputs(
    browser: Browser, loopback: Loopback, tmp_path: Path
) -> None:
    document = tmp_path / "lease.pdf"
    document.write_bytes(b"%PDF-1.7 \xff")
    loopback.routes["/"] = lambda asked: page(
        '<form action="/up" method="post" enctype="multipart/form-data">'
        '<input type="hidden" name="csrf" value="c">'
        '<input type="file" name="document" data-testid="upload-input">'
        '<button data-testid="upload-submit">Up</button></form>'
    )
    loopback.routes["/up"] = lambda asked: page("up")

    browser.follow(browser.open(loopback.url + "/"), "upload-submit", document)

    parts = multipart(loopback.to("/up")[0].headers, loopback.to("/up")[0].body)
    assert parts["csrf"].get_payload(decode=True) == b"c"
    assert parts["document"].get_filename() == "lease.pdf"
    assert parts["document"].get_payload(decode=True) == b"%PDF-1.7 \xff"


def multipart(headers: dict[str, str], body: bytes) -> dict[str, Message]:
    raw = b"content-type: " + headers["content-type"].encode() + b"\r\n\r\n" + body
    message = message_from_bytes(raw)
    parts = message.get_payload()
    assert isinstance(parts, list)
    return {
        str(part.get_param("name", header="content-disposition")): part
        for part in parts
    }


def test_a_form_that_wants_a_file_says_so(browser: Browser, loopback: Loopback) -> None:
    loopback.routes["/"] = lambda asked: page(
        '<form method="post"><input type="file" name="d">'
        '<button data-testid="go"></button></form>'
    )

    with pytest.raises(UnexpectedPageError, match="wants a file"):
        browser.follow(browser.open(loopback.url + "/"), "go")


@pytest.mark.parametrize("name", ["id", "__Host-session"])
def test_cookies_come_back_even_secure_ones_on_loopback(
    browser: Browser, loopback: Loopback, name: str
) -> None:
    cookie = f"{name}=1; Path=/; Secure; HttpOnly; SameSite=Lax"
    loopback.routes["/in"] = lambda asked: page("", **{"set-cookie": cookie})
    loopback.routes["/out"] = lambda asked: page("")

    browser.open(loopback.url + "/in")
    browser.open(loopback.url + "/out")

    assert loopback.to("/out")[0].headers["cookie"] == f"{name}=1"


def test_a_redirect_after_a_post_is_got(browser: Browser, loopback: Loopback) -> None:
    loopback.routes["/"] = lambda asked: page(
        '<form action="/p" method="post" data-testid="f"></form>'
    )
    loopback.routes["/p"] = lambda asked: Reply(
        status=303, headers={"location": "/end", "set-cookie": "s=1"}
    )
    loopback.routes["/end"] = lambda asked: page("<h1>end</h1>")

    reached = browser.follow(browser.open(loopback.url + "/"), "f")

    assert reached.url == loopback.url + "/end"
    assert loopback.to("/end")[0].method == "GET"
    assert loopback.to("/end")[0].headers["cookie"] == "s=1"


def test_a_redirect_in_circles_ends(browser: Browser, loopback: Loopback) -> None:
    loopback.routes["/"] = lambda asked: Reply(status=302, headers={"location": "/"})

    with pytest.raises(PeerUnavailableError, match="circles"):
        browser.open(loopback.url + "/")


@pytest.mark.parametrize("location", ["http://example.test/", "openid4vp://x?y"])
def test_a_redirect_to_somewhere_unsafe_is_not_followed(
    browser: Browser, loopback: Loopback, location: str
) -> None:
    loopback.routes["/"] = lambda asked: Reply(
        status=302, headers={"location": location}
    )

    with pytest.raises(PeerUnavailableError):
        browser.open(loopback.url + "/")


def test_a_fragment_is_not_sent(browser: Browser, loopback: Loopback) -> None:
    loopback.routes["/"] = lambda asked: page("")

    browser.open(loopback.url + "/#response_code=1")

    assert len(loopback.to("/")) == 1


def test_a_missing_element_is_reported_with_what_the_page_says(
    browser: Browser, loopback: Loopback
) -> None:
    loopback.routes["/"] = lambda asked: page(
        '<h1>Sorry</h1><p role="alert">Too large</p>'
    )

    with pytest.raises(UnexpectedPageError, match=r"Sorry \| Too large"):
        browser.follow(browser.open(loopback.url + "/"), "approve")


def test_a_download_is_returned_as_it_is(browser: Browser, loopback: Loopback) -> None:
    loopback.routes["/"] = lambda asked: page('<a href="/f" data-testid="d">')
    loopback.routes["/f"] = lambda asked: Reply(body=b"\x00\xff", content_type="x/y")

    assert browser.download(browser.open(loopback.url + "/"), "d") == b"\x00\xff"


def test_a_download_that_fails_is_an_error(
    browser: Browser, loopback: Loopback
) -> None:
    loopback.routes["/"] = lambda asked: page('<a href="/gone" data-testid="d">')

    with pytest.raises(UnexpectedPageError, match="404"):
        browser.download(browser.open(loopback.url + "/"), "d")

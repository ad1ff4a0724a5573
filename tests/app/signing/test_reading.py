"""Pages drawn once and kept for a while, never for long and never too many."""

import pytest
from flask.testing import FlaskClient

from app.signing import reading
from app.signing.reading import Kept
from tests.app.ades import pdfs
from tests.app.conftest import Web, request_path, upload
from tests.app.page import Page

PAGE = ("image", "checksum", 1)


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_page_is_kept_for_ten_minutes() -> None:
    clock = Seconds()
    kept = Kept(clock)
    kept.put(PAGE, b"png")
    clock.now = 599

    assert kept.get(PAGE) == b"png"


def test_after_ten_minutes_any_look_drops_it() -> None:
    clock = Seconds()
    kept = Kept(clock)
    kept.put(PAGE, b"png")
    clock.now = 600
    kept.get(("image", "other", 1))
    clock.now = 0

    assert kept.get(PAGE) is None


def test_no_more_than_so_many_bytes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "KEPT_BYTES", 10)
    kept = Kept(Seconds())
    for number in range(4):
        kept.put(("image", "checksum", number), b"12345")

    held = [kept.get(("image", "checksum", n)) is not None for n in range(4)]
    assert held == [False, False, True, True]


def test_the_text_of_a_page_stands_beside_its_image(client: FlaskClient) -> None:
    page = upload(client, pdfs.plain())

    (image,) = [e for e in page.all("img") if ".png" in e.attributes["src"]]
    png = client.get(image.attributes["src"])
    assert (png.mimetype, png.data[:4]) == ("image/png", b"\x89PNG")
    assert png.headers["Content-Security-Policy"].endswith("; sandbox")
    assert image.attributes["alt"]


def test_a_page_that_cannot_be_drawn_now_leaves_the_rest_readable(
    web: Web, client: FlaskClient
) -> None:
    ready = upload(client)
    web.parts.files.purge(request_path(ready).rsplit("/", 1)[-1])

    answer = client.get(f"{request_path(ready)}/documents/1/pages/1.png")

    assert answer.status_code == 500
    assert Page(answer).get("problem-code").text == "document_changed"

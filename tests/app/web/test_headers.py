import pytest
from flask.testing import FlaskClient

PATHS = ["/", "/nowhere", "/requests/x", "/oid4vp/return", "/oid4vp/request/x"]


@pytest.mark.parametrize("path", [*PATHS, "/static/style.css", "/healthz"])
@pytest.mark.parametrize(
    ("header", "value"),
    [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; worker-src 'self'; "
            "connect-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ],
    ids=["csp", "referrer", "nosniff", "frames"],
)
def test_every_answer_errors_included_carries_the_headers(
    client: FlaskClient, path: str, header: str, value: str
) -> None:
    with client.get(path) as answer:
        assert answer.headers[header] == value


@pytest.mark.parametrize("path", PATHS)
def test_nothing_personal_is_cached(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]


def test_the_style_sheet_may_be_cached(client: FlaskClient) -> None:
    with client.get("/static/style.css") as answer:
        assert "max-age" in answer.headers["Cache-Control"]

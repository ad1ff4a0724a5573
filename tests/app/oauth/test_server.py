"""``/oauth2/token``: the errors of RFC 6749 §5.2 and OpenID4VCI 1.0 §6.3."""

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from app.signers.offers import PRE_AUTHORIZED_CODE

GOOD = [("grant_type", PRE_AUTHORIZED_CODE), ("pre-authorized_code", "abc")]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        pytest.param([], "unsupported_grant_type", id="empty"),
        pytest.param(
            [("grant_type", "password")], "unsupported_grant_type", id="password"
        ),
        pytest.param(
            [("grant_type", "authorization_code"), ("code", "x")],
            "invalid_client",
            id="authorization-code-of-nobody",
        ),
        pytest.param(
            [("grant_type", 'é"\\')], "unsupported_grant_type", id="odd-characters"
        ),
        pytest.param(GOOD[:1], "invalid_request", id="no-code"),
        pytest.param(
            [GOOD[0], ("pre-authorized_code", "")], "invalid_request", id="empty-code"
        ),
        pytest.param([*GOOD, GOOD[1]], "invalid_request", id="code-twice"),
        pytest.param([*GOOD, ("tx_code", "1")], "invalid_request", id="tx-code"),
        pytest.param(GOOD, "invalid_grant", id="unknown-code"),
        pytest.param(
            [GOOD[0], ("pre-authorized_code", "é" * 5000)],
            "invalid_grant",
            id="odd-code",
        ),
    ],
)
def test_a_wrong_token_request_gets_the_standards_error(
    client: FlaskClient, form: list[tuple[str, str]], error: str
) -> None:
    answer = client.post("/oauth2/token", data=MultiDict(form))

    assert answer.status_code == 400
    assert answer.json["error"] == error
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_code_in_the_query_is_no_code(client: FlaskClient) -> None:
    answer = client.post(
        "/oauth2/token?pre-authorized_code=abc", data=MultiDict(GOOD[:1])
    )

    assert answer.json["error"] == "invalid_request"


def test_tokens_are_not_given_by_get(client: FlaskClient) -> None:
    assert client.get("/oauth2/token").status_code == 405


def test_behind_a_proxy_our_own_address_decides_whether_transport_is_safe(
    client: FlaskClient,
) -> None:
    """Authlib refuses plain http; what a proxy calls us inside says nothing."""
    answer = client.post(
        "/oauth2/token", data=MultiDict(GOOD), headers={"Host": "web-1.internal"}
    )

    assert answer.json["error"] == "invalid_grant"

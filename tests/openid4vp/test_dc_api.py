"""Asked and answered through a browser: OpenID4VP 1.0 App. A."""

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from openid4vp import dc_api, response
from openid4vp.errors import (
    AudienceMismatchError,
    DecryptionError,
    HeaderNotAllowedError,
    HolderBindingError,
    InvalidRequestError,
    MalformedResponseError,
    MissingClaimError,
    NonceMismatchError,
    Openid4vpError,
    QueryNotSatisfiedError,
    SignatureInvalidError,
    WalletRefusedError,
    WrongClaimTypeError,
)
from openid4vp.request import Transaction
from tests.openid4vp import mdoc_builder, wallet
from tests.openid4vp.either import MDOC_QUERY, asking, verify
from tests.openid4vp.mdoc_builder import Mdoc
from tests.openid4vp.scene import APPROVAL, IDENTIFY, PID_QUERY, SIGN
from tests.openid4vp.test_request import part, signed
from tests.openid4vp.wallet import NOW, SECOND, Answer, Presentation

ORIGIN = "https://sign.example.eu"
CLIENT_ID = IDENTIFY.client_id


def in_a_browser(transaction: Transaction) -> Transaction:
    return dataclasses.replace(transaction, origin=ORIGIN, state="", response_uri="")


ASKED = in_a_browser(asking(PID_QUERY))
ASKED_MDOC = in_a_browser(asking(MDOC_QUERY))
REDIRECT = asking(PID_QUERY)


def as_data(body: bytes) -> bytes:
    """The form's one field as the JSON that a browser's credential holds."""
    return json.dumps({"response": body.decode().partition("=")[2]}).encode()


def answer(asked: Transaction = ASKED) -> Answer:
    """The right answer: the origin as audience, no state."""
    held = wallet.pid(asked)
    held.kb_payload["aud"] = f"origin:{ORIGIN}"
    made = Answer(transaction=asked, vp_token={"pid": held}, payload={"state": ...})
    made.edit_body = as_data
    return made


def handover(asked: Transaction = ASKED_MDOC, origin: str = ORIGIN) -> list[Any]:
    return [origin, asked.nonce, mdoc_builder.thumbprint(asked)]


def mdoc_answer(change: Callable[[Mdoc], object] = lambda mdoc: None) -> Answer:
    held = mdoc_builder.pid(ASKED_MDOC)
    held.handover_name, held.handover = "OpenID4VPDCAPIHandover", handover()
    change(held)
    return Answer(
        transaction=ASKED_MDOC,
        vp_token={"pid_mdoc": [held.text()]},
        payload={"state": ...},
        edit_body=as_data,
    )


def test_the_request_names_the_origin_and_no_way_back() -> None:
    payload = part(signed(ASKED), 1)

    assert payload["response_mode"] == "dc_api.jwt"
    assert payload["expected_origins"] == [ORIGIN]
    assert payload["client_id"] == CLIENT_ID
    assert payload.keys().isdisjoint({"state", "response_uri", "redirect_uri"})


def test_a_request_by_redirect_names_no_origin() -> None:
    payload = part(signed(REDIRECT), 1)

    assert payload["response_mode"] == "direct_post.jwt"
    assert "expected_origins" not in payload


def test_an_answer_for_the_origin_is_accepted() -> None:
    """Guards the table of refusals below."""
    assert verify(answer()).credentials["pid"].claims["given_name"] == "Åsa"


def test_an_mdoc_bound_to_the_origin_is_accepted() -> None:
    """Guards the table of the mdoc's refusals below."""
    assert verify(mdoc_answer()).credentials["pid_mdoc"].format == "mso_mdoc"


def aud(value: object) -> Callable[[Answer], object]:
    return lambda made: made.pid.kb_payload.update(aud=value)


def body(content: bytes) -> Callable[[Answer], object]:
    return lambda made: setattr(made, "edit_body", lambda _: content)


def plain(made: Answer) -> None:
    token = {"vp_token": {"pid": [made.pid.text()]}}
    made.edit_body = lambda _: json.dumps(token).encode()


def beside(**more: object) -> Callable[[Answer], object]:
    def change(made: Answer) -> None:
        made.edit_body = lambda form: json.dumps(
            json.loads(as_data(form)) | more
        ).encode()

    return change


def presented(*several: Callable[[Answer], Presentation]) -> Callable[[Answer], object]:
    return lambda made: made.vp_token.update(pid=[p(made).text() for p in several])


def of_the_redirect(made: Answer) -> None:
    """What the wallet answered to another of our requests, carried over here."""
    other = dataclasses.replace(REDIRECT, nonce="n" * 43)
    made.vp_token["pid"] = wallet.pid(other)


REFUSED = [
    (aud("origin:https://evil.example"), AudienceMismatchError, "other-origin"),
    (aud(f"origin:{ORIGIN}/"), AudienceMismatchError, "trailing-slash"),
    (aud(f"origin:{ORIGIN}:443"), AudienceMismatchError, "default-port"),
    (aud(f"origin:{ORIGIN.upper()}"), AudienceMismatchError, "upper-case"),
    (aud("origin:http://sign.example.eu"), AudienceMismatchError, "http-origin"),
    (aud(ORIGIN), AudienceMismatchError, "origin-without-prefix"),
    (aud(CLIENT_ID), AudienceMismatchError, "client-id-as-aud"),
    (aud(f"web-origin:{ORIGIN}"), AudienceMismatchError, "prefix-of-a-draft"),
    (aud([f"origin:{ORIGIN}"]), WrongClaimTypeError, "aud-is-a-list"),
    (of_the_redirect, NonceMismatchError, "answer-of-another-request"),
    (
        lambda made: made.pid.kb_payload.update(nonce="n" * 43),
        NonceMismatchError,
        "other-nonce",
    ),
    (
        lambda made: made.pid.kb_payload.update(iat=int(NOW.timestamp()) - 3600),
        HolderBindingError,
        "old-proof",
    ),
    (plain, MalformedResponseError, "unencrypted"),
    (beside(vp_token={}), MalformedResponseError, "plain-token-beside"),
    (beside(state="s"), MalformedResponseError, "member-beside"),
    (beside(error="access_denied"), MalformedResponseError, "error-and-answer"),
    (body(b"response=a.b.c.d.e"), MalformedResponseError, "a-form"),
    (body(b'{"response":["a.b.c.d.e"]}'), WrongClaimTypeError, "a-list"),
    (body(b'{"response":"a","response":"b"}'), MalformedResponseError, "two-answers"),
    (body(b'{"response":"a.b.c"}'), MalformedResponseError, "no-jwe"),
    (body(b"{}"), MalformedResponseError, "nothing"),
    (body(b'"text"'), MalformedResponseError, "no-object"),
    (body(b"\xff\xfe"), MalformedResponseError, "no-text"),
    (body(b"[" * 100_000), MalformedResponseError, "deep"),
    (body(b'{"response":"' + b"A" * 300_000), MalformedResponseError, "long"),
    (
        lambda made: made.jwe_header.update(kid="other"),
        HeaderNotAllowedError,
        "other-kid",
    ),
    (
        lambda made: setattr(
            made,
            "edit_jwe",
            lambda text: text[:-1] + ("A" if text[-1] != "A" else "Q"),
        ),
        DecryptionError,
        "changed-on-the-way",
    ),
    (
        presented(lambda made: made.pid, lambda made: made.pid),
        QueryNotSatisfiedError,
        "two-presentations",
    ),
    (lambda made: made.vp_token.clear(), QueryNotSatisfiedError, "empty-token"),
    (lambda made: made.payload.update(vp_token=...), MissingClaimError, "no-token"),
]


@pytest.mark.parametrize(
    ("change", "refusal"), [pytest.param(c, r, id=i) for c, r, i in REFUSED]
)
def test_an_answer_with_one_thing_wrong_is_refused(
    change: Callable[[Answer], object], refusal: type[Openid4vpError]
) -> None:
    made = answer()
    change(made)

    with pytest.raises(refusal):
        verify(made)


def test_data_is_read_up_to_the_limit() -> None:
    made = answer()
    made.edit_body = lambda body: as_data(body).ljust(response.MAX_BODY)

    assert verify(made).credentials["pid"]


def test_data_beyond_the_limit_is_refused() -> None:
    made = answer()
    made.edit_body = lambda body: as_data(body).ljust(response.MAX_BODY + 1)

    with pytest.raises(MalformedResponseError, match="above"):
        verify(made)


MDOC_REFUSED = [
    pytest.param(
        lambda held: setattr(held, "handover_name", "OpenID4VPHandover"),
        id="name-of-the-redirect",
    ),
    pytest.param(
        lambda held: setattr(held, "handover", mdoc_builder.handover(REDIRECT)),
        id="parts-of-the-redirect",
    ),
    pytest.param(
        lambda held: setattr(held, "handover", handover(origin="https://evil.example")),
        id="other-origin",
    ),
    pytest.param(
        lambda held: setattr(held, "handover", handover(origin=f"{ORIGIN}/")),
        id="trailing-slash",
    ),
    pytest.param(
        lambda held: setattr(held, "handover", handover(origin=f"origin:{ORIGIN}")),
        id="with-prefix",
    ),
    pytest.param(
        lambda held: setattr(held, "handover", handover(origin=CLIENT_ID)),
        id="client-id",
    ),
    pytest.param(
        lambda held: setattr(held, "handover", [*handover()[:2], None]),
        id="as-if-unencrypted",
    ),
    pytest.param(
        lambda held: setattr(held, "handover", [ORIGIN, "n" * 43, handover()[2]]),
        id="other-nonce",
    ),
    pytest.param(
        lambda held: setattr(held, "handover", [*handover(), ORIGIN]), id="one-more"
    ),
]


@pytest.mark.parametrize("change", MDOC_REFUSED)
def test_an_mdoc_over_another_handover_is_refused(
    change: Callable[[Mdoc], object],
) -> None:
    with pytest.raises(SignatureInvalidError):
        verify(mdoc_answer(change))


def test_a_proof_for_an_origin_does_not_answer_a_redirect() -> None:
    """VP3: in front of the very same request, but for who carries the answer."""
    made = Answer(transaction=REDIRECT, vp_token={"pid": wallet.pid(REDIRECT)})
    made.pid.kb_payload["aud"] = f"origin:{ORIGIN}"

    with pytest.raises(AudienceMismatchError):
        verify(made)


def test_a_browsers_data_does_not_answer_a_redirect() -> None:
    made = Answer(transaction=REDIRECT, vp_token={"pid": wallet.pid(REDIRECT)})
    made.edit_body = as_data

    with pytest.raises(MalformedResponseError):
        verify(made)


@pytest.mark.parametrize("asked", [ASKED, in_a_browser(IDENTIFY)])
def test_nothing_is_approved_through_a_browser(asked: Transaction) -> None:
    with pytest.raises(Openid4vpError):
        asked.with_transaction_data(APPROVAL)


def test_a_stored_approval_does_not_become_one_through_a_browser() -> None:
    stored = json.loads(SIGN.to_json()) | {"origin": ORIGIN}

    with pytest.raises(InvalidRequestError):
        Transaction.from_json(json.dumps(stored))


@pytest.mark.parametrize(
    ("error", "shown"),
    [("access_denied", "access_denied"), ("<b>", "unrecognised")],
)
def test_a_wallets_error_comes_plain(error: str, shown: str) -> None:
    made = answer()
    made.edit_body = lambda _: json.dumps({"error": error}).encode()

    with pytest.raises(WalletRefusedError) as refused:
        verify(made)

    assert (refused.value.error, refused.value.encrypted) == (shown, False)


def test_a_wallets_error_may_come_encrypted() -> None:
    made = answer()
    made.payload.update(vp_token=..., error="access_denied")

    with pytest.raises(WalletRefusedError) as refused:
        verify(made)

    assert refused.value.encrypted


def begun(origin: str) -> Transaction:
    return dc_api.begin(
        client_id=CLIENT_ID,
        origin=origin,
        query=ASKED.query,
        lifetime=timedelta(minutes=5),
        now=NOW,
    )


def test_what_is_begun_has_an_origin_and_neither_state_nor_response_uri() -> None:
    made = begun(ORIGIN)

    assert (made.origin, made.state, made.response_uri) == (ORIGIN, "", "")
    assert len(made.nonce) == 43
    assert Transaction.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    "origin",
    [
        "https://sign.example.eu/",
        "https://sign.example.eu/page",
        "https://Sign.example.eu",
        "https://sign.example.eu:443",
        "https://user@sign.example.eu",
        "https://sign.example.eu?q",
        "https://sign.example.eu#f",
        "sign.example.eu",
        "javascript:alert(1)",
        "https://sign.example.eu:port",
        "",
    ],
)
def test_what_no_browser_writes_as_an_origin_is_refused(origin: str) -> None:
    with pytest.raises(InvalidRequestError):
        begun(origin)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://sign.example.eu", "https://sign.example.eu"),
        ("https://Sign.Example.eu:443/a?b", "https://sign.example.eu"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://localhost:80/", "http://localhost"),
    ],
)
def test_the_origin_of_an_address(url: str, origin: str) -> None:
    assert dc_api.origin_of(url) == origin


def test_an_answer_after_the_end_is_too_late() -> None:
    made = answer(dataclasses.replace(ASKED, expires_at=NOW - SECOND))

    with pytest.raises(Openid4vpError, match="too late"):
        verify(made)

"""The phone's way from a link to an answer, page by page."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.wallet_emulator.conftest import filled_wallet
from tests.wallet_emulator.handset import Handset
from tests.wallet_emulator.loopback import Loopback, Reply
from tests.wallet_emulator.phones import Clock
from tests.wallet_emulator.relying_party import (
    DOCUMENT_DIGEST,
    LABEL,
    RelyingParty,
    approval,
    encoded,
)
from tests.wallet_emulator.verifier import Service
from wallet_emulator.pid_provider import PidProvider


def identify(service: Service) -> None:
    del service.claims["transaction_data"]
    service.claims["dcql_query"] = service.party.identify_query()


def test_opening_a_link_sends_nothing_of_the_holders(
    handset: Handset, service: Service, loopback: Loopback
) -> None:
    handset.open(service.link())

    assert {asked.path for asked in loopback.asked} == {"/request"}
    assert set(dict(loopback.to("/request")[0].form())) == {
        "wallet_nonce",
        "wallet_metadata",
    }


def test_an_approval_is_asked_in_the_order_of_the_profile(
    handset: Handset, service: Service
) -> None:
    """WE BUILD CS-03 §6.2.4."""
    screen = handset.open(service.link())

    assert screen.title == "Authorise a signature"
    facts = [e.text for e in screen.elements if e.tag == "dt"]
    assert facts[:7] == [
        "You authorise",
        "Signing service",
        "Rules",
        "Document",
        "Signatures",
        "Checked by this wallet",
        "Certificate",
    ]


@pytest.mark.parametrize(
    ("testid", "text"),
    [
        pytest.param("kind", "an advanced electronic signature", id="kind"),
        pytest.param("label", LABEL, id="label-as-sent"),
        pytest.param("code", "4821 7730", id="code"),
        pytest.param("digest", DOCUMENT_DIGEST.hex(), id="digest-in-full"),
        pytest.param("signatures", "1", id="number-of-signatures"),
        pytest.param("relying-party", "TEST signing service", id="who-asks"),
    ],
)
def test_what_is_approved_is_shown(
    handset: Handset, service: Service, testid: str, text: str
) -> None:
    assert handset.open(service.link()).shown(testid) == text


def test_every_document_is_shown(handset: Handset, service: Service) -> None:
    (document,) = approval()["documentDigests"]
    more = [{**document, "label": f"{n}.pdf · 0000 000{n}"} for n in range(3)]
    service.claims["transaction_data"] = [
        encoded(approval(documentDigests=more, numSignatures=3))
    ]

    screen = handset.open(service.link())

    labels = [e.text for e in screen.all("label")]
    assert labels == [d["label"] for d in more]
    assert screen.shown("signatures") == "3"


def test_identifying_says_that_nothing_is_signed(
    handset: Handset, service: Service
) -> None:
    identify(service)

    screen = handset.open(service.link())

    assert screen.title == "Show your identity"
    assert "Mustermann" in screen.shown("claims")
    assert screen.all("approval") == []


def test_approving_answers_and_offers_the_way_on(
    handset: Handset, service: Service
) -> None:
    screen = handset.press(handset.open(service.link()), "approve")

    assert set(service.payload()["vp_token"]) == {"pid", "signing_pass"}
    (way_on,) = screen.all("continue")
    assert way_on.attribute("href") == "http://127.0.0.1:1/back?response_code=1"


def test_declining_tells_only_that(handset: Handset, service: Service) -> None:
    screen = handset.press(handset.open(service.link()), "decline")

    assert screen.title == "You declined"
    assert service.payload()["error"] == "access_denied"
    assert "vp_token" not in service.payload()


def test_a_second_click_sends_nothing_more(
    handset: Handset, service: Service, loopback: Loopback
) -> None:
    asked = handset.open(service.link())

    handset.press(asked, "approve")
    handset.press(asked, "decline")

    assert len(loopback.to("/response")) == 1


def test_a_chosen_deviation_is_done_and_named(
    handset: Handset, service: Service
) -> None:
    service.reply = Reply(status=400, body=b'{"code": "state_mismatch"}')

    asked = handset.open(service.link())
    screen = handset.press(asked, "approve", deviation="state-missing")

    assert "state" not in service.payload()
    assert "state-missing" in screen.shown("misbehaved")
    assert "state_mismatch" in screen.shown("detail")


def test_after_a_refused_answer_the_honest_one_is_possible(
    handset: Handset, service: Service
) -> None:
    good = service.reply
    service.reply = Reply(status=400, body=b"{}")
    asked = handset.open(service.link())
    refused = handset.press(asked, "approve", deviation="state-missing")

    service.reply = good
    screen = handset.press(refused, "approve", deviation="")

    assert screen.title == "Sent"
    assert service.payload()["state"] == service.party.state


def test_an_unusual_fetch_is_made_anew(
    handset: Handset, service: Service, loopback: Loopback
) -> None:
    asked = handset.open(service.link())

    handset.press(asked, "approve", deviation="request-uri-fetched-twice")

    assert len(loopback.to("/request")) == 3
    assert len(loopback.to("/response")) == 1


def test_what_was_not_shown_is_not_approved(
    handset: Handset, service: Service, loopback: Loopback
) -> None:
    asked = handset.open(service.link())
    (document,) = approval()["documentDigests"]
    service.claims["transaction_data"] = [
        encoded(approval(documentDigests=[{**document, "label": "other.pdf"}]))
    ]

    handset.press(asked, "approve", deviation="request-uri-method-get")

    assert loopback.to("/response") == []


def test_another_persons_pass_comes_from_the_phones_other_holder(
    handset: Handset, service: Service, tmp_path: Path, provider: PidProvider
) -> None:
    filled_wallet(tmp_path / "phone" / "asa", provider, "asa")
    asked = handset.open(service.link())

    handset.press(asked, "approve", deviation="another-persons-pass")

    assert service.presented("signing_pass").issuer_claims["pass_id"] == "asa"


UNSAFE_WAYS_ON = [
    pytest.param(b'{"redirect_uri": "https://sign.example.test/#c=1"}', 1, id="https"),
    pytest.param(b'{"redirect_uri": "javascript:alert(1)"}', 0, id="script"),
    pytest.param(b'{"redirect_uri": "http://evil.example/"}', 0, id="plain-http"),
    pytest.param(b'{"redirect_uri": "https://a.test/\\ud800"}', 0, id="surrogate"),
    pytest.param(b'{"redirect_uri": "https://a.test/\\u0000"}', 0, id="control"),
    pytest.param(b'{"redirect_uri": ["https://a.test/"]}', 0, id="list"),
    pytest.param(b"{}", 0, id="none"),
]


@pytest.mark.parametrize(("body", "links"), UNSAFE_WAYS_ON)
def test_only_a_safe_way_on_is_a_link(
    handset: Handset, service: Service, body: bytes, links: int
) -> None:
    service.reply = Reply(body=body)

    screen = handset.press(handset.open(service.link()), "approve")

    assert screen.title == "Sent"
    assert len(screen.all("continue")) == links


def test_ten_minutes_later_the_request_is_gone(
    handset: Handset, service: Service, loopback: Loopback, clock: Clock
) -> None:
    asked = handset.open(service.link())
    clock.now += timedelta(minutes=10)

    screen = handset.press(asked, "approve")

    assert screen.title == "This request is gone"
    assert loopback.to("/response") == []


def test_only_the_newest_fifty_are_kept(
    handset: Handset, issuer: object, loopback: Loopback, service: Service
) -> None:
    first = handset.open(service.link(method=None)).response.request.path
    link = 'openid-credential-offer://?credential_offer={"credential_issuer":"https://a.test","credential_configuration_ids":["x"],"grants":{"urn:ietf:params:oauth:grant-type:pre-authorized_code":{"pre-authorized_code":"c"}}}'
    for _ in range(50):
        handset.client.get("/scan", query_string={"uri": link})

    assert handset.get(first).title == "This request is gone"


def test_the_log_says_what_was_shared_and_no_values(
    handset: Handset, service: Service
) -> None:
    handset.press(handset.open(service.link()), "approve")

    log = handset.get("/history").shown("entry")

    for words in ("Authorised a signature", "TEST signing service", LABEL, "family"):
        assert words in log
    assert "Mustermann" not in log


def test_a_declined_request_is_logged_as_that(
    handset: Handset, service: Service
) -> None:
    handset.press(handset.open(service.link()), "decline")

    log = handset.get("/history").shown("entry")

    assert "Declined" in log
    assert "Shown:" not in log


def test_a_label_cannot_turn_or_hide_text(handset: Handset, service: Service) -> None:
    (document,) = approval()["documentDigests"]
    label = "<b>\u202efdp.exe\x00\ud800"
    service.claims["transaction_data"] = [
        encoded(approval(documentDigests=[{**document, "label": label}]))
    ]

    screen = handset.open(service.link())

    assert screen.shown("label") == "<b>\ufffdfdp.exe\ufffd\ufffd"


def test_a_party_of_another_root_is_not_shown(
    handset: Handset, service: Service
) -> None:
    stranger = RelyingParty(response_uri=service.party.response_uri)
    service.party = stranger
    service.claims = stranger.claims()

    screen = handset.open(service.link())

    assert screen.title == "This phone does not know who asks"
    assert screen.response.status_code == 422

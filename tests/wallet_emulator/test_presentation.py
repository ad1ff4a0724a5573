"""From the link to the verifier's reply, over HTTP on loopback."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.wallet_emulator.conftest import filled_wallet
from tests.wallet_emulator.loopback import Reply
from tests.wallet_emulator.relying_party import (
    DAY,
    DOCUMENT_DIGEST,
    LABEL,
    NOW,
    PASS_VCT,
    approval,
    encoded,
    from_b64url,
    sha256_b64url,
)
from tests.wallet_emulator.verifier import Service
from wallet_emulator.consent import Consent, Decision
from wallet_emulator.errors import (
    AnswerNotAcceptedError,
    PeerUnavailableError,
    RequestNotAuthenticError,
    RequestRefusedError,
)
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.presentation import Presenter
from wallet_emulator.wallet import Wallet


@pytest.fixture
def presenter(wallet: Wallet, service: Service, http: httpx.Client) -> Presenter:
    return Presenter(
        wallet=wallet,
        access_roots=(service.party.root,),
        http=http,
        clock=lambda: NOW,
    )


def allow(consent: Consent) -> Decision:
    return Decision.ALLOW


def decline(consent: Consent) -> Decision:
    return Decision.DECLINE


def never(consent: Consent) -> Decision:
    pytest.fail("the wallet showed a request it must not show")


def test_an_approval_presents_pid_and_pass(
    presenter: Presenter, service: Service
) -> None:
    presenter.present(service.link(), allow)

    assert set(service.payload()["vp_token"]) == {"pid", "signing_pass"}
    assert service.payload()["state"] == service.party.state


def test_both_presentations_are_bound_to_this_request(
    presenter: Presenter, service: Service
) -> None:
    presenter.present(service.link(), allow)

    for query_id in ("pid", "signing_pass"):
        bound = service.presented(query_id).kb_claims
        assert bound["aud"] == service.party.client_id
        assert bound["nonce"] == service.party.nonce
        assert bound["iat"] == int(NOW.timestamp())


def test_key_binding_jwts_are_typed(presenter: Presenter, service: Service) -> None:
    presenter.present(service.link(), allow)

    assert service.presented("pid").kb_header == {"alg": "ES256", "typ": "kb+jwt"}


def test_only_the_requested_pid_claims_are_disclosed(
    presenter: Presenter, service: Service
) -> None:
    presenter.present(service.link(), allow)

    assert service.presented("pid").disclosed == {
        "family_name": "Mustermann",
        "given_name": "Erika",
        "issuing_country": "DE",
        "personal_administrative_number": "TEST-DE-8408120017",
    }


def test_a_person_without_personal_number_shows_the_document_number(
    presenter: Presenter, service: Service, provider: PidProvider, tmp_path: Path
) -> None:
    jean = filled_wallet(tmp_path / "jean", provider, "jean")

    replace(presenter, wallet=jean).present(service.link(), allow)

    disclosed = service.presented("pid").disclosed
    assert disclosed["document_number"] == "TEST-FR-000000075"


def test_the_pass_approves_the_exact_string_received(
    presenter: Presenter, service: Service
) -> None:
    odd = encoded(approval()).rstrip("=")
    service.claims["transaction_data"] = [odd]

    presenter.present(service.link(), allow)

    bound = service.presented("signing_pass").kb_claims
    assert bound["transaction_data_hashes"] == [sha256_b64url(odd)]
    assert bound["transaction_data_hashes_alg"] == "sha-256"


def test_the_qes_approval_claim_is_the_padded_digest_of_the_string(
    presenter: Presenter, service: Service
) -> None:
    presenter.present(service.link(), allow)

    bound = service.presented("signing_pass").kb_claims
    expected = from_b64url(sha256_b64url(service.claims["transaction_data"][0]))
    claim = bound["org.cloudsignatureconsortium.dm.1.qesApproval"]
    assert claim == base64.b64encode(expected).decode()


def test_the_pid_approves_nothing(presenter: Presenter, service: Service) -> None:
    presenter.present(service.link(), allow)

    assert set(service.presented("pid").kb_claims) == {
        *("iat", "aud", "nonce", "sd_hash")
    }


def test_an_identification_presents_the_pid_alone(
    presenter: Presenter, service: Service
) -> None:
    service.claims["dcql_query"] = service.party.identify_query()
    del service.claims["transaction_data"]

    presenter.present(service.link(), allow)

    assert set(service.payload()["vp_token"]) == {"pid"}


@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_the_answer_is_encrypted_as_asked(
    presenter: Presenter, service: Service, enc: str
) -> None:
    metadata = service.claims["client_metadata"]
    metadata["encrypted_response_enc_values_supported"] = [enc]

    presenter.present(service.link(), allow)

    form = service.answered()
    header = json.loads(from_b64url(form["response"].split(".")[0]))
    assert set(form) == {"response"}
    assert header["alg"] == "ECDH-ES"
    assert header["enc"] == enc
    assert header["kid"] == "tx-1"
    assert {"apu", "apv", "epk"} <= set(header)


def test_the_wallet_shows_what_it_approves(
    presenter: Presenter, service: Service
) -> None:
    consent = presenter.present(service.link(), allow).consent

    assert consent.relying_party == "TEST signing service"
    assert consent.number_of_signatures == 1
    (document,) = consent.documents
    assert document.label == LABEL
    assert document.code == "4821 7730"
    assert document.digest == DOCUMENT_DIGEST.hex()
    assert "family_name" in consent.shared["pid"]


def test_the_screen_holds_label_code_digest_and_count(
    presenter: Presenter, service: Service
) -> None:
    text = "\n".join(presenter.present(service.link(), allow).consent.lines())

    for fact in (LABEL, "4821 7730", DOCUMENT_DIGEST.hex(), "AUTHORISE 1 ×"):
        assert fact in text


def test_a_label_cannot_fake_the_screen(presenter: Presenter, service: Service) -> None:
    documents = approval()["documentDigests"]
    documents[0]["label"] = "a\n\u202eb\u200bc" + "x" * 1000
    service.claims["transaction_data"] = [encoded(approval(documentDigests=documents))]

    consent = presenter.present(service.link(), allow).consent

    label = consent.documents[0].label
    assert label.startswith("a\ufffd\ufffdb\ufffdc")
    assert len(label) <= 201


def test_the_verifiers_page_is_where_the_browser_goes(
    presenter: Presenter, service: Service
) -> None:
    outcome = presenter.present(service.link(), allow)

    assert outcome.redirect_uri == "http://127.0.0.1:1/back?response_code=1"


def test_declining_posts_an_encrypted_access_denied(
    presenter: Presenter, service: Service
) -> None:
    presenter.present(service.link(), decline)

    payload = service.payload()
    assert payload["error"] == "access_denied"
    assert payload["state"] == service.party.state
    assert "vp_token" not in payload


def test_declining_can_be_posted_in_the_clear(
    presenter: Presenter, service: Service
) -> None:
    replace(presenter, encrypt_errors=False).present(service.link(), decline)

    answered = service.answered()
    assert answered["error"] == "access_denied"
    assert answered["state"] == service.party.state


def test_a_post_link_sends_a_wallet_nonce(
    presenter: Presenter, service: Service
) -> None:
    presenter.present(service.link("post"), allow)

    (asked,) = service.loopback.to("/request")
    assert asked.method == "POST"
    assert len(dict(asked.form())["wallet_nonce"]) >= 32


@pytest.mark.parametrize("method", ["get", None])
def test_other_links_are_fetched_by_get(
    presenter: Presenter, service: Service, method: str | None
) -> None:
    presenter.present(service.link(method), allow)

    (asked,) = service.loopback.to("/request")
    assert asked.method == "GET"


def test_bad_content_is_refused_and_told_to_the_verifier(
    presenter: Presenter, service: Service
) -> None:
    service.claims["transaction_data"] = [encoded(approval(surprise=1))]

    with pytest.raises(RequestRefusedError):
        presenter.present(service.link(), never)

    assert service.answered()["error"] == "invalid_transaction_data"
    assert service.answered()["state"] == service.party.state


def test_an_impostor_hears_nothing(presenter: Presenter, service: Service) -> None:
    service.claims["aud"] = "https://other.example"

    with pytest.raises(RequestNotAuthenticError):
        presenter.present(service.link(), never)

    assert service.loopback.to("/response") == []


def test_a_wallet_without_the_pass_says_access_denied(
    presenter: Presenter, service: Service, tmp_path: Path
) -> None:
    empty = Wallet(tmp_path / "empty")

    with pytest.raises(RequestRefusedError):
        replace(presenter, wallet=empty).present(service.link(), never)

    assert service.answered()["error"] == "access_denied"


def test_an_expired_pid_is_not_offered(presenter: Presenter, service: Service) -> None:
    service.claims["iat"] = int((NOW + DAY).timestamp())
    service.claims["exp"] = int((NOW + DAY).timestamp()) + 300
    tomorrow = replace(presenter, clock=lambda: NOW + DAY)

    with pytest.raises(RequestRefusedError, match="access_denied"):
        tomorrow.present(service.link(), never)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=400, body=b'{"error":"x"}'), id="400"),
        pytest.param(Reply(status=204, body=b""), id="204"),
        pytest.param(Reply(body=b"[]"), id="array"),
        pytest.param(Reply(body=b"<html>"), id="html"),
        pytest.param(Reply(status=302, headers={"location": "/x"}), id="redirect"),
    ],
)
def test_a_verifier_that_refuses_is_heard(
    presenter: Presenter, service: Service, reply: Reply
) -> None:
    service.reply = reply

    with pytest.raises(AnswerNotAcceptedError):
        presenter.present(service.link(), allow)


def test_an_endless_answer_is_cut_off(presenter: Presenter, service: Service) -> None:
    service.reply = Reply(body=b" " * 1_000_001)

    with pytest.raises(PeerUnavailableError, match="more than"):
        presenter.present(service.link(), allow)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_request_that_cannot_be_fetched_is_not_shown(
    presenter: Presenter, service: Service, status: int
) -> None:
    service.loopback.routes["/request"] = lambda asked: Reply(
        status=status, headers={"location": "/request2"}
    )

    with pytest.raises(RequestNotAuthenticError, match="fetch"):
        presenter.present(service.link(), never)


URI = "request_uri=http%3A%2F%2F127.0.0.1%3A1%2Fr"


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("", id="empty"),
        pytest.param("https://x.test/?client_id=a&" + URI, id="https"),
        pytest.param("openid4vp://?client_id=a", id="no-request-uri"),
        pytest.param("openid4vp://?" + URI, id="no-client-id"),
        pytest.param(f"openid4vp://?client_id=a&client_id=b&{URI}", id="repeated"),
        pytest.param(
            f"openid4vp://?client_id=a&{URI}&request_uri_method=POST", id="POST"
        ),
        pytest.param(
            "openid4vp://?client_id=a&request_uri=http%3A%2F%2Fx.test", id="http"
        ),
        pytest.param(
            "openid4vp://?client_id=a&request_uri=file%3A%2F%2F%2Fx", id="file"
        ),
        pytest.param("openid4vp://[::1/?client_id=a&" + URI, id="broken-host"),
        pytest.param(
            "openid4vp://?client_id=a&request_uri=https%3A%2F%2Fx%3Ay", id="port"
        ),
        pytest.param(
            f"openid4vp://?client_id=a&{URI}&more=" + "x" * 9000, id="too-long"
        ),
    ],
)
def test_a_bad_link_is_refused(presenter: Presenter, link: str) -> None:
    with pytest.raises(RequestNotAuthenticError, match=r"^link"):
        presenter.present(link, never)


def test_the_held_pass_is_the_one_presented(
    presenter: Presenter, service: Service
) -> None:
    presenter.present(service.link(), allow)

    assert service.presented("signing_pass").issuer_claims["vct"] == PASS_VCT

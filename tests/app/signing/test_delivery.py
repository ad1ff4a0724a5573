"""After the approval: at most one signature, and a document or an honest end."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from sqlalchemy import update

from app.ades.increments import TOOL
from app.signing import store
from app.signing.delivery import pause
from app.signing.tables import Document
from sam import errors
from sam import messages as m
from tests.app.ades.pki import new_root
from tests.app.conftest import Web, identify, request_path, returning, tx_of, upload
from tests.app.page import Page


@pytest.fixture
def waiting(client: FlaskClient) -> Page:
    return upload(client).submit(client, "approve")


def come_back(web: Web, client: FlaskClient, waiting: Page) -> Page:
    answer = web.wallet_posts(waiting, "response=approved")
    return Page(client.get(returning(answer), follow_redirects=True))


def page_of(client: FlaskClient, waiting: Page) -> Page:
    return Page(client.get(request_path(waiting)))


def test_without_a_time_stamp_service_no_approval_is_spent(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    web.outside.tsa_answers = False

    page = come_back(web, client, waiting)

    assert page.state == "ready"
    assert "time stamp service" in page.response.text
    assert "finish" not in web.sam.calls
    assert web.sam.transactions[tx_of(waiting)].state is m.State.CLOSED


def test_a_time_stamp_answer_older_than_a_minute_is_asked_again(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    web.parts.time_stamps.probe()
    web.clock.forward(seconds=60)
    before = web.outside.asked

    web.parts.time_stamps.probe()

    assert web.outside.asked == before + 1


def test_a_time_stamp_answer_is_used_for_a_minute(web: Web) -> None:
    web.parts.time_stamps.probe()
    web.clock.forward(seconds=59)

    web.parts.time_stamps.probe()

    assert web.outside.asked == 1


def test_without_the_sam_the_request_comes_back(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    web.sam.failing["status"] = errors.SamUnavailableError
    web.sam.failing["abort"] = errors.SamUnavailableError

    page = come_back(web, client, waiting)

    assert page.state == "ready"
    assert "sign right now" in page.response.text


def test_an_approval_the_sam_closed_signs_nothing(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    answer = web.wallet_posts(waiting, "response=approved")
    web.sam.transactions[tx_of(waiting)].state = m.State.CLOSED

    page = Page(client.get(returning(answer), follow_redirects=True))

    assert page.state == "ready"
    assert "finish" not in web.sam.calls


def test_an_approval_of_ten_minutes_ago_is_not_used(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    """As when a process died between the confirmation and the signing."""
    web.wallet_posts(waiting, "response=approved")
    web.clock.forward(minutes=10)

    request_id = request_path(waiting).rsplit("/", 1)[-1]
    web.parts.delivery.confirmed(request_id, tx_of(waiting))

    page = page_of(client, waiting)
    assert page.state == "ready"
    assert "Please approve again" in page.response.text
    assert "finish" not in web.sam.calls


def test_a_broken_ceremony_is_final(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    web.sam.failing["finish"] = errors.SigningFailedError

    page = come_back(web, client, waiting)

    assert page.state == "failed"
    assert "No signature was given out" in page.response.text


def test_a_lost_answer_of_the_sam_is_asked_for_again(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    web.sam.failing["finish"] = errors.SamUnavailableError
    assert come_back(web, client, waiting).state == "signing"
    web.sam.failing.clear()
    web.clock.forward(seconds=10)

    web.parts.sweeper.round()

    assert page_of(client, waiting).state == "signed"


def test_a_time_stamp_service_lost_after_the_release_is_retried(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    answer = web.wallet_posts(waiting, "response=approved")
    web.parts.time_stamps.probe()
    web.app.extensions["parts"].time_stamps.probe()
    web.outside.tsa_answers = False
    assert Page(client.get(returning(answer), follow_redirects=True)).state == "signing"
    web.outside.tsa_answers = True
    web.clock.forward(seconds=10)

    web.parts.sweeper.round()

    assert page_of(client, waiting).state == "signed"


def test_what_is_released_but_not_deliverable_ends_with_the_certificate(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    web.sam.other_signature = True
    assert come_back(web, client, waiting).state == "signing"
    web.clock.forward(minutes=61)

    web.parts.sweeper.round()

    page = page_of(client, waiting)
    assert page.state == "failed"
    assert "nobody has received it" in page.response.text


def test_a_signature_that_does_not_fit_is_never_delivered(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    web.sam.other_signature = True

    page = come_back(web, client, waiting)

    assert "download-signed" not in page.ids()
    assert client.get(f"{request_path(waiting)}/signed.pdf").status_code == 404


def test_a_result_our_own_validator_refuses_is_never_delivered(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    """The validator trusts another root than the one that certified the signer."""
    stranger = new_root("TEST another root").certificate
    web.anchor.write_bytes(stranger.public_bytes(Encoding.PEM))

    page = come_back(web, client, waiting)

    assert page.state == "signing"
    assert client.get(f"{request_path(waiting)}/signed.pdf").status_code == 404


def test_a_file_to_which_more_was_added_is_never_delivered(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    """Part of what is held to be appended belongs to what the person brought."""
    with web.database() as db:
        shorter = Document.original_length - 9
        db.execute(update(Document).values(original_length=shorter))
        db.commit()

    page = come_back(web, client, waiting)

    assert page.state == "signing"
    assert client.get(f"{request_path(waiting)}/signed.pdf").status_code == 404


def test_the_sam_is_told_what_found_that_only_a_signature_was_added(
    web: Web, waiting: Page
) -> None:
    assert web.sam.transactions[tx_of(waiting)].claims == (TOOL,)


def test_without_a_readable_anchor_nothing_is_delivered(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    web.anchor.unlink()

    assert come_back(web, client, waiting).state == "signing"


def test_one_delivery_at_a_time(web: Web, client: FlaskClient, waiting: Page) -> None:
    web.sam.failing["finish"] = errors.SamUnavailableError
    come_back(web, client, waiting)
    request_id = request_path(waiting).rsplit("/", 1)[-1]
    with web.parts.database.write() as db:
        store.claim(db, request_id, web.clock(), web.clock.now.replace(hour=23))
    before = web.sam.calls.count("finish")

    web.parts.delivery.deliver(request_id)

    assert web.sam.calls.count("finish") == before


def test_for_an_identified_signer_the_approval_itself_starts_the_signing(
    web: Web, client: FlaskClient
) -> None:
    ready = upload(client)
    identify(web, client, ready)
    waiting = Page(client.get(request_path(ready))).submit(client, "approve")

    web.wallet_posts(waiting, "response=approved")

    watched = client.get(f"{request_path(ready)}/watch").json
    assert watched == {"state": "signing"}
    assert page_of(client, waiting).state == "signed"


def test_the_new_cookie_is_out_before_the_signature_is_made(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    """Else a connection lost while signing would lose the session with it."""
    answer = web.wallet_posts(waiting, "response=approved")

    confirmed = client.get(returning(answer))

    assert "Set-Cookie" in confirmed.headers
    assert "finish" not in web.sam.calls


def test_after_the_first_attempt_looking_at_the_page_asks_the_sam_no_more(
    web: Web, client: FlaskClient, waiting: Page
) -> None:
    answer = web.wallet_posts(waiting, "response=approved")
    web.sam.failing["finish"] = errors.SamUnavailableError
    for _ in range(3):
        client.get(returning(answer), follow_redirects=True)

    assert web.sam.calls.count("finish") == 1


def test_the_worker_finishes_when_the_browser_does_not_come_back(
    web: Web, client: FlaskClient
) -> None:
    ready = upload(client)
    identify(web, client, ready)
    waiting = Page(client.get(request_path(ready))).submit(client, "approve")
    web.wallet_posts(waiting, "response=approved")
    web.clock.forward(seconds=5)

    web.parts.sweeper.round()

    assert page_of(client, waiting).state == "signed"


def test_with_the_time_stamp_service_away_an_identified_signer_waits_for_confirmation(
    web: Web, client: FlaskClient
) -> None:
    ready = upload(client)
    identify(web, client, ready)
    waiting = Page(client.get(request_path(ready))).submit(client, "approve")
    web.outside.tsa_answers = False

    web.wallet_posts(waiting, "response=approved")

    assert page_of(client, waiting).state == "awaiting_confirmation"


def test_an_identification_that_ended_meanwhile_waits_for_confirmation(
    web: Web, client: FlaskClient
) -> None:
    ready = upload(client)
    identify(web, client, ready)
    web.clock.forward(minutes=29)
    waiting = Page(client.get(request_path(ready))).submit(client, "approve")
    web.clock.forward(minutes=1)

    web.wallet_posts(waiting, "response=approved")

    assert page_of(client, waiting).state == "awaiting_confirmation"


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 2), (3, 8), (6, 60), (10_000, 60)],
    ids=["first", "third", "capped", "endless"],
)
def test_pauses_grow_to_a_minute(attempts: int, seconds: int) -> None:
    assert pause(attempts).total_seconds() == seconds

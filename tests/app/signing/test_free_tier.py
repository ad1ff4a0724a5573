"""Free signatures along the walk: shown, held before signing, given back, charged."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sam import errors
from sam.policy import load
from tests.app.ades import pdfs
from tests.app.conftest import Web, World, identify, request_path, returning, upload
from tests.app.page import Page

POLICIES = Path(__file__).parents[3] / "app" / "plans" / "policies"
CAP = 2
CHANGES = {"cap": CAP, "max_documents": CAP, "max_document_bytes": 100_000}


@pytest.fixture
def web(tmp_path: Path, world: World) -> Iterator[Web]:
    """A deployment whose rule is two free documents a month."""
    policy = json.loads((POLICIES / "pl-like.json").read_text())
    file = tmp_path / "free-tier.json"
    file.write_text(json.dumps(policy | CHANGES))
    config = world.config(tmp_path).model_copy(update={"free_tier_policy": file})
    with world.web(config) as web:
        web.sam.policy = load(file)
        yield web


@pytest.fixture
def client(web: Web) -> FlaskClient:
    return web.browser()


def sign(web: Web, client: FlaskClient) -> Page:
    waiting = upload(client).submit(client, "approve")
    if "wallet-link" not in waiting.ids():
        return waiting
    answer = web.wallet_posts(waiting, "response=approved")
    return Page(client.get(returning(answer), follow_redirects=True))


def left(web: Web, client: FlaskClient) -> int | None:
    """As an identified person of the same identity is told."""
    (handle, *_) = web.sam.handles
    allowance = web.parts.free_tier.allowance(handle)
    return None if allowance is None else allowance.left


def test_the_rule_is_told_before_anything_is_asked(client: FlaskClient) -> None:
    assert "free" in client.get("/").text


def test_the_purpose_is_declared_to_the_sam(web: Web, client: FlaskClient) -> None:
    upload(client).submit(client, "approve")

    (tx,) = web.sam.transactions.values()
    assert tx.purpose_of_use == "private"


def test_a_signature_counts_and_the_next_visit_says_so(
    web: Web, client: FlaskClient
) -> None:
    identify(web, client, upload(client))
    assert left(web, client) == 2

    sign(web, client)

    assert left(web, client) == 1
    assert "1 of 2" in client.get("/").text


def test_a_used_up_quota_is_told_before_the_wallet_is_asked(
    web: Web, client: FlaskClient
) -> None:
    identify(web, client, upload(client))
    assert [sign(web, client).state for _ in range(CAP)] == ["signed"] * CAP

    refused = sign(web, client)

    assert refused.response.status_code == 403
    assert "1 December 2026" in refused.response.text
    assert web.sam.calls.count("finish") == CAP


def test_someone_unknown_learns_it_after_the_approval_and_nothing_is_signed(
    web: Web, client: FlaskClient
) -> None:
    for _ in range(CAP):
        assert sign(web, client).state == "signed"
    before = web.sam.calls.count("finish")

    page = sign(web, client)

    assert page.state == "ready"
    assert "used up" in page.response.text
    assert web.sam.calls.count("finish") == before


def test_a_signature_the_sam_gave_up_is_not_counted(
    web: Web, client: FlaskClient
) -> None:
    identify(web, client, upload(client))
    web.sam.failing["finish"] = errors.SigningFailedError

    assert sign(web, client).state == "failed"
    assert left(web, client) == CAP


def test_a_stop_gives_the_count_back(web: Web, client: FlaskClient) -> None:
    identify(web, client, upload(client))
    waiting = upload(client).submit(client, "approve")

    waiting.submit(client, "stop")

    assert left(web, client) == CAP


def test_what_was_released_is_charged_once_whatever_the_worker_repeats(
    web: Web, client: FlaskClient
) -> None:
    identify(web, client, upload(client))
    sign(web, client)

    for _ in range(3):
        web.parts.sweeper.round()

    assert left(web, client) == 1


def test_next_month_begins_anew(web: Web, client: FlaskClient) -> None:
    sign(web, client)
    web.clock.forward(days=11)
    identify(web, client, upload(client))

    assert left(web, client) == CAP


def test_a_file_beyond_the_rule_is_refused_with_its_sentence(
    client: FlaskClient,
) -> None:
    page = upload(client, pdfs.of_size(101_000))

    assert page.response.status_code == 422
    assert page.get("problem-code").text == "over_free_tier_limit"


def test_a_sam_without_the_rule_signs_nothing_under_it(
    web: Web, client: FlaskClient
) -> None:
    web.sam.policy = None

    page = sign(web, client)

    assert page.state == "ready"
    assert "finish" not in web.sam.calls


def test_the_accepted_terms_and_rule_are_stated_to_the_sam(
    web: Web, client: FlaskClient
) -> None:
    upload(client).submit(client, "approve")

    (tx,) = web.sam.transactions.values()
    assert tx.terms_version == "terms 2026-11-20, pl-like 2026-11-01"


@pytest.mark.parametrize("terms", ["", "terms 2020-01-01"])
def test_other_terms_than_those_in_force_are_not_accepted(
    web: Web, client: FlaskClient, terms: str
) -> None:
    ready = upload(client)
    form = ready.get("approve").form
    assert form is not None

    answer = client.post(
        form.attributes["action"], data={**form.fields, "terms": terms}
    )

    assert answer.status_code == 409
    assert "open_sign" not in web.sam.calls
    assert Page(client.get(request_path(ready))).state == "ready"

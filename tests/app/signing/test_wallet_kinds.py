"""“My wallet does not open”: the person says which wallet it is, and it is asked so."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app.doctor import Finding, wallets
from app.signing.wallet_views import MAX_METADATA_BYTES
from sam import errors
from sam import messages as m
from tests.app.conftest import Web, request_path, tx_of, upload
from tests.app.page import Page

KINDS = (
    m.OfferedProfile(name="production", title="EU Digital Identity Wallet"),
    m.OfferedProfile(name="we-build-cs-03", title="WE BUILD wallet"),
)
CHOOSE = "wallet-kind-we-build-cs-03"


@pytest.fixture
def several(web: Web) -> Iterator[Web]:
    web.sam.profiles = KINDS
    web.sam.link_schemes = {"we-build-cs-03": "eu-eaap"}
    yield web
    web.sam.profiles = ()


def other_wallet(client: FlaskClient, page: Page) -> Page:
    return Page(client.get(page.get("other-wallet").attributes["href"]))


def test_where_there_is_one_kind_nothing_is_to_choose(client: FlaskClient) -> None:
    asked = upload(client).submit(client, "identify")

    assert "other-wallet" not in asked.ids()


def test_nobody_is_asked_before_it_is_needed(several: Web, client: FlaskClient) -> None:
    asked = upload(client).submit(client, "identify")

    assert asked.get("wallet-link").attributes["href"].startswith("openid4vp://?")
    assert several.sam.asked_by == [None]


def test_an_identification_is_asked_in_the_chosen_way(
    several: Web, client: FlaskClient
) -> None:
    asked = upload(client).submit(client, "identify")

    again = other_wallet(client, asked).submit(client, CHOOSE)

    assert several.sam.asked_by == [None, "we-build-cs-03"]
    assert again.get("wallet-link").attributes["href"].startswith("eu-eaap://?")
    assert tx_of(again) != tx_of(asked)


def test_an_approval_is_asked_in_the_chosen_way(
    several: Web, client: FlaskClient
) -> None:
    asked = upload(client).submit(client, "approve")

    again = other_wallet(client, asked).submit(client, CHOOSE)

    assert again.state == "awaiting_wallet"
    assert again.get("wallet-link").attributes["href"].startswith("eu-eaap://?")


def test_the_question_before_is_closed(several: Web, client: FlaskClient) -> None:
    """One wallet link is open at a time."""
    asked = upload(client).submit(client, "approve")
    other_wallet(client, asked).submit(client, CHOOSE)

    assert several.sam.transactions[tx_of(asked)].state is m.State.CLOSED


def test_the_choice_lasts_in_this_browser(several: Web, client: FlaskClient) -> None:
    asked = upload(client).submit(client, "identify")
    other_wallet(client, asked).submit(client, CHOOSE)

    upload(client).submit(client, "approve")

    assert several.sam.asked_by[-1] == "we-build-cs-03"


def test_the_choice_is_no_other_browser_s(several: Web, client: FlaskClient) -> None:
    asked = upload(client).submit(client, "identify")
    other_wallet(client, asked).submit(client, CHOOSE)
    other = several.browser()

    upload(other).submit(other, "identify")

    assert several.sam.asked_by[-1] is None


def test_a_kind_that_is_offered_no_more_is_forgotten(
    several: Web, client: FlaskClient
) -> None:
    asked = upload(client).submit(client, "identify")
    other_wallet(client, asked).submit(client, CHOOSE)
    several.sam.profiles = KINDS[:1]

    upload(client).submit(client, "identify")

    assert several.sam.asked_by[-1] is None


@pytest.mark.parametrize("name", ["", "credo", "../production", "x" * 1000])
def test_a_kind_that_is_not_offered_cannot_be_chosen(
    several: Web, client: FlaskClient, name: str
) -> None:
    asked = upload(client).submit(client, "approve")
    chosen = other_wallet(client, asked)
    form = chosen.get(CHOOSE).form
    assert form is not None

    answer = client.post(
        form.attributes["action"], data={**form.fields, "wallet": name}
    )

    assert answer.status_code == 404
    assert several.sam.asked_by == [None]


def test_a_choice_needs_the_form_s_own_token(several: Web, client: FlaskClient) -> None:
    asked = upload(client).submit(client, "approve")

    answer = client.post(
        f"{request_path(asked)}/wallet-kind", data={"wallet": "we-build-cs-03"}
    )

    assert answer.status_code == 403
    assert several.sam.asked_by == [None]


def test_a_document_is_moved_with_the_choice(several: Web, client: FlaskClient) -> None:
    asked = upload(client).submit(client, "identify")
    chosen = other_wallet(client, asked).submit(client, CHOOSE)
    ticket = chosen.submit(client, "continue-on-phone")
    (copy,) = [e for e in ticket.all("button") if "data-copy" in e.attributes]
    phone = several.browser()
    address = copy.attributes["data-copy"].removeprefix("http://localhost:8000")

    Page(phone.get(address)).submit(phone, "continue").submit(phone, "identify")

    assert several.sam.asked_by[-1] == "we-build-cs-03"


def test_before_a_wallet_is_asked_there_is_nothing_to_change(
    several: Web, client: FlaskClient
) -> None:
    ready = upload(client)

    page = Page(client.get(f"{request_path(ready)}/wallet-kind"))
    after = page.submit(client, CHOOSE)

    assert after.response.status_code == 409
    assert several.sam.asked_by == []


def test_a_sam_that_is_away_offers_no_choice(several: Web, client: FlaskClient) -> None:
    asked = upload(client).submit(client, "identify")
    several.sam.failing["info"] = errors.SamUnavailableError

    page = Page(client.get(request_path(asked)))

    assert page.response.status_code == 200
    assert "other-wallet" not in page.ids()


# --- what a wallet says of itself --------------------------------------------------

METADATA = '{"issuer":"https://wallet.example"}'


@pytest.mark.parametrize(
    ("fields", "handed_on"),
    [
        pytest.param([("wallet_metadata", METADATA)], METADATA, id="as-sent"),
        pytest.param([("wallet_metadata", "no JSON")], "no JSON", id="unread"),
        pytest.param([("wallet_metadata", METADATA)] * 2, None, id="twice"),
        pytest.param([("wallet_metadata", "x" * 16385)], None, id="too-long"),
        pytest.param([("issuer", "https://a.eu")], None, id="flat-members"),
        pytest.param([], None, id="none"),
    ],
)
def test_a_wallet_s_metadata_is_handed_on_unread(
    web: Web,
    client: FlaskClient,
    fields: list[tuple[str, str]],
    handed_on: str | None,
) -> None:
    asked = upload(client).submit(client, "identify")

    answer = web.browser().post(
        f"/oid4vp/request/{tx_of(asked)}",
        data={name: [v for n, v in fields if n == name] for name, _ in fields},
    )

    assert answer.status_code == 200
    assert web.sam.metadata == [handed_on]
    assert MAX_METADATA_BYTES > m.MAX_METADATA


# --- the doctor --------------------------------------------------------------------


def found(web: Web, **settings: str) -> dict[str, Finding]:
    config = web.config.model_copy(update=settings)
    return {f.subject: f for f in wallets(config, web.sam.client())}


def test_the_doctor_names_the_kinds(several: Web) -> None:
    assert found(several)["wallet profiles"].says == "production, we-build-cs-03"


@pytest.mark.parametrize(
    ("profile", "complains"), [("we-build-cs-03", False), ("credo", True)]
)
def test_the_doctor_knows_a_default_that_is_none(
    several: Web, profile: str, complains: bool
) -> None:
    assert ("wallet profile" in found(several, wallet_profile=profile)) is complains


@pytest.mark.parametrize("missing", [(), ("pid: family_name",)])
def test_the_doctor_names_what_is_not_registered(
    several: Web, missing: tuple[str, ...]
) -> None:
    state = m.RegistrationState(purpose=m.Purpose.SIGN, not_registered=missing)
    several.sam.registration = (state,)

    finding = found(several)["registration certificate sign"]

    assert finding.holds is (not missing)
    assert all(claim in finding.says for claim in missing)

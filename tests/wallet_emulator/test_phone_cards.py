"""Cards and people: adding, renewing, removing, handing over, lacking."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.wallet_emulator.handset import Handset, Screen
from tests.wallet_emulator.issuer import Issuer
from tests.wallet_emulator.loopback import Loopback
from tests.wallet_emulator.phones import Clock, Roots, phone_app
from tests.wallet_emulator.relying_party import DAY, PASS_VCT, RelyingParty
from tests.wallet_emulator.verifier import Service
from wallet_emulator.deviations import DEVIATIONS, GROUPS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.wallet import SIGNING_PASS, Wallet


@pytest.fixture
def new(
    tmp_path: Path,
    provider: PidProvider,
    http: httpx.Client,
    roots: Roots,
    clock: Clock,
) -> Handset:
    """A phone just out of the box."""
    return Handset(
        phone_app(tmp_path / "new", provider, http, clock=clock, roots=roots)
    )


def hand_to(handset: Handset, person: str) -> Screen:
    return handset.press(handset.get("/"), "change-person", person=person)


def test_an_offer_is_shown_before_it_is_taken(
    new: Handset, issuer: Issuer, loopback: Loopback
) -> None:
    screen = new.open(issuer.link())

    assert screen.title == "Add a card?"
    assert screen.shown("issuer") == loopback.url
    assert loopback.asked == []


@pytest.mark.parametrize("by", [Issuer.link, Issuer.link_by_reference])
def test_an_offered_card_is_added(new: Handset, issuer: Issuer, by: object) -> None:
    link = by(issuer)  # type: ignore[operator]

    screen = new.press(new.open(link), "add-card")

    assert screen.title == "The card is in your wallet"
    assert PASS_VCT in new.get("/").shown("card-pass")


def test_an_offer_is_taken_once(
    new: Handset, issuer: Issuer, loopback: Loopback
) -> None:
    offered = new.open(issuer.link())

    new.press(offered, "add-card")
    new.press(offered, "add-card")

    assert len(loopback.to("/credential")) == 1


def test_a_card_cannot_turn_or_hide_text(new: Handset, issuer: Issuer) -> None:
    issuer.offer["credential_configuration_ids"] = ["<b>\u202epass\ud800"]

    screen = new.open(issuer.link())

    assert "&lt;b&gt;\ufffdpass\ufffd" in screen.text


def test_a_card_of_an_unknown_issuer_is_not_kept(new: Handset, issuer: Issuer) -> None:
    stranger = Issuer(loopback=issuer.loopback)

    screen = new.press(new.open(stranger.link()), "add-card")

    assert "The card that came is not right" in screen.shown("said")
    assert "None yet" in new.get("/").shown("card-pass")


def test_a_card_goes_to_the_person_who_opened_the_offer(
    new: Handset, issuer: Issuer, tmp_path: Path
) -> None:
    offered = new.open(issuer.link())
    hand_to(new, "jean")

    new.press(offered, "add-card")

    held = [
        name
        for name in ("erika", "jean")
        if Wallet(tmp_path / "new" / "phone" / name).credential(SIGNING_PASS)
    ]
    assert held == ["erika"]


@pytest.mark.parametrize("person", ["asa", "jean", "nemo", "erika"])
def test_whoever_holds_the_phone_has_a_pid(new: Handset, person: str) -> None:
    home = hand_to(new, person)

    assert home.title.lower().replace("å", "a").startswith(person)
    assert "valid until" in home.shown("card-pid")


def test_an_unknown_person_cannot_hold_it(handset: Handset) -> None:
    assert hand_to(handset, "../../etc").title == "Erika’s wallet"


def test_a_pass_stays_with_its_person(handset: Handset) -> None:
    assert "None yet" in hand_to(handset, "asa").shown("card-pass")
    assert PASS_VCT in hand_to(handset, "erika").shown("card-pass")


def test_an_expired_pid_is_renewed(handset: Handset, clock: Clock) -> None:
    clock.now += DAY
    expired = handset.get("/")

    renewed = handset.press(expired, "renew-pid")

    assert len(expired.all("pid-expired")) == 1
    assert renewed.all("pid-expired") == []


def test_a_removed_pass_is_gone(handset: Handset) -> None:
    screen = handset.press(handset.get("/"), "remove-pass")

    assert "None yet" in screen.shown("card-pass")


def test_only_cards_can_be_removed(handset: Handset, tmp_path: Path) -> None:
    other = tmp_path / "other.sd-jwt"
    other.write_text("not a card of this wallet")

    handset.press(handset.get("/"), "remove-pass", kind=str(other.with_suffix("")))

    assert other.exists()


def without_pass(handset: Handset, service: Service, clock: Clock) -> None:
    handset.press(handset.get("/"), "remove-pass")


def pass_of_another_address(handset: Handset, service: Service, clock: Clock) -> None:
    service.claims["dcql_query"]["credentials"][2]["meta"] = {
        "vct_values": ["https://localhost:8443/type"]
    }


def without_number(handset: Handset, service: Service, clock: Clock) -> None:
    hand_to(handset, "nemo")
    service.claims["dcql_query"] = service.party.identify_query()
    del service.claims["transaction_data"]


def expired_pid(handset: Handset, service: Service, clock: Clock) -> None:
    clock.now += timedelta(hours=23)
    service.claims["exp"] = int(clock.now.timestamp()) + 60


def foreign_format(handset: Handset, service: Service, clock: Clock) -> None:
    service.claims["dcql_query"]["credentials"][1]["format"] = "jwt_vc_json"
    service.claims["dcql_query"]["credential_sets"][0]["options"] = [["pid_mdoc"]]
    formats = service.claims["client_metadata"]["vp_formats_supported"]
    formats["jwt_vc_json"] = {}


def mdoc_without_number(handset: Handset, service: Service, clock: Clock) -> None:
    hand_to(handset, "nemo")
    service.claims["dcql_query"] = service.party.identify_mdoc_query()
    del service.claims["transaction_data"]


LACKS = [
    pytest.param(without_pass, "You have no signing pass yet.", id="no-pass"),
    pytest.param(
        pass_of_another_address, "of another service or address", id="other-pass"
    ),
    pytest.param(without_number, "personal number or document number", id="no-number"),
    pytest.param(expired_pid, "Your PID has expired.", id="expired-pid"),
    pytest.param(foreign_format, "format jwt_vc_json", id="foreign-format"),
    pytest.param(mdoc_without_number, "not hold what is asked: personal", id="mdoc"),
]


@pytest.mark.parametrize(("change", "words"), LACKS)
def test_a_wallet_that_lacks_something_says_what_and_sends_nothing(
    handset: Handset,
    service: Service,
    clock: Clock,
    change: object,
    words: str,
) -> None:
    change(handset, service, clock)  # type: ignore[operator]

    screen = handset.open(service.link())

    assert screen.title == "This wallet cannot answer"
    assert words in screen.shown("missing")
    assert service.loopback.to("/response") == []


def test_every_deviation_is_explained_in_its_group(handset: Handset) -> None:
    screen = handset.get("/misbehave")

    listed = [e.text for e in screen.all("deviation")]
    assert len(listed) == len(DEVIATIONS) == sum(map(len, GROUPS.values()))
    assert all(
        d.name in text and d.breaks in text
        for d, text in zip(DEVIATIONS.values(), listed, strict=True)
    )


def test_every_deviation_can_be_chosen_for_an_approval(
    handset: Handset, service: Service
) -> None:
    as_sd_jwt = handset.open(service.link())
    (other,) = as_sd_jwt.all("encoding-other")
    as_mdoc = handset.get(other.attribute("href"))

    elements = [*as_sd_jwt.elements, *as_mdoc.elements]
    options = {e.attribute("value") for e in elements if e.tag == "option"}
    groups = {e.attribute("label") for e in elements if e.tag == "optgroup"}
    assert options - {""} == set(DEVIATIONS)
    assert groups == set(GROUPS)


def test_only_what_fits_the_encoding_can_be_chosen(
    handset: Handset, service: Service
) -> None:
    screen = handset.open(service.link())

    options = {e.attribute("value") for e in screen.elements if e.tag == "option"}
    assert "expired-pid" in options
    assert "mdoc-expired" not in options


def test_identifying_offers_no_way_to_approve_wrongly(
    handset: Handset, service: Service, relying_party: RelyingParty
) -> None:
    del service.claims["transaction_data"]
    service.claims["dcql_query"] = relying_party.identify_query()

    screen = handset.open(service.link())

    options = {e.attribute("value") for e in screen.elements if e.tag == "option"}
    assert "invalid-kb-jwt-nonce" in options
    assert "transaction-data-hashes-missing" not in options

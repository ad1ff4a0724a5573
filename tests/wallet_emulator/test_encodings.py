"""One request, two encodings: which the wallet shows, and how the person chooses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding

from tests.wallet_emulator.conftest import filled_wallet
from tests.wallet_emulator.handset import Handset
from tests.wallet_emulator.mdoc_reader import NAMESPACE, read
from tests.wallet_emulator.relying_party import NOW
from tests.wallet_emulator.verifier import Service
from wallet_emulator.cli import cli
from wallet_emulator.consent import Consent, Decision
from wallet_emulator.errors import RequestRefusedError
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.presentation import Presenter
from wallet_emulator.wallet import MDOC_FORMAT, PID, PID_MDOC, SD_JWT_FORMAT, Wallet

ASKED = {
    *("family_name", "given_name", "issuing_country"),
    "personal_administrative_number",
}


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


def never(consent: Consent) -> Decision:
    pytest.fail("the wallet showed a request it must not show")


@pytest.mark.parametrize(
    ("prefer", "query_id"),
    [(None, "pid"), (SD_JWT_FORMAT, "pid"), (MDOC_FORMAT, "pid_mdoc")],
)
def test_the_preferred_encoding_is_shown(
    presenter: Presenter, service: Service, prefer: str | None, query_id: str
) -> None:
    replace(presenter, prefer=prefer).present(service.link(), allow)

    assert set(service.payload()["vp_token"]) == {query_id, "signing_pass"}


def test_the_verifiers_order_counts_without_a_preference(
    presenter: Presenter, service: Service
) -> None:
    service.claims["dcql_query"]["credential_sets"][0]["options"].reverse()

    presenter.present(service.link(), allow)

    assert set(service.payload()["vp_token"]) == {"pid_mdoc", "signing_pass"}


def test_a_preference_for_what_is_not_asked_changes_nothing(
    presenter: Presenter, service: Service
) -> None:
    service.claims["dcql_query"] = service.party.identify_query()
    del service.claims["transaction_data"]

    replace(presenter, prefer=MDOC_FORMAT).present(service.link(), allow)

    assert set(service.payload()["vp_token"]) == {"pid"}


def test_only_the_requested_elements_are_shown(
    presenter: Presenter, service: Service, provider: PidProvider
) -> None:
    replace(presenter, prefer=MDOC_FORMAT).present(service.link(), allow)

    (text,) = service.payload()["vp_token"]["pid_mdoc"]
    shown = read(text, service.party, provider.ca).elements
    assert {space: set(elements) for space, elements in shown.items()} == {
        NAMESPACE: ASKED
    }


def test_the_pass_approves_beside_an_mdoc(
    presenter: Presenter, service: Service
) -> None:
    replace(presenter, prefer=MDOC_FORMAT).present(service.link(), allow)

    claims = service.presented("signing_pass").kb_claims
    assert "transaction_data_hashes" in claims


def test_consent_names_the_encoding_and_the_elements_in_words(
    presenter: Presenter, service: Service
) -> None:
    outcome = replace(presenter, prefer=MDOC_FORMAT).present(service.link(), allow)

    assert outcome.consent.encodings[PID_MDOC] == "ISO mdoc"
    text = "\n".join(outcome.consent.lines())
    assert "to show your pid-mdoc as ISO mdoc: family_name, given_name" in text
    assert NAMESPACE not in text


def bad_path(metadata: dict[str, Any], query: dict[str, Any]) -> None:
    query["credentials"][0]["claims"][0]["path"] = ["family_name"]


def no_doctype(metadata: dict[str, Any], query: dict[str, Any]) -> None:
    query["credentials"][0]["meta"] = {}


def other_doctype(metadata: dict[str, Any], query: dict[str, Any]) -> None:
    query["credentials"][0]["meta"] = {"doctype_value": "org.iso.18013.5.1.mDL"}


def only_macs(metadata: dict[str, Any], query: dict[str, Any]) -> None:
    formats = metadata["vp_formats_supported"]
    formats["mso_mdoc"]["deviceauth_alg_values"] = [-65537]


def foreign_issuer_alg(metadata: dict[str, Any], query: dict[str, Any]) -> None:
    metadata["vp_formats_supported"]["mso_mdoc"]["issuerauth_alg_values"] = [-35]


def not_covered(metadata: dict[str, Any], query: dict[str, Any]) -> None:
    del metadata["vp_formats_supported"]["mso_mdoc"]


def foreign_format(metadata: dict[str, Any], query: dict[str, Any]) -> None:
    query["credentials"][0]["format"] = "jwt_vc_json"
    metadata["vp_formats_supported"]["jwt_vc_json"] = {}


REFUSED: list[Any] = [
    pytest.param(bad_path, "invalid_request", id="path-of-one"),
    pytest.param(no_doctype, "invalid_request", id="no-doctype"),
    pytest.param(other_doctype, "access_denied", id="other-doctype"),
    pytest.param(only_macs, "vp_formats_not_supported", id="only-macs"),
    pytest.param(foreign_issuer_alg, "vp_formats_not_supported", id="issuer-alg"),
    pytest.param(not_covered, "vp_formats_not_supported", id="not-covered"),
    pytest.param(foreign_format, "vp_formats_not_supported", id="foreign-format"),
]


def ask_for_mdoc(service: Service) -> None:
    service.claims["dcql_query"] = service.party.identify_mdoc_query()
    del service.claims["transaction_data"]


def test_an_mdoc_alone_is_asked_and_shown(
    presenter: Presenter, service: Service
) -> None:
    """Guards the table below."""
    ask_for_mdoc(service)

    presenter.present(service.link(), allow)

    assert set(service.payload()["vp_token"]) == {"pid_mdoc"}


@pytest.mark.parametrize(("change", "error"), REFUSED)
def test_the_verifier_is_told_what_is_wrong(
    presenter: Presenter, service: Service, change: Any, error: str
) -> None:
    ask_for_mdoc(service)
    change(service.claims["client_metadata"], service.claims["dcql_query"])

    with pytest.raises(RequestRefusedError):
        presenter.present(service.link(), never)

    assert service.answered()["error"] == error


def test_the_phone_lets_the_person_choose(handset: Handset, service: Service) -> None:
    first = handset.open(service.link())
    (other,) = first.all("encoding-other")

    second = handset.get(other.attribute("href"))
    handset.press(second, "approve")

    assert first.shown("encoding") == "SD-JWT VC"
    assert second.shown("encoding") == "ISO mdoc"
    assert "family nameMustermann" in second.shown("claims")
    assert set(service.payload()["vp_token"]) == {"pid_mdoc", "signing_pass"}


def test_the_phone_shows_the_one_encoding_that_is_asked(
    handset: Handset, service: Service
) -> None:
    ask_for_mdoc(service)

    screen = handset.open(service.link())

    assert screen.shown("encoding") == "ISO mdoc"
    assert screen.all("encoding-other") == []


def test_a_choice_that_was_not_offered_changes_nothing(
    handset: Handset, service: Service
) -> None:
    handset.press(handset.open(service.link()), "approve", format="jwt_vc_json")

    assert set(service.payload()["vp_token"]) == {"pid", "signing_pass"}


def test_a_phone_of_before_gets_the_mdoc_too(
    handset: Handset, provider: PidProvider
) -> None:
    assert "as ISO mdoc" in handset.get("/").shown("encodings")


@pytest.mark.parametrize(
    ("chosen", "query_id"), [("mdoc", "pid_mdoc"), ("sd-jwt", "pid")]
)
def test_the_command_line_chooses(
    service: Service, tmp_path: Path, chosen: str, query_id: str
) -> None:
    provider = PidProvider.setup(tmp_path, NOW)
    filled_wallet(tmp_path / "wallet", provider, "erika")
    root = tmp_path / "root.pem"
    root.write_bytes(service.party.root.public_bytes(Encoding.PEM))

    with_clock = ["--directory", str(tmp_path), "--access-root", str(root)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wallet_emulator.cli.now", lambda: NOW)
        arguments = ["present", service.link(), "--yes", "--format", chosen]
        ended = CliRunner().invoke(cli, [*arguments, *with_clock])

    assert ended.exit_code == 0, ended.output
    assert set(service.payload()["vp_token"]) == {query_id, "signing_pass"}
    assert ("ISO mdoc" in ended.output) is (chosen == "mdoc")


def test_the_wallet_shows_both_encodings(tmp_path: Path, provider: PidProvider) -> None:
    filled_wallet(tmp_path / "wallet", provider, "erika")

    shown = CliRunner().invoke(cli, ["wallet", "show", "--directory", str(tmp_path)])

    assert f"{PID}: urn:eudi:pid:1 (SD-JWT VC)" in shown.output
    assert f"{PID_MDOC}: {NAMESPACE} (ISO mdoc)" in shown.output

"""The PID as mdoc against the PID Rulebook's table, read with cbor2 alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

from tests.wallet_emulator.relying_party import NOW, from_b64url
from wallet_emulator.errors import MalformedError
from wallet_emulator.keys import new_key
from wallet_emulator.mdoc.credential import Mdoc
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider, pid_elements
from wallet_emulator.wallet import PID, PID_MDOC, Wallet, receive_pid

SPACE = "eu.europa.ec.eudi.pid.1"
MANDATORY = {
    *("family_name", "given_name", "birth_date", "place_of_birth", "nationality"),
    *("issuing_authority", "issuing_country", "expiry_date"),
}


def issue(provider: PidProvider, person: str = "erika", **status: Any) -> Mdoc:
    elements = pid_elements(PERSONS[person], NOW)
    key = new_key().public_key()
    return provider.issue_mdoc(elements, key, NOW, status=status or None)


def kept(value: Any, immutable: bool) -> cbor2.CBORTag:
    return cbor2.CBORTag(1004, value)


def elements(mdoc: Mdoc) -> dict[str, Any]:
    """Element → value, full-dates as their tag."""
    signed = cbor2.loads(from_b64url(mdoc.text))
    items = [
        cbor2.loads(item.value, semantic_decoders={1004: kept})
        for item in signed["nameSpaces"][SPACE]
    ]
    return {item["elementIdentifier"]: item["elementValue"] for item in items}


@pytest.mark.parametrize("person", sorted(PERSONS))
def test_every_mandatory_element_is_there(provider: PidProvider, person: str) -> None:
    assert set(elements(issue(provider, person))) >= MANDATORY


def test_the_elements_have_the_rulebooks_types(provider: PidProvider) -> None:
    found = elements(issue(provider))

    assert found["birth_date"] == cbor2.CBORTag(1004, "1984-08-12")
    assert found["nationality"] == ["DE"]
    assert found["place_of_birth"] == {"country": "DE", "locality": "Musterstadt"}
    assert found["expiry_date"].tag == 1004


@pytest.mark.parametrize(
    ("person", "identifiers"),
    [
        ("erika", {"personal_administrative_number", "document_number"}),
        ("jean", {"document_number"}),
        ("nemo", set()),
    ],
)
def test_both_encodings_hold_the_same_identifiers(
    provider: PidProvider, person: str, identifiers: set[str]
) -> None:
    unique = {"personal_administrative_number", "document_number"}

    assert unique & set(elements(issue(provider, person))) == identifiers


def test_it_lives_less_than_24_hours_and_has_no_status(provider: PidProvider) -> None:
    mdoc = issue(provider)

    validity: Any = mdoc.mso["validityInfo"]
    assert validity["validFrom"] < NOW < validity["validUntil"]
    life = validity["validUntil"] - validity["validFrom"]
    assert life <= timedelta(hours=24)
    assert "status" not in mdoc.mso


def test_a_status_is_written_when_given(provider: PidProvider) -> None:
    entry = {"idx": 7, "uri": "https://pid-provider.test.example/list"}

    assert issue(provider, status_list=entry).mso["status"] == {"status_list": entry}


def test_the_salts_and_digest_ids_differ(provider: PidProvider) -> None:
    items = [cbor2.loads(item) for item in issue(provider).items[SPACE]]

    assert len({item["digestID"] for item in items}) == len(items)
    assert len({item["random"] for item in items}) == len(items)
    assert all(len(item["random"]) >= 16 for item in items)


def test_it_is_issued_under_the_same_ca_as_the_sd_jwt(provider: PidProvider) -> None:
    (leaf,) = issue(provider).chain

    leaf.verify_directly_issued_by(provider.ca)


def test_what_is_stored_is_read_again(provider: PidProvider) -> None:
    mdoc = issue(provider)

    assert Mdoc.parse(mdoc.text) == mdoc


@pytest.mark.parametrize("text", ["", "AA", "oA", "gA", "o2FhAA", "====", "9_8"])
def test_what_is_no_mdoc_is_not_stored(text: str) -> None:
    with pytest.raises(MalformedError):
        Mdoc.parse(text)


def test_only_what_is_asked_is_selected(provider: PidProvider) -> None:
    chosen = issue(provider).select([(SPACE, "given_name")])

    (item,) = chosen[SPACE]
    assert cbor2.loads(item)["elementValue"] == "Erika"


@pytest.mark.parametrize(
    "path", [(SPACE, "sex"), ("x", "given_name"), (SPACE,), (SPACE, "nationality", 0)]
)
def test_what_it_lacks_cannot_be_selected(
    provider: PidProvider, path: tuple[object, ...]
) -> None:
    with pytest.raises(MalformedError):
        issue(provider).select([path])


def test_the_wallet_holds_both_encodings_with_a_key_each(
    provider: PidProvider, tmp_path: Path
) -> None:
    wallet = Wallet(tmp_path)
    receive_pid(wallet, provider, PERSONS["erika"], NOW)

    kinds = {held.kind: held for held in wallet.credentials()}
    assert set(kinds) == {PID, PID_MDOC}
    keys = {held.key.private_numbers().private_value for held in kinds.values()}
    assert len(keys) == 2


def test_the_mdoc_alone_can_be_dropped(provider: PidProvider, tmp_path: Path) -> None:
    wallet = Wallet(tmp_path)
    receive_pid(wallet, provider, PERSONS["erika"], NOW)

    wallet.drop(PID_MDOC)

    assert wallet.mdoc() is None
    assert wallet.credential(PID) is not None

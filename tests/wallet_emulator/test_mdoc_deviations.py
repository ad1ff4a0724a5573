"""Every mdoc deviation breaks what its name says: an independent reader finds it.

The reader is written from the standards (``mdoc_reader``), so that a deviation that
breaks nothing, or something else, shows here before a verifier is blamed for it.
"""

from types import ModuleType
from typing import Any

import pytest

from tests.wallet_emulator.bench import MDOC_ID, PASS_ID, PID_ID, Bench
from tests.wallet_emulator.mdoc_reader import NAMESPACE, Read, RefusedError, read
from tests.wallet_emulator.relying_party import check_presentation, from_b64url
from wallet_emulator.deviations import (
    ACCEPTED,
    DEVIATIONS,
    GROUPS,
    Deviation,
    mdoc_credentials,
    mdoc_device,
    mdoc_device_elements,
    mdoc_encoding,
    mdoc_issuers,
    mdoc_mso,
    mdoc_responses,
    mdoc_unusual,
)
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.wallet import PID_MDOC

READER_STEPS = {
    mdoc_credentials.ITEMS: {"digest", "items", "query"},
    mdoc_credentials.DIGEST_LISTS: {"digest", "mso"},
    mdoc_mso.TYPES: {"doctype", "mso"},
    mdoc_mso.TIMES: {"validity", "cbor", "status"},
    mdoc_mso.DEVICE_KEYS: {"device-key", "device", "device-elements"},
    mdoc_issuers.SIGNATURES: {"issuer", "embedded", "cbor"},
    mdoc_issuers.HEADERS: {"issuer", "cbor"},
    mdoc_issuers.CHAINS: {"chain", "issuer"},
    mdoc_issuers.LEAVES: {"chain"},
    mdoc_device.TRANSCRIPTS: {"device", "cbor"},
    mdoc_device.HEADERS: {"device"},
    mdoc_device.SIGNATURES: {"device", "document", "embedded", "cbor"},
    mdoc_device_elements.ELEMENTS: {"device-elements", "query"},
    mdoc_encoding.CBOR: {"cbor", "response", "base64url"},
    mdoc_encoding.TEXTS: {"base64url", "cbor"},
    mdoc_responses.RESPONSES: {"response", "document"},
    mdoc_responses.DOCUMENTS: {"document", "doctype", "items", "embedded", "issuer"},
}
REFUSED = [
    pytest.param(entry.name, steps, id=entry.name)
    for table, steps in READER_STEPS.items()
    for entry in table
]


def read_mdoc(shared_bench: Bench, name: str | None) -> Read:
    return read(shared_bench.mdoc(name), shared_bench.party, shared_bench.provider.ca)


def test_the_honest_mdoc_is_read(shared_bench: Bench) -> None:
    """Guards every test below."""
    assert (
        read_mdoc(shared_bench, None).elements[NAMESPACE]["family_name"] == "Mustermann"
    )


@pytest.mark.parametrize(("name", "steps"), REFUSED)
def test_a_reader_refuses_it_for_what_it_breaks(
    shared_bench: Bench, name: str, steps: set[str]
) -> None:
    with pytest.raises(RefusedError) as refusal:
        read_mdoc(shared_bench, name)

    assert refusal.value.step in steps


@pytest.mark.parametrize("name", [d.name for d in mdoc_unusual.MDOCS])
def test_a_reader_accepts_what_is_unusual_but_right(
    shared_bench: Bench, name: str
) -> None:
    elements = read_mdoc(shared_bench, name).elements[NAMESPACE]

    assert elements["family_name"] == "Mustermann"
    assert shared_bench.mdoc(name) != shared_bench.mdoc(None)


def of(module: ModuleType) -> set[str]:
    tables = [v for v in vars(module).values() if isinstance(v, tuple)]
    return {d.name for t in tables for d in t if isinstance(d, Deviation)}


def test_every_table_is_read() -> None:
    """A table that is added must be given its steps, or a test of its own."""
    read_here = {d.name for table in READER_STEPS for d in table}
    read_here |= of(mdoc_unusual) | {d.name for d in mdoc_responses.PLACES}

    assert read_here == {n for n, d in DEVIATIONS.items() if d.kinds == (PID_MDOC,)}


def test_there_are_enough_ways_to_misbehave_with_an_mdoc() -> None:
    groups = {
        title: [d for d in group if d.expected != ACCEPTED]
        for title, group in GROUPS.items()
    }
    sd_jwt = ("Forge a card", "Prove possession wrongly", "Approve wrongly")
    counted = {title: len(group) for title, group in groups.items()}

    assert sum(n for title, n in counted.items() if "mdoc" in title) >= 50
    assert sum(counted[title] for title in sd_jwt) >= 80
    assert counted["Encrypt wrongly"] >= 20
    assert sum(d.expected == ACCEPTED for d in DEVIATIONS.values()) >= 15


# Where it is put: read as a whole, beside the other presentations.


def token(shared_bench: Bench, name: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = shared_bench.payload(name, PID_MDOC)["vp_token"]
    return found


def test_an_sd_jwt_answers_for_the_mdoc(shared_bench: Bench) -> None:
    (text,) = token(shared_bench, "mdoc-replaced-by-sd-jwt")[MDOC_ID]

    assert check_presentation(text).disclosed["family_name"] == "Mustermann"


def test_the_mdoc_answers_for_the_sd_jwt(shared_bench: Bench) -> None:
    tokens = token(shared_bench, "mdoc-under-the-sd-jwt-query")

    assert set(tokens) == {PID_ID, PASS_ID}
    assert read(tokens[PID_ID][0], shared_bench.party, shared_bench.provider.ca)


def test_the_mdoc_answers_for_the_pass_too(shared_bench: Bench) -> None:
    tokens = token(shared_bench, "mdoc-shown-as-pass")

    assert tokens[PASS_ID] == tokens[MDOC_ID]


def test_an_mdoc_of_the_passs_type_is_genuine(shared_bench: Bench) -> None:
    (text,) = token(shared_bench, "mdoc-of-the-passs-type")[PASS_ID]

    with pytest.raises(RefusedError, match="doctype"):
        read(text, shared_bench.party, shared_bench.provider.ca)
    assert b"vct/signing-pass" in from_b64url(text)


def test_two_device_responses_are_right(shared_bench: Bench) -> None:
    texts = token(shared_bench, "mdoc-two-device-responses")[MDOC_ID]

    assert len(texts) == 2
    assert all(
        read(text, shared_bench.party, shared_bench.provider.ca) for text in texts
    )


def test_both_encodings_stand_in_one_array(shared_bench: Bench) -> None:
    mdoc, sd_jwt = token(shared_bench, "mdoc-beside-sd-jwt-in-array")[MDOC_ID]

    assert read(mdoc, shared_bench.party, shared_bench.provider.ca)
    assert check_presentation(sd_jwt)


def test_both_encodings_are_of_two_persons(shared_bench: Bench) -> None:
    tokens = token(shared_bench, "mdoc-and-sd-jwt-of-two-persons")

    mdoc = read(tokens[MDOC_ID][0], shared_bench.party, shared_bench.provider.ca)
    sd_jwt = check_presentation(tokens[PID_ID][0])
    assert mdoc.elements[NAMESPACE]["family_name"] == "Mustermann"
    assert sd_jwt.disclosed["family_name"] != "Mustermann"


def test_a_stolen_mdoc_is_not_signed_by_its_key(shared_bench: Bench) -> None:
    with pytest.raises(RefusedError, match="device"):
        read_mdoc(shared_bench, "mdoc-stolen")


def test_another_persons_mdoc_is_genuine(shared_bench: Bench) -> None:
    elements = read_mdoc(shared_bench, "mdoc-of-another-person").elements[NAMESPACE]

    assert elements["family_name"] != "Mustermann"


def test_an_mdoc_without_a_pass_cannot_be_shown_as_one(bench: Bench) -> None:
    del bench.claims["transaction_data"]
    bench.claims["dcql_query"] = bench.party.identify_mdoc_query()

    with pytest.raises(DeviationNotPossibleError):
        bench.form("mdoc-shown-as-pass")

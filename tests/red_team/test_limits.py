"""What a hostile web tier can do: exactly that much, and the pages say so."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.x509.oid import NameOID

from sam import errors
from sam import messages as m
from tests.red_team.stage import Stage
from tests.sam.files import HOLE, described, prepared
from wallet_emulator.encoding import b64url_decode
from wallet_emulator.persons import PERSONS

EXPLANATION = Path(__file__).parents[2] / "docs" / "explanation"
MENU, LOAN = prepared(b"%PDF lunch menu"), prepared(b"%PDF loan contract")


def page(name: str) -> str:
    """As one line: sentences are found wherever they break."""
    return " ".join((EXPLANATION / name).read_text().split())


@pytest.fixture(scope="module")
def finished(stage: Stage) -> m.Finished:
    """Erika approved the loan; nobody was asked for any code."""
    return stage.finish(stage.approved(stage.person("erika"), LOAN))


def digest_in(signature: m.Signature) -> str:
    attributes = cms.CMSAttributes.load(base64.b64decode(signature.signed_attributes))
    values = {a["type"].native: a["values"].native for a in attributes}
    digest: bytes = values["message_digest"][0]
    return digest.hex()


def approved_in(finished: m.Finished) -> list[str]:
    """The digests in the text that the wallet's pass signed."""
    text = finished.evidence["transaction-data.txt"]
    listed = json.loads(b64url_decode(text.strip()))["documentDigests"]
    return [base64.b64decode(d["hash"]).hex() for d in listed]


@pytest.mark.processes
def test_without_a_code_it_gets_what_was_approved_and_no_more(
    finished: m.Finished,
) -> None:
    assert [digest_in(s) for s in finished.signatures] == approved_in(finished)
    assert len(finished.signatures) == 1


@pytest.mark.processes
def test_what_it_gets_is_in_the_name_of_who_approved(finished: m.Finished) -> None:
    leaf = base64.b64decode(finished.certificate_chain[0])
    subject = x509.load_der_x509_certificate(leaf).subject
    (surname,) = subject.get_attributes_for_oid(NameOID.SURNAME)

    assert surname.value == PERSONS["erika"].family_name


@pytest.mark.processes
def test_of_an_approval_that_is_over_it_gets_nothing(stage: Stage) -> None:
    tx = stage.approved(stage.person("erika"), LOAN)
    stage.client.abort(tx)

    with pytest.raises(errors.TransactionClosedError):
        stage.finish(tx)


@pytest.mark.processes
def test_a_name_of_its_own_is_signed_as_the_wallet_showed_it(stage: Stage) -> None:
    """The loan under the name of a menu: the digest is the loan's all the same."""
    victim = stage.person("erika")
    named = described(LOAN, name="lunch-menu.pdf").model_dump(mode="json")
    opened = stage.open_raw(LOAN, documents=[named]).json()
    (shown,) = victim.request(opened["tx"]).transaction_data[0].documents

    assert shown.label.split(" · ")[1] == "lunch-menu.pdf"
    assert shown.digest == hashlib.sha256(LOAN.replace(HOLE, b"")).digest()
    stage.client.abort(opened["tx"])


TERMS = "terms 1999-01-01: whatever the web tier likes to say"


@pytest.mark.processes
def test_terms_of_its_own_stay_one_claim_in_the_evidence(stage: Stage) -> None:
    """The words may be wrong; they are one string, named as the web tier's claim."""
    tx = stage.approved(
        stage.person("erika"), MENU, terms_version=TERMS, purpose="private"
    )

    text = stage.finish(tx).evidence["statement.json"]

    stated = json.loads(text)
    assert stated["terms_version_according_to_the_web_tier"] == TERMS
    assert stated["purpose"] == "private"
    assert re.findall(r"[\x00-\x09\x0b-\x1f]", text) == []


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (
            "what-is-proven.md",
            "call `finish` for any approval that was verified: confirming the browser"
            " is the web tier's business",
        ),
        (
            "what-is-proven.md",
            "show a person the request of *another* document under any name.",
        ),
        (
            "two-screens.md",
            "The code stops somebody who shows you a QR code and waits.",
        ),
        ("two-screens.md", "It does not stop somebody who talks to you meanwhile."),
        ("two-screens.md", "Nor does it bind the web tier."),
    ],
)
def test_the_limit_is_said_openly(where: str, sentence: str) -> None:
    assert sentence in page(where)

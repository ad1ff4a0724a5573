"""The good way through the SAM, and what it leaves behind."""

import hashlib
import json
import re
from base64 import b64decode

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from sam import audit, errors
from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.files import prepared
from tests.sam.world import World
from wallet_emulator.persons import PERSONS

LEASE, LETTER, WILL = (prepared(t) for t in (b"%PDF lease", b"%PDF letter", b"%PDF w"))
ERIKA = PERSONS["erika"]
PERSONAL = [
    text.encode()
    for text in (
        ERIKA.family_name,
        ERIKA.given_name,
        str(ERIKA.personal_administrative_number),
        str(ERIKA.document_number),
        ERIKA.birthdate,
    )
]
EVIDENCE = {
    "request-object.jwt",
    "transaction-data.txt",
    "pass-presentation.txt",
    "certificate-chain.pem",
    "audit.json",
    "statement.json",
    "README.txt",
}


def certificate_of(finished: m.Finished) -> x509.Certificate:
    return x509.load_der_x509_certificate(b64decode(finished.certificate_chain[0]))


def message_digest(signature: m.Signature) -> str:
    attributes = cms.CMSAttributes.load(b64decode(signature.signed_attributes))
    values = {a["type"].native: a["values"].native for a in attributes}
    digest: bytes = values["message_digest"][0]
    return digest.hex()


def read_through(text: str) -> bytes:
    """The text with everything that is base64 in it decoded too."""
    parts = re.findall(r"[A-Za-z0-9_+/-]{16,}", text)
    whole = (p[: len(p) // 4 * 4].translate(str.maketrans("-_", "+/")) for p in parts)
    return text.encode() + b"".join(map(b64decode, whole))


def personal_in(content: bytes) -> list[bytes]:
    return [value for value in PERSONAL if value in content]


@pytest.fixture
def tx(world: World, erika: Holder) -> str:
    return world.approved(erika, LEASE)


def test_an_approved_document_is_signed(world: World, tx: str) -> None:
    finished = world.finish(tx)

    assert finished.release == 1
    assert finished.signer_name == "TEST Erika Mustermann"
    assert world.client.status(tx).state == m.State.SIGNED


def test_a_result_is_the_same_bytes_for_ever(world: World, tx: str) -> None:
    first = world.finish(tx)
    operations = world.key_operations
    world.clock.pass_by(days=400)
    world.restart()

    assert world.finish(tx) == first
    assert world.key_operations == 0 < operations


def test_every_document_gets_its_own_signature_in_order(
    world: World, erika: Holder
) -> None:
    opened = world.open_sign(LEASE, LETTER, WILL)
    world.submit(opened.tx, erika.answer(opened.tx))

    finished = world.finish(opened.tx)

    signed = [message_digest(signature) for signature in finished.signatures]
    assert signed == [document.sdr for document in opened.documents]
    assert len(set(signed)) == 3


@pytest.mark.parametrize("position", [0, 1, 2])
def test_each_signature_verifies_under_the_certificate(
    world: World, erika: Holder, position: int
) -> None:
    finished = world.finish(world.approved(erika, LEASE, LETTER, WILL))

    key = certificate_of(finished).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    made = finished.signatures[position]
    key.verify(
        b64decode(made.signature),
        b64decode(made.signed_attributes),
        ec.ECDSA(hashes.SHA256()),
    )


def test_one_document_listed_twice_is_signed_twice(world: World, erika: Holder) -> None:
    finished = world.finish(world.approved(erika, LEASE, LEASE))

    assert len(finished.signatures) == 2


def test_the_subject_is_the_persons_and_says_test(world: World, tx: str) -> None:
    subject = certificate_of(world.finish(tx)).subject

    assert {a.oid: a.value for a in subject} == {
        NameOID.COUNTRY_NAME: "DE",
        NameOID.SURNAME: "Mustermann",
        NameOID.GIVEN_NAME: "Erika",
        NameOID.SERIAL_NUMBER: "PNODE-TEST-DE-8408120017",
        NameOID.COMMON_NAME: "TEST Erika Mustermann",
    }


def test_the_certificate_claims_nothing_qualified(world: World, tx: str) -> None:
    extensions = certificate_of(world.finish(tx)).extensions

    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert not usage.digital_signature
    with pytest.raises(x509.ExtensionNotFound):
        extensions.get_extension_for_oid(ObjectIdentifier("1.3.6.1.5.5.7.1.3"))
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [p.policy_identifier.dotted_string[:5] for p in policies] == ["2.25."]


def test_no_key_survives_the_ceremony(world: World, tx: str) -> None:
    world.finish(tx)

    assert world.device.one_time_keys() == ()


def test_two_ceremonies_never_share_a_key(world: World, erika: Holder) -> None:
    first = certificate_of(world.finish(world.approved(erika)))
    second = certificate_of(world.finish(world.approved(erika)))

    assert first.public_key() != second.public_key()


def test_the_evidence_is_exactly_the_files_promised(world: World, tx: str) -> None:
    assert set(world.finish(tx).evidence) == EVIDENCE


@pytest.mark.parametrize("name", sorted(EVIDENCE - {"certificate-chain.pem"}))
def test_no_file_of_the_evidence_names_the_person(
    world: World, tx: str, name: str
) -> None:
    signer = world.row(tx)["signer_id"]
    assert isinstance(signer, bytes)

    text = world.finish(tx).evidence[name]

    assert personal_in(read_through(text)) == []
    assert signer.hex() not in text
    assert signer not in read_through(text)


def test_the_canary_names_are_found_where_they_are(world: World, tx: str) -> None:
    """Guards the table above: a search that finds nothing would make it pass."""
    chain = world.finish(tx).evidence["certificate-chain.pem"].replace("\n", "")

    assert b"Mustermann" in personal_in(read_through(chain))


def test_the_evidence_holds_together(world: World, erika: Holder) -> None:
    opened = world.open_sign(LEASE)
    world.submit(opened.tx, erika.answer(opened.tx))
    files = world.finish(opened.tx).evidence

    record = json.loads(json.loads(files["audit.json"])["record"])
    statement = json.loads(files["statement.json"])
    digest = hashlib.sha256(files["statement.json"].encode()).hexdigest()
    assert files["transaction-data.txt"] == opened.transaction_data
    assert record["statement_sha256"] == digest
    assert statement["documents"][0]["sdr"] == opened.documents[0].sdr
    assert record["release"] == statement["release"] == 1


def test_what_the_web_tier_states_is_called_its_statement(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika, LEASE, purpose="private", terms_version="2026-11")

    statement = json.loads(world.finish(tx).evidence["statement.json"])

    assert statement["purpose"] == "private"
    assert statement["terms_version_according_to_the_web_tier"] == "2026-11"
    assert statement["documents"][0]["label"].startswith("TEST · private · ")


def test_releases_are_numbered_without_a_gap(world: World, erika: Holder) -> None:
    signed = [world.approved(erika, LEASE, LETTER), world.approved(erika)]
    failed = world.approved(erika)
    world.clock.pass_by(minutes=9)
    numbers = [world.finish(tx).release for tx in signed]
    world.clock.pass_by(minutes=2)
    with pytest.raises(errors.TransactionClosedError):
        world.finish(failed)
    numbers.append(world.finish(world.approved(erika)).release)

    listed = world.client.releases(0).releases

    assert numbers == [release.number for release in listed] == [1, 2, 3]
    assert [release.signatures for release in listed] == [2, 1, 1]
    assert [release.number for release in world.client.releases(2).releases] == [3]


def test_nothing_personal_is_left_but_the_result(world: World, tx: str) -> None:
    world.finish(tx)

    row = world.row(tx)

    rest = "\n".join(str(value) for name, value in row.items() if name != "result")
    assert row["protocol"] is row["subject"] is row["display_name"] is None
    assert personal_in(read_through(rest)) == []


def test_the_response_key_goes_with_the_answer(world: World, tx: str) -> None:
    assert world.row(tx)["protocol"] is None


def test_the_log_tells_the_whole_story_in_order(world: World, tx: str) -> None:
    world.finish(tx)

    with world.sam.database.begin() as connection:
        entries = list(audit.records(connection))
        assert audit.verify_chain(entries) == len(entries)
    assert [json.loads(entry.record)["event"] for entry in entries] == [
        "started",
        "transaction_opened",
        "answer_verified",
        "pass_issued",
        "transaction_opened",
        "answer_verified",
        "signing_started",
        "signature_released",
    ]


def test_the_log_holds_no_name_label_nonce_or_handle(
    world: World, erika: Holder
) -> None:
    handle = world.identify(erika)
    opened = world.open_sign(LEASE, handle=handle)
    world.submit(opened.tx, erika.answer(opened.tx))
    nonce = str(world.row(opened.tx)["nonce"])
    world.finish(opened.tx)

    with world.sam.database.begin() as connection:
        log = "\n".join(entry.record for entry in audit.records(connection))

    label = opened.documents[0].label
    secrets = (handle, nonce, label, "lease.pdf", opened.documents[0].code)
    assert personal_in(read_through(log)) == []
    assert [text for text in secrets if text in log] == []

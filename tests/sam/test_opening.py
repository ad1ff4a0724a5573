"""What is asked is fixed at opening, by the SAM and from nobody's words but its own."""

import base64
import hashlib
import io
import json
from collections.abc import Callable

import pytest

from sam import errors, transactions
from sam import messages as m
from sam.labels import document_code
from tests.sam.callers import Holder
from tests.sam.files import HOLE, described, prepared
from tests.sam.world import World

LEASE, LETTER = prepared(b"%PDF lease"), prepared(b"%PDF letter")


def decoded(transaction_data: str) -> list[tuple[str, object]]:
    """The members in the order of the text."""
    raw = base64.urlsafe_b64decode(transaction_data + "===")
    members: list[tuple[str, object]] = json.loads(raw, object_pairs_hook=list)
    return members


def test_the_transaction_data_is_the_dialect_and_nothing_more(world: World) -> None:
    opened = world.open_sign(LEASE, LETTER)

    lease, letter = opened.documents
    assert decoded(opened.transaction_data) == [
        ("type", "https://cloudsignatureconsortium.org/2025/qes-approval"),
        ("credential_ids", ["signing_pass"]),
        ("transaction_data_hashes_alg", ["sha-256"]),
        ("signatureQualifier", "eu_eidas_aes"),
        ("numSignatures", 2),
        ("hashAlgorithmOID", "2.16.840.1.101.3.4.2.1"),
        (
            "documentDigests",
            [
                [
                    ("label", document.label),
                    ("hash", base64.b64encode(bytes.fromhex(document.sdr)).decode()),
                    ("hashType", "sdr"),
                ]
                for document in (lease, letter)
            ],
        ),
    ]


def test_the_text_is_canonical_base64url_without_padding(world: World) -> None:
    text = world.open_sign(LEASE).transaction_data

    raw = base64.urlsafe_b64decode(text + "===")
    assert base64.urlsafe_b64encode(raw).decode().rstrip("=") == text
    assert raw.decode().encode() == raw


def test_the_wallet_gets_the_very_text_the_caller_saw(
    world: World, erika: Holder
) -> None:
    opened = world.open_sign(LEASE)

    (asked,) = erika.request(opened.tx).transaction_data

    assert asked.encoded == opened.transaction_data


def test_the_digests_are_those_of_the_streamed_files(world: World) -> None:
    lease, letter = world.open_sign(LEASE, LETTER).documents

    bytes_signed = [content.replace(HOLE, b"") for content in (LEASE, LETTER)]
    assert lease.sdr == hashlib.sha256(bytes_signed[0]).hexdigest()
    assert letter.sdr == hashlib.sha256(bytes_signed[1]).hexdigest()
    assert lease.sodr == hashlib.sha256(b"%PDF lease").hexdigest()
    assert letter.checksum == hashlib.sha256(LETTER).hexdigest()


def test_a_file_of_many_blocks_arrives_whole(world: World) -> None:
    content = prepared(bytes(range(256)) * 4096)

    (document,) = world.open_sign(content).documents

    assert document.checksum == hashlib.sha256(content).hexdigest()
    assert document.sodr == hashlib.sha256(bytes(range(256)) * 4096).hexdigest()


def test_the_code_on_the_page_is_the_code_in_the_wallet(world: World) -> None:
    opened = world.open_sign(LEASE)

    nonce = str(world.row(opened.tx)["nonce"])
    (document,) = opened.documents
    assert document.code == document_code(nonce, bytes.fromhex(document.sdr))
    assert document.label == f"TEST · lease.pdf · {document.code}"


def test_the_same_file_has_another_code_next_time(world: World) -> None:
    first, second = world.open_sign(LEASE), world.open_sign(LEASE)

    assert first.documents[0].sdr == second.documents[0].sdr
    assert first.documents[0].code != second.documents[0].code


def test_every_transaction_has_its_own_secrets(world: World) -> None:
    rows = [world.row(world.open_sign(LEASE).tx) for _ in range(20)]

    nonces = {str(row["nonce"]) for row in rows}
    assert len(nonces) == len({row["tx"] for row in rows}) == 20
    assert {len(nonce) for nonce in nonces} == {43}
    assert len({row["protocol"] for row in rows}) == 20


def test_a_name_that_imitates_our_marks_is_rewritten(world: World) -> None:
    call = m.OpenSign(documents=(described(LEASE, name="a · private · 1234 5678"),))

    opened = world.client.open_sign(call, [io.BytesIO(LEASE)])

    assert opened.documents[0].label.count(" · ") == 2


@pytest.mark.parametrize(
    "handle", [pytest.param("A" * 43, id="unknown"), pytest.param("old", id="expired")]
)
def test_a_handle_that_is_not_alive_opens_nothing(
    world: World, erika: Holder, handle: str
) -> None:
    expired = world.identify(erika)
    world.clock.pass_by(minutes=30)

    with pytest.raises(errors.UnknownHandleError):
        world.open_sign(LEASE, handle=expired if handle == "old" else handle)


def test_a_handle_in_its_last_second_is_alive(world: World, erika: Holder) -> None:
    handle = world.identify(erika)
    world.clock.pass_by(minutes=29, seconds=59)

    assert world.open_sign(LEASE, handle=handle).documents


def test_an_aborted_identification_takes_its_handle_along(
    world: World, erika: Holder
) -> None:
    tx = world.open_identify()
    handle = world.submit(tx, erika.answer(tx)).handle
    world.client.abort(tx)

    with pytest.raises(errors.UnknownHandleError):
        world.open_sign(LEASE, handle=handle)


def test_an_identification_that_grew_old_leaves_its_handle(
    world: World, erika: Holder
) -> None:
    handle = world.identify(erika)
    world.clock.pass_by(minutes=15)
    world.client.info()

    assert world.open_sign(LEASE, handle=handle).documents


@pytest.mark.parametrize(
    ("documents", "stream"),
    [
        pytest.param([LEASE], LEASE[:-1], id="one-byte-short"),
        pytest.param([LEASE], b"", id="empty"),
        pytest.param([LEASE], LEASE + b"x", id="one-byte-more"),
        pytest.param([LEASE], LEASE + LETTER, id="a-file-more"),
        pytest.param([LEASE, LETTER], LEASE, id="a-file-less"),
        pytest.param([LEASE, LETTER], LETTER + LEASE, id="other-order"),
    ],
)
def test_a_stream_that_is_not_the_files_described_opens_nothing(
    world: World, documents: list[bytes], stream: bytes
) -> None:
    call = m.OpenSign(documents=tuple(described(content) for content in documents))

    with pytest.raises(errors.MalformedCallError):
        world.client.open_sign(call, [io.BytesIO(stream)])

    assert world.transactions() == 0


def test_the_files_described_open_a_transaction(world: World) -> None:
    """Guards the table above."""
    call = m.OpenSign(documents=(described(LEASE), described(LETTER)))

    opened = world.client.open_sign(call, [io.BytesIO(LEASE + LETTER)])

    assert len(opened.documents) == 2
    assert world.transactions() == 1


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"byte_range": (0, 5, 9, len(LEASE) - 10)}, id="not-to-the-end"),
        pytest.param({"original_length": len(LEASE)}, id="original-past-the-hole"),
        pytest.param({"byte_range": (0, 5, 5, len(LEASE) - 5)}, id="no-hole"),
    ],
)
def test_a_file_that_is_not_prepared_opens_nothing(
    world: World, changed: dict[str, object]
) -> None:
    call = m.OpenSign(documents=(described(LEASE, **changed),))

    with pytest.raises(errors.MalformedCallError):
        world.client.open_sign(call, [io.BytesIO(LEASE)])

    assert world.transactions() == 0


def test_a_request_is_the_same_as_long_as_it_is_open(
    world: World, erika: Holder
) -> None:
    tx = world.open_sign(LEASE).tx

    first, second = erika.request(tx), erika.request(tx)

    assert first.nonce == second.nonce
    assert first.recipient == second.recipient
    assert first.transaction_data == second.transaction_data


@pytest.mark.parametrize("end", ["answered", "aborted", "expired"])
def test_an_ended_transaction_asks_nothing_any_more(
    world: World, erika: Holder, end: str
) -> None:
    tx = world.open_sign(LEASE).tx
    ends: dict[str, Callable[[], object]] = {
        "answered": lambda: world.submit(tx, erika.answer(tx)),
        "aborted": lambda: world.client.abort(tx),
        "expired": lambda: world.clock.pass_by(minutes=5),
    }
    ends[end]()

    with pytest.raises(errors.TransactionClosedError):
        transactions.request(world.sam, m.Request(tx=tx))  # before any sweep


def test_abort_ends_a_transaction_once(world: World, erika: Holder) -> None:
    tx = world.approved(erika)

    first, second = world.client.abort(tx), world.client.abort(tx)

    assert first == second
    assert (first.state, first.reason) == (m.State.CLOSED, "aborted")
    with pytest.raises(errors.TransactionClosedError):
        world.finish(tx)


def test_abort_changes_nothing_after_the_signature(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    finished = world.finish(tx)

    assert world.client.abort(tx).state == m.State.SIGNED
    assert world.finish(tx) == finished


def test_the_requests_name_is_the_certificates_dns_name_where_configured(
    world: World,
) -> None:
    config = world.sam.config.model_copy(update={"client_id_prefix": "x509_san_dns"})
    world.restart(config)

    assert world.open_sign(LEASE).client_id == "x509_san_dns:localhost"

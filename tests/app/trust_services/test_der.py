"""Strict DER: what reaches asn1crypto, and what never does."""

import random
from typing import Any

import pytest
from asn1crypto import core

from app.trust_services.der import MAX_DEPTH, decode, scan
from app.trust_services.errors import MalformedRequestError

GOOD = bytes.fromhex("3006020101020102")


def _nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = b"\x30" + bytes([len(data)]) + data
    return data


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param(b"", "cut off", id="empty"),
        pytest.param(b"\x30", "cut off", id="tag-only"),
        pytest.param(GOOD[:-1], "longer than its container", id="cut-off"),
        pytest.param(GOOD + b"\0", "behind the value", id="trailing-octet"),
        pytest.param(GOOD + GOOD, "behind the value", id="two-values"),
        pytest.param(b"\x30\x80\x02\x01\x01\0\0", "indefinite", id="indefinite-length"),
        pytest.param(b"\x30\x85\0\0\0\0\1\0", "oversized", id="five-length-octets"),
        pytest.param(b"\x04\x81\x01\x00", "not minimal", id="long-form-of-1"),
        pytest.param(b"\x04\x82\x00\x80" + bytes(128), "not minimal", id="zero-padded"),
        pytest.param(b"\x04\xff", "oversized", id="reserved-length"),
        pytest.param(b"\x1f\x81\x01\x00", "tag numbers", id="high-tag"),
        pytest.param(b"\x30\x02\x02\x05", "longer than its cont", id="child-overlaps"),
        pytest.param(b"\x30\x04\x02\x01\x01\x02", "cut off", id="child-cut-off"),
        pytest.param(_nested(MAX_DEPTH + 1), "nested", id="too-deep"),
    ],
)
def test_what_is_not_one_der_value_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(MalformedRequestError, match=complaint):
        scan(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD, id="the-unchanged-value"),
        pytest.param(b"\x05\x00", id="null"),
        pytest.param(b"\x30\x00", id="empty-sequence"),
        pytest.param(b"\x04\x81\x80" + bytes(128), id="long-form-of-128"),
        pytest.param(_nested(MAX_DEPTH), id="as-deep-as-allowed"),
    ],
)
def test_one_der_value_passes(data: bytes) -> None:
    scan(data)


def test_a_megabyte_of_open_sequences_is_refused_at_once() -> None:
    """No recursion: depth is bounded, not the interpreter's stack."""
    with pytest.raises(MalformedRequestError):
        scan(b"\x30\x84\x00\x0f\xff\xff" * 180_000)


def test_ber_that_the_library_would_take_is_refused() -> None:
    """One meaning, one spelling: asn1crypto reads this as the octets 61 62."""
    ber = bytes.fromhex("2480040161040162" + "0000")
    assert core.OctetString.load(ber, strict=True).native == b"ab"

    with pytest.raises(MalformedRequestError, match="indefinite"):
        decode(core.OctetString, ber)


def test_the_wrong_type_is_refused() -> None:
    with pytest.raises(MalformedRequestError, match="not a Integer"):
        decode(core.Integer, GOOD)


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_enrolment_is_refused_and_raises_nothing_else(
    pki: Any, box: Any, seed: int
) -> None:
    """250 messages with one to three damaged octets, wherever they fall."""
    chance = random.Random(seed)  # noqa: S311 - repeatable damage, not a secret
    good = pki.client.message(box.csr_der(box.new_key()))
    statuses = {pki.enrol(_damaged(good, chance)).status_code for _ in range(25)}

    assert statuses <= {200, 400, 403}


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_pki_data_under_a_good_signature_raises_nothing_else(
    pki: Any, box: Any, seed: int
) -> None:
    """A hostile or broken registration authority cannot crash the door either."""
    chance = random.Random(seed)  # noqa: S311 - repeatable damage, not a secret
    good = pki.client.pki_data(box.csr_der(box.new_key()))
    damaged = [pki.client.sign(_damaged(good, chance)) for _ in range(25)]

    statuses = {pki.enrol(message).status_code for message in damaged}

    assert statuses <= {200, 400, 403}


def _damaged(data: bytes, chance: random.Random) -> bytes:
    octets = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)

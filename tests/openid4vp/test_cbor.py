"""One meaning for each byte string, and one byte string for each meaning."""

import contextlib
import time
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openid4vp import cbor
from openid4vp.errors import MalformedResponseError

few = settings(max_examples=150, deadline=None, derandomize=True, database=None)
READ = [
    ("00", 0),
    ("17", 23),
    ("1818", 24),
    ("1bffffffffffffffff", 2**64 - 1),
    ("3bffffffffffffffff", -(2**64)),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("40", b""),
    ("63c3a562", "åb"),
    ("8201a0", [1, {}]),
    ("a2016161206162", {1: "a", -1: "b"}),
    ("a2616201616102", {"b": 1, "a": 2}),  # order of a map is left free
    ("fb3ff8000000000000", 1.5),
    ("f93e00", 1.5),
    ("d81841a0", cbor.Tagged(24, b"\xa0")),
    ("c06161", cbor.Tagged(0, "a")),
    ("d903ec6161", cbor.Tagged(1004, "a")),
    ("81" * 16 + "01", None),
]


@pytest.mark.parametrize(("encoded", "value"), READ)
def test_the_only_encoding_of_a_value_is_read(encoded: str, value: object) -> None:
    read = cbor.decode(bytes.fromhex(encoded), "test")

    assert value is None or read == value
    if "f9" not in encoded:
        assert cbor.encode(read).hex() == encoded


REFUSED = {
    "nothing": "",
    "trailing-byte": "0000",
    "long-integer-1": "1817",
    "long-integer-2": "1900ff",
    "long-integer-4": "1a0000ffff",
    "long-integer-8": "1b00000000ffffffff",
    "long-negative": "3800",
    "long-bytes": "5801ff",
    "long-text": "780161",
    "long-array": "980101",
    "long-map": "b8010102",
    "long-tag": "d80000",
    "long-embedded": "d8185801a0",
    "reserved-info-28": "1c",
    "reserved-info-31": "1f",
    "indefinite-array": "9f01ff",
    "indefinite-map": "bf0102ff",
    "indefinite-bytes": "5f4101ff",
    "indefinite-text": "7f6161ff",
    "indefinite-embedded": "d8185f41a0ff",
    "break": "ff",
    "break-in-array": "8101ff",
    "truncated-array": "8201",
    "truncated-map": "a201",
    "odd-map": "a101",
    "huge-array": "9b7fffffffffffffff",
    "huge-map": "bb7fffffffffffffff",
    "huge-bytes": "5b7fffffffffffffff",
    "huge-text": "7bffffffffffffffff",
    "duplicate-key": "a2616101616102",
    "duplicate-integer-key": "a201010102",
    "equal-keys-1-and-true": "a20100f500",
    "key-true": "a1f500",
    "key-float": "a1f93e0000",
    "key-bytes": "a1416100",
    "key-array": "a1810100",
    "key-null": "a1f600",
    "undefined": "f7",
    "simple-16": "f0",
    "simple-255": "f8ff",
    "simple-in-two-bytes": "f814",
    "nan": "f97e00",
    "infinity": "f97c00",
    "minus-infinity": "fbfff0000000000000",
    "float-of-middle-width": "fa3fc00000",
    "floats-of-two-widths": "82f93e00fb3ff8000000000000",
    "text-not-utf-8": "61ff",
    "text-overlong": "62c080",
    "text-surrogate": "63eda080",
    "too-deep": "81" * 17 + "01",
    "too-deep-tags": "c0" * 17 + "00",
    "bomb-of-arrays": "81" * 60_000 + "01",
    "bomb-of-tags": "c0" * 60_000 + "6161",
    "cycle": "d81c81d81d00",
    "shared": "82d81c8101d81d00",
    "regex": "d82366282e2b292b24",
    "bignum": "c249010000000000000000",
    "set": "d901028101",
    "date-of-bytes": "c04161",
    "full-date-of-a-number": "d903ec00",
    "embedded-text": "d8186161",
    "embedded-nothing": "d818f6",
    "embedded-embedded": "d818d81840",
    "cose-sign1-unasked": "d28440a0f640",
    "self-described": "d9d9f700",
}


@pytest.mark.parametrize("encoded", REFUSED.values(), ids=REFUSED.keys())
def test_every_other_encoding_is_refused(encoded: str) -> None:
    with pytest.raises(MalformedResponseError):
        cbor.decode(bytes.fromhex(encoded), "test")


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (REFUSED["duplicate-key"], "Duplicate map key"),
        (REFUSED["indefinite-bytes"], "indefinite length"),
        (REFUSED["long-integer-1"], "only encoding"),
    ],
)
def test_the_refusal_says_why(encoded: str, reason: str) -> None:
    """The library's own options stop these first, before the comparison would."""
    with pytest.raises(MalformedResponseError, match=reason):
        cbor.decode(bytes.fromhex(encoded), "test")


def test_no_tag_is_known_to_the_library_alone() -> None:
    """Also those that a later version of it may learn."""
    for tag in {*range(1100), 43000, 55799, 55800, 2**32, 2**64 - 1} - cbor.TAGS:
        for inner in ([], "2026", 0, b"", {}):
            encoded = cbor2.dumps(cbor2.CBORTag(tag, inner))
            with pytest.raises(MalformedResponseError):
                cbor.decode(encoded, "test")


def test_a_tag_that_is_asked_for_is_kept_and_the_usual_ones_are_not() -> None:
    assert cbor.decode(b"\xd2\x80", "test", tags={18}) == cbor.Tagged(18, [])
    with pytest.raises(MalformedResponseError):
        cbor.decode(bytes.fromhex("d81841a0"), "test", tags={18})


def test_size_is_bounded_before_anything_is_read() -> None:
    largest = cbor2.dumps(bytes(cbor.MAX_SIZE - 5))

    assert len(largest) <= cbor.MAX_SIZE
    assert cbor.decode(largest, "test")
    with pytest.raises(MalformedResponseError):
        cbor.decode(cbor2.dumps(bytes(cbor.MAX_SIZE)), "test")
    assert cbor.decode(cbor2.dumps(bytes(cbor.MAX_SIZE)), "test", max_size=100_000)


def test_a_map_is_asked_for() -> None:
    assert cbor.decode_map(b"\xa0", "test") == {}
    with pytest.raises(MalformedResponseError):
        cbor.decode_map(b"\x80", "test")


def test_nothing_of_one_message_is_left_for_the_next() -> None:
    cbor.decode(cbor2.dumps(["secret"]), "test")

    with pytest.raises(MalformedResponseError):
        cbor.decode(bytes.fromhex("d81d00"), "test")


@pytest.mark.parametrize(
    "data",
    [
        b"\x99\xff\x00" + b"\x60" * 0xFF00,
        b"\x81" * cbor.MAX_SIZE,
        b"\xb9\x1c\x00"
        + b"".join(b"\x1b" + (n << 40).to_bytes(8) + b"\0" for n in range(0x1C00))[:-1],
        b"\x79\xff\x00" + b"\xff" * 0xFF00,
    ],
    ids=["many-items", "deep", "keys-alike", "bad-text"],
)
def test_the_worst_of_the_largest_takes_little_time(data: bytes) -> None:
    start = time.process_time()
    with contextlib.suppress(MalformedResponseError):
        cbor.decode(data, "test")

    assert time.process_time() - start < 0.5


VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.builds(cbor.Tagged, st.sampled_from([0, 1004]), st.text(max_size=20))
    | st.builds(cbor.Tagged, st.just(24), st.binary(max_size=40)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.integers(-(2**64), 2**64 - 1) | st.text(max_size=9), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@few
@given(VALUES)
def test_what_was_encoded_comes_back_and_encodes_alike(value: object) -> None:
    encoded = cbor.encode(value)

    assert cbor.decode(encoded, "test") == value
    assert cbor.encode(cbor.decode(encoded, "test")) == encoded


@few
@given(
    st.binary(max_size=60)
    | st.builds(
        lambda value, at, byte: (
            (e := cbor.encode(value))[: at % len(e)]
            + byte
            + e[at % len(e) + len(byte) :]
        ),
        VALUES,
        st.integers(0, 500),
        st.binary(max_size=3),
    )
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = cbor.decode(data, "fuzz")
    except MalformedResponseError:
        return
    assert len(data) <= len(cbor.encode(value))  # shorter floats at most


def test_the_limit_is_the_last_size_that_is_read() -> None:
    assert cbor.decode(b"\x41a", "x", max_size=2) == b"a"

    with pytest.raises(MalformedResponseError, match="above"):
        cbor.decode(b"\x41a", "x", max_size=1)

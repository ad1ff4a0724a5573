"""Status and identifier lists: what is read, and everything that is refused."""

import json
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openid4vp import errors as e
from openid4vp import identifier_list, jwk, jws, status_list
from openid4vp.identifier_list import IdentifierList
from openid4vp.status_list import StatusList
from openid4vp.trust import AnchorStore
from tests.openid4vp import list_issuer, wallet
from tests.openid4vp.list_issuer import URI, packed
from tests.openid4vp.wallet import DAY, NOW

VECTORS = Path(__file__).parent / "status_list_vectors"
ENCODINGS = sorted(VECTORS.glob("bits-*.json"))
TOKENS = json.loads((VECTORS / "tokens.json").read_text())
TRUST = AnchorStore({"se-pid": wallet.PID_ROOT})

few = settings(max_examples=120, deadline=None, derandomize=True, database=None)


def read(content: bytes) -> StatusList:
    return status_list.parse(content, uri=URI, trust=TRUST, now=NOW)


def read_identifiers(content: bytes) -> IdentifierList:
    return identifier_list.parse_cwt(content, uri=URI, trust=TRUST, now=NOW)


# --- what is read ---


@pytest.mark.parametrize("file", ENCODINGS, ids=lambda file: file.stem)
def test_published_json_vector(file: Path) -> None:
    vector = json.loads(file.read_text())
    stated = {"bits": vector["bits"], "lst": vector["lst"]}

    found = read(list_issuer.status_jwt(status_list=stated).jwt())

    assert nonzero(found) == expected(vector)
    assert len(found.packed) == vector["size"] * vector["bits"] // 8


@pytest.mark.parametrize("file", ENCODINGS, ids=lambda file: file.stem)
def test_published_cbor_vector(file: Path) -> None:
    vector = json.loads(file.read_text())
    stated = cbor2.loads(bytes.fromhex(vector["cbor"]))

    found = read(list_issuer.status_cwt(status_list=stated).cwt())

    assert nonzero(found) == expected(vector)


def nonzero(found: StatusList) -> dict[int, int]:
    """By way of the bytes that are not 0, so that a million places take no time."""
    per_byte = 8 // found.bits
    places = (
        byte * per_byte + place
        for byte, content in enumerate(found.packed)
        if content
        for place in range(per_byte)
    )
    return {idx: value for idx in places if (value := found.value(idx))}


def expected(vector: dict[str, Any]) -> dict[int, int]:
    return {int(idx): value for idx, value in vector["statuses"].items() if value}


def test_published_tokens_are_signed_as_we_verify() -> None:
    key = jwk.public_key(TOKENS["jwk"], "jwk")
    token = jws.parse(TOKENS["jwt"], typ="statuslist+jwt", what="list token")

    jws.verify_signature(token, key)


def test_a_published_token_carries_no_chain_and_is_refused() -> None:
    with pytest.raises(e.MissingClaimError, match="x5chain"):
        read(bytes.fromhex(TOKENS["cwt"]))


@pytest.mark.parametrize(
    ("bits", "text", "statuses"),
    [(1, "eNrjYAIAABQACw", {3: 1, 9: 1}), (2, "eNo7CQAAygDK", {0: 1, 1: 2, 3: 3})],
)
def test_vectors_of_our_own(bits: int, text: str, statuses: dict[int, int]) -> None:
    stated = {"bits": bits, "lst": text}

    found = read(list_issuer.status_jwt(status_list=stated).jwt())

    assert nonzero(found) == statuses


@few
@given(
    st.sampled_from([1, 2, 4, 8]).flatmap(
        lambda bits: st.tuples(
            st.just(bits),
            st.dictionaries(st.integers(0, 4095), st.integers(1, 2**bits - 1)),
        )
    )
)
def test_every_status_is_where_it_was_put(case: tuple[int, dict[int, int]]) -> None:
    bits, statuses = case
    compressed = zlib.compress(packed(bits, statuses, 4096))

    found = read(list_issuer.status_cwt(bits, compressed).cwt())

    assert nonzero(found) == statuses


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_place_outside_of_the_list_is_unknown(bits: int) -> None:
    found = read(list_issuer.status_jwt(bits).jwt())

    assert found.value(15) == 0
    for idx in (16, 17, 2**31, -1):
        with pytest.raises(e.StatusUnknownError):
            found.value(idx)


def test_the_envelope_says_who_and_when() -> None:
    token = read(list_issuer.status_jwt().jwt()).token

    assert token.provider == "se-pid"
    assert (token.issued_at, token.expires_at) == (NOW, NOW + DAY)
    assert token.ttl == timedelta(hours=12)


@pytest.mark.parametrize(
    ("max_age", "until"),
    [(DAY / 2, NOW + DAY / 2), (2 * DAY, NOW + DAY)],
    ids=["our-age", "exp"],
)
def test_usable_until_the_earlier_of_exp_and_age(max_age: Any, until: Any) -> None:
    token = read(list_issuer.status_jwt().jwt()).token

    assert token.usable_until(max_age) == until


def test_identifiers() -> None:
    found = read_identifiers(list_issuer.identifier_cwt(b"\x01", b"\x02\x03").cwt())

    assert [found.value(i) for i in (b"\x01", b"\x02\x03", b"\x02", b"\x03")] == [
        *(1, 1, 0, 0)
    ]


def test_nobody_is_in_an_empty_identifier_list() -> None:
    assert read_identifiers(list_issuer.identifier_cwt().cwt()).value(b"\x01") == 0


# --- whatever the bytes ---

JWT, CWT = list_issuer.status_jwt().jwt(), list_issuer.status_cwt().cwt()
IDENTIFIERS = list_issuer.identifier_cwt(b"\x01").cwt()
CBOR = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.integers(0, 70000) | st.binary(max_size=3), inner)
    ),
    max_leaves=8,
)


def spliced(right: bytes) -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda at, length, new: right[:at] + new + right[at + length :],
        st.integers(0, len(right)),
        st.integers(0, 12),
        st.binary(max_size=8),
    )


@few
@given(st.binary(max_size=200) | spliced(JWT) | spliced(CWT) | spliced(IDENTIFIERS))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for reader in (read, read_identifiers):
        try:
            reader(content)
        except e.Openid4vpError:
            continue


@few
@given(st.sampled_from(sorted(list_issuer.CWT_KEYS)), CBOR)
def test_correctly_signed_nonsense_is_read_or_refused(name: str, value: Any) -> None:
    for make, reader in (
        (list_issuer.status_cwt, read),
        (list_issuer.identifier_cwt, read_identifiers),
    ):
        token = make()
        token.claims[name] = value
        try:
            reader(token.cwt())
        except e.Openid4vpError:
            continue

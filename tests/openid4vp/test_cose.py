"""COSE_Sign1: what is signed, by which key, and which headers may say so."""

from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from openid4vp import cbor, cose
from openid4vp import errors as e
from tests.openid4vp import mdoc_builder, wallet

few = settings(max_examples=150, deadline=None, derandomize=True, database=None)
KEY = wallet.key("signer")
Message = list[Any]


def sign(protected: bytes, payload: bytes, aad: bytes = b"") -> bytes:
    return mdoc_builder.es256(KEY, mdoc_builder.sig_structure(protected, payload, aad))


def message(protected: Any = None, payload: bytes = b"payload") -> Message:
    raw = cbor2.dumps({1: -7} if protected is None else protected)
    return [raw, {}, payload, sign(raw, payload)]


def verify(array: object, **options: Any) -> None:
    cose.verify_sign1(cose.parse_sign1(array), KEY.public_key(), **options)


@pytest.mark.parametrize(
    "right",
    [
        message(),
        message({1: -9}),
        message({1: -7, 16: "application/statuslist+cwt"}),
        message({1: -7, "mine": [1, {"a": None}]}),
        cbor2.dumps(message()),
        cbor2.dumps(cbor2.CBORTag(18, message())),
    ],
    ids=["ES256", "ESP256", "typ", "unknown-header", "bytes", "tagged-bytes"],
)
def test_a_right_message_verifies(right: object) -> None:
    verify(right)


def test_a_detached_payload_is_given_apart() -> None:
    raw = cbor2.dumps({1: -7})
    detached = [raw, {}, None, sign(raw, b"apart", b"aad")]

    verify(detached, payload=b"apart", external_aad=b"aad")
    with pytest.raises(e.SignatureInvalidError):
        verify(detached, payload=b"apart")
    with pytest.raises(e.SignatureInvalidError):
        verify(detached, payload=b"other", external_aad=b"aad")


def test_there_is_exactly_one_payload() -> None:
    raw = cbor2.dumps({1: -7})

    with pytest.raises(e.MalformedResponseError, match="one payload"):
        verify([raw, {}, None, sign(raw, b"")])
    with pytest.raises(e.MalformedResponseError, match="one payload"):
        verify(message(), payload=b"payload")


def put(index: int, value: object) -> Callable[[Message], object]:
    return lambda array: array.__setitem__(index, value)


def protect(protected: Any) -> Callable[[Message], object]:
    return lambda array: array.__setitem__(slice(None), message(protected))


def unprotect(**headers: Any) -> Callable[[Message], object]:
    return lambda array: array[1].update({int(k[1:]): v for k, v in headers.items()})


def resign(array: Message) -> None:
    array[3] = sign(array[0], array[2])


def protected_bytes(raw: bytes) -> Callable[[Message], object]:
    return lambda array: (array.__setitem__(0, raw), resign(array))


WRONG: dict[str, tuple[type[e.Openid4vpError], Callable[[Message], object]]] = {
    "three-elements": (e.MalformedResponseError, lambda a: a.pop()),
    "five-elements": (e.MalformedResponseError, lambda a: a.append(b"")),
    "protected-a-map": (e.MalformedResponseError, put(0, {1: -7})),
    "protected-empty": (e.MalformedResponseError, protected_bytes(b"")),
    "protected-no-map": (e.MalformedResponseError, protected_bytes(b"\x80")),
    "protected-two-algs": (
        e.MalformedResponseError,
        protected_bytes(bytes.fromhex("a20126013822")),
    ),
    "protected-long-form": (
        e.MalformedResponseError,
        protected_bytes(bytes.fromhex("a1013806")),
    ),
    "protected-trailing": (
        e.MalformedResponseError,
        protected_bytes(bytes.fromhex("a1012600")),
    ),
    "protected-with-a-tag": (
        e.MalformedResponseError,
        protected_bytes(bytes.fromhex("a201261863c06161")),
    ),
    "unprotected-bytes": (e.MalformedResponseError, put(1, b"\xa0")),
    "unprotected-nil": (e.MalformedResponseError, put(1, None)),
    "payload-text": (e.MalformedResponseError, put(2, "payload")),
    "payload-tagged": (e.MalformedResponseError, put(2, cbor.Tagged(24, b""))),
    "signature-nil": (e.MalformedResponseError, put(3, None)),
    "alg-nowhere": (e.HeaderNotAllowedError, protect({})),
    **{
        f"alg-{alg}": (e.HeaderNotAllowedError, protect({1: alg}))
        for alg in (-8, -35, -36, -37, -47, -257, 5, 0, None, "ES256", [-7], 1.5, True)
    },
    "alg-by-name-of-header": (e.HeaderNotAllowedError, protect({"alg": -7})),
    "alg-unprotected-alone": (
        e.HeaderNotAllowedError,
        lambda a: (protect({})(a), unprotect(_1=-7)(a)),
    ),
    "alg-unprotected-too": (e.HeaderNotAllowedError, unprotect(_1=-7)),
    "crit": (e.HeaderNotAllowedError, protect({1: -7, 2: [99], 99: 0})),
    "crit-unprotected": (e.HeaderNotAllowedError, unprotect(_2=[99])),
    "header-in-both": (
        e.HeaderNotAllowedError,
        lambda a: (protect({1: -7, 33: b"x"})(a), unprotect(_33=b"y")(a)),
    ),
    "odd-kid": (e.HeaderNotAllowedError, protect({1: -7, 4: "kid"})),
    "odd-content-type": (e.HeaderNotAllowedError, protect({1: -7, 3: []})),
    "signature-empty": (e.SignatureInvalidError, put(3, b"")),
    "signature-zero": (e.SignatureInvalidError, put(3, bytes(64))),
    "signature-long": (e.SignatureInvalidError, lambda a: put(3, a[3] + b"\0")(a)),
    "signature-der": (e.SignatureInvalidError, put(3, b"\x30" + bytes(69))),
    "payload-other": (e.SignatureInvalidError, put(2, b"other")),
    "protected-other": (e.SignatureInvalidError, put(0, cbor2.dumps({1: -9}))),
    "context-other": (
        e.SignatureInvalidError,
        lambda a: put(
            3,
            mdoc_builder.es256(
                KEY, mdoc_builder.sig_structure(a[0], a[2], context="Signature")
            ),
        )(a),
    ),
}


@pytest.mark.parametrize(("refusal", "change"), WRONG.values(), ids=WRONG.keys())
def test_a_message_with_one_thing_wrong_is_refused(
    refusal: type[e.Openid4vpError], change: Callable[[Message], object]
) -> None:
    array = message()
    change(array)

    with pytest.raises(e.Openid4vpError) as caught:
        verify(array)

    assert type(caught.value) is refusal


@pytest.mark.parametrize("other", [{}, None, 7, "text", (), cbor.Tagged(18, [])])
def test_what_is_no_array_is_refused(other: object) -> None:
    with pytest.raises(e.MalformedResponseError):
        cose.parse_sign1(other)


def test_another_tag_is_refused() -> None:
    with pytest.raises(e.MalformedResponseError):
        cose.parse_sign1(cbor2.dumps(cbor2.CBORTag(17, message())))


def test_the_key_is_on_p256() -> None:
    other = ec.derive_private_key(7, ec.SECP256K1())
    array = message()
    array[3] = mdoc_builder.es256(other, mdoc_builder.sig_structure(array[0], array[2]))

    with pytest.raises(e.SignatureInvalidError):
        cose.verify_sign1(cose.parse_sign1(array), other.public_key())


LEAF, CA = (c.public_bytes(Encoding.DER) for c in (wallet.PID_LEAF, wallet.PID_CA))

_SIGNED = len(LEAF) - len(wallet.PID_LEAF.signature)
UNUSED_BITS = LEAF[: _SIGNED - 1] + b"\1" + LEAF[_SIGNED:]


def chain(value: object, *, protected: bool = False) -> tuple[x509.Certificate, ...]:
    array = message({1: -7, 33: value} if protected else {1: -7})
    if not protected:
        array[1][33] = value
    return cose.x5chain(cose.parse_sign1(array))


def test_a_chain_is_one_certificate_or_several_in_either_bucket() -> None:
    assert chain(LEAF) == (wallet.PID_LEAF,)
    assert chain([LEAF]) == (wallet.PID_LEAF,)
    assert chain([LEAF, CA]) == (wallet.PID_LEAF, wallet.PID_CA)
    assert chain([LEAF, CA], protected=True) == (wallet.PID_LEAF, wallet.PID_CA)


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ([], e.WrongClaimTypeError),
        ("text", e.WrongClaimTypeError),
        ([LEAF, "text"], e.WrongClaimTypeError),
        ([[LEAF]], e.WrongClaimTypeError),
        ({}, e.WrongClaimTypeError),
        ([LEAF] * 5, e.HeaderNotAllowedError),
        (b"garbage", e.MalformedResponseError),
        (LEAF + b"\0", e.MalformedResponseError),
        (UNUSED_BITS, e.MalformedResponseError),
        (None, e.MissingClaimError),
    ],
)
def test_what_is_no_chain_is_refused(
    value: object, refusal: type[e.Openid4vpError]
) -> None:
    with pytest.raises(e.Openid4vpError) as caught:
        chain(value)

    assert type(caught.value) is refusal


def test_an_unsigned_chain_does_not_count_where_it_must_be_signed() -> None:
    array = message()
    array[1][33] = LEAF

    with pytest.raises(e.MissingClaimError):
        cose.x5chain(cose.parse_sign1(array), protected_only=True)


NUMBERS = KEY.public_key().public_numbers()
POINT: dict[int, Any] = {
    1: 2,
    -1: 1,
    -2: NUMBERS.x.to_bytes(32),
    -3: NUMBERS.y.to_bytes(32),
}


@pytest.mark.parametrize(
    "key",
    [
        POINT,
        {**POINT, -3: bool(NUMBERS.y & 1)},
        {**POINT, 3: -7},
        {**POINT, 2: b"kid"},
    ],
)
def test_a_public_key_is_read(key: dict[int, object]) -> None:
    assert cose.public_key(key).public_numbers() == NUMBERS


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({1: 1}, e.MalformedResponseError),
        ({1: 3}, e.MalformedResponseError),
        ({1: True}, e.MalformedResponseError),
        ({1: "EC2"}, e.MalformedResponseError),
        ({-1: 2}, e.MalformedResponseError),
        ({-1: 8}, e.MalformedResponseError),
        ({-1: True}, e.MalformedResponseError),
        ({-1: "P_256"}, e.MalformedResponseError),
        ({-4: b"\1" * 32}, e.MalformedResponseError),
        ({-2: b""}, e.MalformedResponseError),
        ({-2: bytes(1) + POINT[-2]}, e.MalformedResponseError),
        ({-2: "x" * 32}, e.MalformedResponseError),
        ({-2: POINT[-2][:31]}, e.MalformedResponseError),
        ({-2: POINT[-2][:31], -3: True}, e.MalformedResponseError),
        (  # the same point, cut elsewhere
            {-2: POINT[-2] + POINT[-3][:1], -3: POINT[-3][1:]},
            e.MalformedResponseError,
        ),
        ({-3: None}, e.MalformedResponseError),
        ({-3: 1}, e.MalformedResponseError),
        ({-3: bytes(32)}, e.MalformedResponseError),
        ({-2: b"\xff" * 32}, e.MalformedResponseError),
        ({-2: b"\xff" * 32, -3: True}, e.MalformedResponseError),
        ({3: -35}, e.HeaderNotAllowedError),
        ({3: None}, e.HeaderNotAllowedError),
        ({3: "ES256"}, e.HeaderNotAllowedError),
    ],
)
def test_what_is_no_public_p256_key_is_refused(
    change: dict[int, object], refusal: type[e.Openid4vpError]
) -> None:
    with pytest.raises(e.Openid4vpError) as caught:
        cose.public_key({**POINT, **change})

    assert type(caught.value) is refusal


THINGS: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-300, 300) | st.binary() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-40, 40) | st.text(), inner, max_size=4)
    ),
    max_leaves=8,
)
HEADERS = st.dictionaries(
    st.integers(0, 40) | st.sampled_from(["alg", "kid", "CRITICAL", "IV"]),
    THINGS,
    max_size=5,
)


@few
@given(THINGS | st.lists(THINGS | st.just(b"\xa1\x01\x26"), min_size=4, max_size=4))
def test_any_thing_is_read_or_refused(thing: object) -> None:
    try:
        verify(thing)
    except e.Openid4vpError:
        return
    raise AssertionError("nobody signed this")


@few
@given(HEADERS, HEADERS)
def test_any_signed_header_is_read_or_refused(
    protected: dict[Any, Any], unprotected: dict[Any, Any]
) -> None:
    array = message({**protected, 1: -7})
    array[1] = unprotected
    try:
        sign1 = cose.parse_sign1(array)
        cose.verify_sign1(sign1, KEY.public_key())
        cose.x5chain(sign1)
    except e.Openid4vpError:
        return


@few
@given(st.dictionaries(st.sampled_from([1, 3, -1, -2, -3, -4]), THINGS, max_size=3))
def test_any_key_is_read_or_refused(members: dict[int, object]) -> None:
    try:
        cose.public_key({**POINT, **members})
    except e.Openid4vpError:
        return

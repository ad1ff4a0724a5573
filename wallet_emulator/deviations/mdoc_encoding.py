"""Defects of how an mdoc is written: CBOR that parsers read differently, or choke on.

RFC 8949 §4.2, §5.3; ISO/IEC 18013-5 asks for definite lengths. The content is honest
wherever the bytes can be read at all.
"""

from collections.abc import Callable
from typing import Final

from wallet_emulator.answer import Stage
from wallet_emulator.deviations.mdoc_forging import (
    MALFORMED,
    WRONG_TYPE,
    encoded,
    forged,
    text,
)
from wallet_emulator.deviations.registry import AlterMdoc, Deviation
from wallet_emulator.encoding import b64url_decode
from wallet_emulator.mdoc.cbor import encode

_STATUS: Final = encode("status") + b"\x00"
_VERSION: Final = encode("version") + encode("1.0")
_ALL_BUT_HEAD: Final = 1
_HUGE: Final = b"\xff" * 8


def _written(
    name: str, breaks: str, alter: AlterMdoc, expected: str = MALFORMED
) -> Deviation:
    return forged(
        name,
        breaks,
        expected,
        alter,
        stage=Stage.VP_TOKEN,
        threat="MD8",
        check="50",
    )


def _status(value: bytes) -> AlterMdoc:
    """Other bytes where ``status`` is 0; it is the last member."""
    return encoded(lambda raw: raw[:-1] + value)


def _one_more(member: bytes) -> AlterMdoc:
    """A fourth member in the map of three."""
    return encoded(lambda raw: b"\xa4" + raw[_ALL_BUT_HEAD:] + member)


def _instead(value: bytes) -> AlterMdoc:
    return encoded(lambda raw: value)


def _head(value: bytes) -> AlterMdoc:
    """Another head for the outermost map."""
    return encoded(lambda raw: value + raw[_ALL_BUT_HEAD:])


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(old, new, 1)


def _standard_alphabet(presented: str) -> str:
    """One character in the other alphabet is enough."""
    return "+/" + presented.replace("-", "+").replace("_", "/")[2:]


CBOR: Final = (
    _written(
        "cbor-trailing-byte",
        "a byte follows the DeviceResponse",
        encoded(lambda raw: raw + b"\x00"),
    ),
    _written(
        "cbor-second-value",
        "a second DeviceResponse follows the first",
        encoded(lambda raw: raw + raw),
    ),
    _written("cbor-truncated", "the last byte is cut off", encoded(lambda r: r[:-1])),
    _written("cbor-empty-map", "an empty map", _instead(b"\xa0"), "missing_claim"),
    _written("cbor-nothing", "no bytes at all", _instead(b"")),
    _written("cbor-list", "an array instead of a map", encoded(lambda r: b"\x81" + r)),
    _written("cbor-member-twice", "status stands there twice", _one_more(_STATUS)),
    _written(
        "cbor-member-twice-differently",
        "version stands there twice, and differs",
        _one_more(encode("version") + encode("2.0")),
    ),
    _written(
        "cbor-indefinite-map",
        "the map is of indefinite length",
        encoded(lambda raw: b"\xbf" + raw[_ALL_BUT_HEAD:] + b"\xff"),
    ),
    _written(
        "cbor-indefinite-text",
        "a text is of indefinite length",
        encoded(_replaced(encode("1.0"), b"\x7f\x63\x31\x2e\x30\xff")),
    ),
    _written(
        "cbor-indefinite-list",
        "an array is of indefinite length",
        _one_more(encode("x") + b"\x9f\xff"),
    ),
    _written(
        "cbor-indefinite-bytes",
        "bytes are of indefinite length",
        _one_more(encode("x") + b"\x5f\x41\x00\xff"),
    ),
    _written("cbor-long-integer", "0 is written in two bytes", _status(b"\x18\x00")),
    _written(
        "cbor-longest-integer",
        "0 is written in nine bytes",
        _status(b"\x1b" + bytes(8)),
    ),
    _written("cbor-long-head", "a length is written in two bytes", _head(b"\xb8\x03")),
    _written(
        "cbor-longer-head", "a length is written in three bytes", _head(b"\xb9\x00\x03")
    ),
    _written(
        "cbor-float-status", "status is 0.0", _status(b"\xf9\x00\x00"), WRONG_TYPE
    ),
    _written("cbor-false-status", "status is false", _status(b"\xf4"), WRONG_TYPE),
    _written("cbor-undefined", "status is undefined", _status(b"\xf7")),
    _written("cbor-simple-value", "status is a simple value", _status(b"\xf8\x20")),
    _written("cbor-bignum", "status is 0 as a bignum", _status(b"\xc2\x40")),
    _written("cbor-nan", "a member is NaN", _one_more(encode("x") + b"\xf9\x7e\x00")),
    _written(
        "cbor-self-described",
        "the self-described tag stands before it",
        encoded(lambda raw: b"\xd9\xd9\xf7" + raw),
    ),
    _written(
        "cbor-unknown-tag", "a tag nobody knows", encoded(lambda raw: b"\xd8\x2a" + raw)
    ),
    _written(
        "cbor-shared-reference",
        "a member refers to the value it is in",
        encoded(lambda r: b"\xd8\x1c\xa4" + r[1:] + encode("x") + b"\xd8\x1d\x00"),
    ),
    _written(
        "cbor-regular-expression",
        "a member is a regular expression that never ends",
        _one_more(encode("x") + b"\xd8\x23" + encode("(a+)+$")),
    ),
    _written(
        "cbor-decimal-fraction",
        "a member is a decimal fraction with a monstrous exponent",
        _one_more(encode("x") + b"\xc4\x82\x1a\x7f\xff\xff\xff\x01"),
    ),
    _written(
        "cbor-deep",
        "a member nests arrays ten thousand deep",
        _one_more(encode("x") + b"\x81" * 10_000 + b"\x00"),
    ),
    _written(
        "cbor-deep-tags",
        "a member nests tags ten thousand deep",
        _one_more(encode("x") + b"\xd8\x18" * 10_000 + b"\x40"),
    ),
    _written(
        "cbor-huge-list",
        "an array says it has 2^64-1 elements",
        _one_more(encode("x") + b"\x9b" + _HUGE),
    ),
    _written(
        "cbor-huge-map",
        "a map says it has 2^64-1 members",
        _one_more(encode("x") + b"\xbb" + _HUGE),
    ),
    _written(
        "cbor-huge-bytes",
        "bytes say they are 2^64-1",
        _one_more(encode("x") + b"\x5b" + _HUGE),
    ),
    _written(
        "cbor-huge-text",
        "a text says it has 2^32-1 bytes",
        _one_more(encode("x") + b"\x7a" + _HUGE[:4]),
    ),
    _written(
        "cbor-not-utf-8",
        "a text is not UTF-8",
        _one_more(encode("x") + b"\x62\xc3\x28"),
    ),
    _written(
        "cbor-surrogate",
        "a text holds half a character",
        _one_more(encode("x") + b"\x63\xed\xa0\x80"),
    ),
    _written(
        "cbor-bytes-as-key",
        "a member's name is bytes",
        encoded(_replaced(_VERSION, b"\x47version" + encode("1.0"))),
    ),
    _written(
        "cbor-list-as-key", "a member's name is an array", _one_more(b"\x81\x00\x00")
    ),
    _written("cbor-reserved-length", "a length is of a reserved kind", _head(b"\xbc")),
    _written("cbor-break-alone", "a break without a begin", _status(b"\xff")),
)
TEXTS: Final = (
    _written("base64-padded", "base64url with padding", text(lambda t: t + "=")),
    _written("base64-standard", "the standard alphabet", text(_standard_alphabet)),
    _written(
        "base64-line-break",
        "a line break inside",
        text(lambda t: t[:64] + "\n" + t[64:]),
    ),
    _written("base64-impossible", "an impossible length", text(lambda t: t + "A" * 5)),
    _written("hex", "hex instead of base64url", text(lambda t: b64url_decode(t).hex())),
    _written("not-ascii", "a letter no alphabet has", text(lambda t: "ä" + t[1:])),
    _written("huge", "a hundred kilobytes more", text(lambda t: t + "A" * 100_000)),
)

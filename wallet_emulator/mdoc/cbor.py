"""CBOR (RFC 8949) for mdoc: plain values out, checked values in.

Maps keep the order they are written in, as ISO's examples do; digests and signatures
are over bytes as they are, so nothing here ever re-encodes what was received.
"""

from datetime import UTC, date, datetime
from typing import Final

import cbor2

from wallet_emulator.errors import MalformedError

ENCODED_CBOR: Final = 24  # RFC 8949 §3.4.5.1
_TDATE: Final = 0
_FULL_DATE: Final = 1004  # RFC 8943
_MAX_DEPTH: Final = 16


def encode(value: object) -> bytes:
    return cbor2.dumps(value)


def decode(data: bytes) -> object:
    """Raises ``MalformedError`` unless ``data`` is one well-formed value."""
    try:
        value = cbor2.loads(
            data,
            max_depth=_MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
    except (cbor2.CBORDecodeError, ValueError, OverflowError) as error:
        raise MalformedError("not CBOR as mdoc uses it") from error
    return value


def embedded(data: bytes) -> cbor2.CBORTag:
    """``#6.24(bstr)``: encoded CBOR as a value of its own."""
    return cbor2.CBORTag(ENCODED_CBOR, data)


def embedded_bytes(value: object) -> bytes:
    """The bytes inside ``#6.24(bstr)``; raises ``MalformedError`` for anything else."""
    if not isinstance(value, cbor2.CBORTag) or value.tag != ENCODED_CBOR:
        raise MalformedError("expected CBOR embedded in CBOR")
    if not isinstance(value.value, bytes):
        raise MalformedError("tag 24 holds bytes")
    return value.value


def tdate(moment: datetime) -> cbor2.CBORTag:
    """A time without fraction, in UTC (ISO/IEC 18013-5 §7.1)."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return cbor2.CBORTag(_TDATE, text)


def full_date(day: date) -> cbor2.CBORTag:
    return cbor2.CBORTag(_FULL_DATE, day.isoformat())


def members(value: object, name: str) -> dict[object, object]:
    """``value`` as a map; raises ``MalformedError``."""
    if not isinstance(value, dict):
        raise MalformedError(f"{name} must be a map")
    return value

"""Just enough DER to put known bytes together without changing one of them (X.690)."""

from typing import Final

INTEGER_1: Final = bytes.fromhex("020101")
OCTET_STRING: Final = 0x04
SEQUENCE: Final = 0x30
SET: Final = 0x31
CONTEXT_0: Final = 0xA0
CONTEXT_1: Final = 0xA1
CONTEXT_4: Final = 0xA4
SHORT_FORM: Final = 128


def tlv(tag: int, *parts: bytes) -> bytes:
    """Tag, definite length in its shortest form, and the parts as contents."""
    contents = b"".join(parts)
    return bytes([tag]) + _length(len(contents)) + contents


def set_of(*members: bytes) -> bytes:
    """SET OF in DER order (X.690 §11.6)."""
    return tlv(SET, *sorted(members))


def _length(size: int) -> bytes:
    if size < SHORT_FORM:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets

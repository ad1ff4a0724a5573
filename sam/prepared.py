"""Hash a prepared file while it streams in: one read, no path, nothing kept.

What the SAM can prove about a PDF it does not parse: the ByteRange covers the file
from its first to its last byte but for one hole, the original lies before it, little
was added, and what ``additions`` sees in it. Whether the added bytes only add a
signature is the documents process's claim, not the SAM's.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sam.additions import MAX_ADDITION, UnfitDocumentError, require_fit
from sam.messages import PreparedDocument

BLOCK = 256 * 1024
MAX_HOLE = 128 * 1024


@dataclass(frozen=True, slots=True)
class Digests:
    """``sdr`` over the ByteRange, ``sodr`` over the original, ``checksum`` over all.

    ``message_digest``: over the ByteRange as well, by the hash of the signature, where
    that is not SHA-256.
    """

    sdr: bytes
    sodr: bytes
    checksum: bytes
    message_digest: bytes | None = None


def digest(
    document: PreparedDocument,
    read: Callable[[int], bytes],
    hash_name: str = "sha256",
) -> Digests:
    """Consume exactly ``document.length`` bytes from ``read``.

    ``hash_name``: the hash of the signature, as ``hashlib`` spells it.
    """
    hole_start, hole_end = _hole(document)
    sdr, sodr, checksum = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    signed = sdr if hash_name == sdr.name else hashlib.new(hash_name)
    addition = bytearray()
    position = 0
    while position < document.length:
        block = read(min(BLOCK, document.length - position))
        if not block:
            raise UnfitDocumentError("the file is shorter than stated")
        checksum.update(block)
        sodr.update(block[: max(0, document.original_length - position)])
        for ranged in {sdr, signed}:
            ranged.update(block[: max(0, hole_start - position)])
            ranged.update(block[max(0, hole_end - position) :])
        addition += block[max(0, document.original_length - position) :]
        position += len(block)
    require_fit(document, bytes(addition))
    return Digests(
        sdr.digest(),
        sodr.digest(),
        checksum.digest(),
        None if signed is sdr else signed.digest(),
    )


def _hole(document: PreparedDocument) -> tuple[int, int]:
    first, first_length, second, second_length = document.byte_range
    whole = first == 0 and second + second_length == document.length
    if not (whole and 0 < first_length < second <= document.length):
        raise UnfitDocumentError("ByteRange does not cover the whole file")
    if second - first_length > MAX_HOLE:
        raise UnfitDocumentError("the hole is too large")
    if document.original_length > first_length:
        raise UnfitDocumentError("the hole lies inside the original file")
    if document.length - document.original_length > MAX_ADDITION:
        raise UnfitDocumentError("more was added than a signature needs")
    return first_length, second

"""The door to documents for uplifts: what a file rests on, and one more time stamp.

As in ``documents``, the child's word is not taken for what this side can see: the file
must still be there unchanged, with an addition that ends in one empty gap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.ades.byte_range import ByteRange, ByteRangeError, digest, filled
from app.ades.documents import ChildFaultError, Documents, digest_of_update, parsed
from app.ades.errors import Refusal
from app.ades.uplift import Protection

Stamp = Callable[[bytes, str], bytes]
"""A DER TimeStampToken over a digest; the hash by ``hashlib``'s name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    byte_range: ByteRange


class Archives(Documents):
    """``Documents`` that can also look after what is signed already."""

    def protection(
        self,
        signed: bytes,
        *,
        anchors: Sequence[bytes],
        crls: Sequence[bytes],
        at: datetime,
    ) -> Protection:
        """What the proof of ``signed`` rests on. Raises ``UnsignableDocumentError``."""
        self._refuse_by_size(signed)
        arguments, blobs = _with_trust(signed, anchors, crls, at)
        try:
            return parsed(Protection, self._run("protection", arguments, blobs))
        except (ChildFaultError, ValueError):
            raise self._refusal(Refusal.MALFORMED) from None

    def archived(
        self,
        signed: bytes,
        stamp: Stamp,
        *,
        anchors: Sequence[bytes],
        crls: Sequence[bytes],
        at: datetime,
        algorithm: str,
    ) -> bytes:
        """``signed``, then certificates, CRLs and a time stamp over all (B-LTA).

        Nothing about the token is verified here: ask ``protection`` of the result.
        Raises ``UnsignableDocumentError``, and what ``stamp`` raises.
        """
        self._refuse_by_size(signed)
        arguments, blobs = _with_trust(signed, anchors, crls, at)
        try:
            asked = {**arguments, "md_algorithm": algorithm}
            frame = self._run("make-room", asked, blobs)
            byte_range = parsed(_Room, frame).byte_range
            (content,) = frame.blobs
            digest_of_update(signed, content, byte_range)
            imprint = digest(content, byte_range, algorithm)
        except (ChildFaultError, ByteRangeError, ValueError):
            raise self._refusal(Refusal.MALFORMED) from None
        token = stamp(imprint, algorithm)
        try:
            return filled(content, byte_range, token)
        except ByteRangeError:
            raise self._refusal(Refusal.TOO_COMPLEX) from None


def _with_trust(
    signed: bytes, anchors: Sequence[bytes], crls: Sequence[bytes], at: datetime
) -> tuple[dict[str, object], list[bytes]]:
    groups = (anchors, anchors, (), crls)
    arguments: dict[str, object] = {
        "at": at.isoformat(),
        "counts": [len(group) for group in groups],
    }
    return arguments, [signed, *(blob for group in groups for blob in group)]

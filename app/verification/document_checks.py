"""One signed PDF against the evidence (ISO 32000-2 §12.8.1, RFC 5652 §5.4 and §11.2).

The file is not interpreted as a PDF: a ByteRange is looked for whose digest was
approved. Only whether a signature is all that was added takes a PDF parser. Whether a
later addition changes what a reader sees, and whether the time stamp is good, is the
business of ``qes verify``.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from app.ades.byte_range import (
    ByteRange,
    ByteRangeError,
    covers_whole_file,
    gap,
    sdr,
)
from app.ades.errors import AdesError, IncrementError
from app.verification import chains, cms_signature, jose
from app.verification.record_checks import StatedDocument, sha256
from app.verification.report import NotCheckedError, NotShownError

MAX_DOCUMENT: Final = 100_000_000
MAX_SIGNATURES: Final = 32
MAX_GAP: Final = 1 << 20
ROOM_BEHIND_STARTXREF: Final = 1100
_BYTE_RANGE: Final = re.compile(
    rb"/ByteRange\s{0,64}\[\s{0,64}(\d{1,10})\s{1,64}(\d{1,10})"
    rb"\s{1,64}(\d{1,10})\s{1,64}(\d{1,10})\s{0,64}\]"
)


class Parser(Protocol):
    """A confined PDF parser (``app.ades.documents``)."""

    def require_only_a_signature(
        self, content: bytes, original_length: int, byte_range: ByteRange
    ) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The place in a file whose digest was approved, and what is stated of it."""

    content: bytes
    byte_range: ByteRange
    stated: StatedDocument


def find(content: bytes, stated: Sequence[StatedDocument]) -> Found:
    """The first ByteRange over which the SHA-256 is an approved digest."""
    by_digest = {bytes.fromhex(one.sdr): one for one in stated}
    for byte_range, digest in _ranges(content):
        if digest in by_digest:
            return Found(
                content=content, byte_range=byte_range, stated=by_digest[digest]
            )
    raise NotShownError("holds no signature over a digest that was approved")


def check_signature(found: Found, chain: chains.Chain) -> None:
    """The CMS in the gap: same digest, same signed attributes, verifies, same leaf."""
    token = gap(found.content, found.byte_range)
    try:
        cms = cms_signature.read(bytes.fromhex(token[1:-1].decode()))
    except cms_signature.UnreadableSignatureError:
        raise NotShownError("has a signature that cannot be read") from None
    if cms.message_digest.hex() != found.stated.sdr:
        raise NotShownError("has a signature with another message digest")
    if cms.certificate != chain[0].public_bytes(Encoding.DER):
        raise NotShownError("was signed under another certificate")
    if cms.certificates != {one.public_bytes(Encoding.DER) for one in chain}:
        raise NotShownError("holds other certificates than certificate-chain.pem")
    if sha256(cms.attributes) != found.stated.dtbsr:
        raise NotShownError("has other signed attributes than statement.json states")
    try:
        chains.p256_key(chain[0]).verify(cms.signature, cms.attributes, jose.ES256)
    except InvalidSignature:
        raise NotShownError("has a signature that does not verify") from None


def check_original(found: Found) -> int:
    """Return how many first bytes are the file as it was brought (``sodr``).

    Its end is not recorded, so it is looked for behind the last ``startxref`` that
    lies before the signature.
    """
    before = found.content[: found.byte_range[1]]
    start = before.rfind(b"startxref")
    if start < 0:
        raise NotCheckedError("Where the original ends cannot be told from the file.")
    running = hashlib.sha256(before[:start])
    for position in range(start, min(start + ROOM_BEHIND_STARTXREF, len(before))):
        running.update(before[position : position + 1])
        if running.hexdigest() == found.stated.sodr:
            return position + 1
    raise NotShownError("does not begin with the original statement.json names")


def check_prepared(found: Found) -> None:
    """With its gap emptied it is the file that was shown (``checksum``)."""
    _start, before, resume, after = found.byte_range
    view = memoryview(found.content)
    digest = hashlib.sha256(view[:before])
    digest.update(b"<" + b"0" * (resume - before - 2) + b">")
    digest.update(view[resume : resume + after])
    if digest.hexdigest() != found.stated.checksum:
        raise NotShownError("is not the prepared file statement.json names")


def check_structure(found: Found, original: int, parser: Parser | None) -> None:
    """Of the file as it was signed: what came later is ``check_whole``'s business."""
    if parser is None:
        raise NotCheckedError(
            "Whether only a signature was added was not checked: that takes a parser."
        )
    end = found.byte_range[2] + found.byte_range[3]
    try:
        parser.require_only_a_signature(found.content[:end], original, found.byte_range)
    except IncrementError as unfit:
        raise NotShownError(f"got more than a signature: {unfit}".rstrip(".")) from None
    except AdesError as unable:
        raise NotCheckedError(
            f"Whether only a signature was added cannot be told: {unable}"
        ) from None


def check_whole(found: Found) -> None:
    if not covers_whole_file(found.content, found.byte_range):
        raise NotCheckedError(
            "Something was added to the file after this signature. What that changes"
            " is not judged here: use `qes verify`."
        )


def _ranges(content: bytes) -> Iterator[tuple[ByteRange, bytes]]:
    for match in islice(_BYTE_RANGE.finditer(content), MAX_SIGNATURES):
        start, before, resume, after = (int(number) for number in match.groups())
        byte_range = (start, before, resume, after)
        if resume - before > MAX_GAP:
            continue
        try:
            yield byte_range, sdr(content, byte_range)
        except ByteRangeError:
            continue

"""The child's jobs of an uplift: what a file rests on; room for a time stamp."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from asn1crypto import cms
from pydantic import TypeAdapter

from app.ades import archiving, protection
from app.ades.byte_range import ByteRange, filled
from app.ades.confinement import Confinement
from app.ades.forkserver import Result
from app.ades.uplift import Protection
from app.ades.validate import Trust

COUNTS: Final = TypeAdapter(tuple[int, int, int, int])
PROTECTION: Final = TypeAdapter(Protection)

Arguments = Mapping[str, object]
Blobs = Sequence[bytes]


def find_protection(
    arguments: Arguments, blobs: Blobs, _confinement: Confinement
) -> Result:
    signed, trust = with_trust(arguments, blobs)
    at = datetime.fromisoformat(str(arguments["at"]))
    found = protection.protection(signed, trust=trust, at=at)
    return PROTECTION.dump_python(found, mode="json"), []


def make_room(arguments: Arguments, blobs: Blobs, _confinement: Confinement) -> Result:
    signed, trust = with_trust(arguments, blobs)
    content, byte_range = archiving.make_room(
        signed,
        trust=trust,
        at=datetime.fromisoformat(str(arguments["at"])),
        md_algorithm=str(arguments["md_algorithm"]),
    )
    return {"byte_range": byte_range}, [content]


def with_trust(arguments: Arguments, blobs: Blobs) -> tuple[bytes, Trust]:
    """A file, and after it the four groups of ``Trust`` by their counts."""
    signed, *rest = blobs
    parts: list[tuple[bytes, ...]] = []
    for count in COUNTS.validate_python(arguments["counts"]):
        parts.append(tuple(rest[:count]))
        rest = rest[count:]
    anchors, timestamp_anchors, other_certificates, crls = parts
    return signed, Trust(
        anchors=anchors,
        timestamp_anchors=timestamp_anchors,
        other_certificates=other_certificates,
        crls=crls,
    )


def warm_up(
    signed: bytes, byte_range: ByteRange, trust: Trust, sample_time: datetime
) -> None:
    """Both jobs once, on a file with a token that is over something else."""
    content, gap = archiving.make_room(
        signed, trust=trust, at=sample_time, md_algorithm="sha512"
    )
    _start, before, resume, _after = byte_range
    message = cms.ContentInfo.load(
        bytes.fromhex(signed[before + 1 : resume - 1].decode())
    )
    (signer,) = message["content"]["signer_infos"]
    token = signer["unsigned_attrs"][0]["values"][0].dump()
    stamped = filled(content, gap, token)
    found = protection.protection(stamped, trust=trust, at=sample_time)
    if found.covers:
        raise RuntimeError("a time stamp over something else counts as a cover")

"""How long a signed file can still be proven, and what has to be done before.

Each proof of a file rests on algorithms: the digest of the document, the signature,
its certificates, each time stamp. A later time stamp over the whole file (B-LTA) proves
that all before it existed then; what is inside matters only up to that time:

* covered before its algorithm ended: held
* its algorithm ended, and nothing covered it before: too late, sign again
* its algorithm ends within ``ahead``, nothing covers it: archive time stamp, until then

A signature's own time stamp (B-T) covers the signature and the signer's certificate. It
does not cover the document behind a weak hash, nor the certificates of CAs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Final

from app.ades.algorithm_ends import LONG_AGO, AlgorithmEnds, Mechanism

AHEAD: Final = timedelta(days=365)
STAMP_HASHES: Final = ("sha-512", "sha-384", "sha-256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One thing a file rests on.

    ``depth``: which revision it is in, from 0. ``stamped_at``: the signature's own
    time stamp covers it. ``expires_at``: of the certificate of a time stamp.
    """

    subject: str
    mechanism: Mechanism
    depth: int
    stamped_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A valid time stamp over the whole file as it was then; ``depth`` as above."""

    made_at: datetime
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What a child found in a file: everything it rests on, and what covers it."""

    proofs: tuple[Proof, ...]
    covers: tuple[Cover, ...]


class Action(StrEnum):
    NOTHING = "nothing"
    ARCHIVE = "archive"
    SIGN_AGAIN = "sign again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """``by``: the last day to act is the one before; None: no end is known."""

    action: Action
    by: date | None
    because: str


def advise(
    protection: Protection,
    ends: AlgorithmEnds,
    *,
    today: date,
    ahead: timedelta = AHEAD,
) -> Advice:
    """The most urgent thing to be said of one file."""
    if not protection.proofs:
        return Advice(action=Action.SIGN_AGAIN, by=None, because="nothing is signed")
    open_ends: list[tuple[date, str]] = []
    for proof in protection.proofs:
        covered = _covered_at(proof, protection.covers)
        for end, because in _ends(proof, ends):
            if covered is not None and covered.astimezone(UTC).date() < end:
                continue
            if covered is not None or end <= today:
                return Advice(action=Action.SIGN_AGAIN, by=end, because=because)
            open_ends.append((end, because))
    if not open_ends:
        return Advice(action=Action.NOTHING, by=None, because="no end is known")
    end, because = min(open_ends, key=itemgetter(0))
    action = Action.ARCHIVE if end - today <= ahead else Action.NOTHING
    return Advice(action=action, by=end, because=because)


def _covered_at(proof: Proof, covers: Sequence[Cover]) -> datetime | None:
    """When it was first covered; a time stamp does not cover itself."""
    times = [cover.made_at for cover in covers if cover.depth > proof.depth]
    if proof.stamped_at is not None:
        times.append(proof.stamped_at)
    return min(times, default=None)


def _ends(proof: Proof, ends: AlgorithmEnds) -> Iterator[tuple[date, str]]:
    end = ends.end(proof.mechanism)
    if end is not None:
        when = "was never accepted" if end == LONG_AGO else f"ends on {end}"
        yield end, f"{proof.subject}: {shown(proof.mechanism)} {when}"
    if proof.expires_at is not None:
        day = proof.expires_at.astimezone(UTC).date()
        yield day, f"{proof.subject}: its certificate ends on {day}"


def shown(mechanism: Mechanism) -> str:
    if not mechanism.family:
        return mechanism.hash
    size = mechanism.curve or f"{mechanism.bits}"
    return f"{mechanism.family} {size} with {mechanism.hash}"


def stamp_hash(ends: AlgorithmEnds) -> str | None:
    """The hash for a new archive time stamp, as ``hashlib`` spells it: the one that
    lasts longest. None if none is accepted."""
    lasts = {
        name: ends.end(Mechanism(use="time_stamps", hash=name)) or date.max
        for name in STAMP_HASHES
    }
    best = max(STAMP_HASHES, key=lasts.__getitem__)
    return None if lasts[best] == LONG_AGO else best.replace("-", "")

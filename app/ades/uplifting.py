"""Judge signed files by what they rest on; archive those that need it.

What is invalid today is not made valid by a time stamp: it is left alone. A file counts
as uplifted only when the result validates like the file before and its new time stamp
is seen to cover it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.ades.algorithm_ends import AlgorithmEnds
from app.ades.archives import Archives, Stamp
from app.ades.errors import AdesError
from app.ades.uplift import AHEAD, Action, Advice, advise, stamp_hash


class UpliftFailedError(AdesError):
    """The file stays as it is; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """``advice`` is None for a file that is not valid today; ``summary`` says why."""

    valid: bool
    summary: str
    advice: Advice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplifts:
    """Anchors and CRLs are DER; ``now`` is aware and stands still."""

    archives: Archives
    ends: AlgorithmEnds
    anchors: Sequence[bytes]
    crls: Sequence[bytes]
    now: datetime
    ahead: timedelta = AHEAD

    def judge(self, signed: bytes) -> Judged:
        """Never raises for what is in the file."""
        verdict = self.archives.validate(
            signed, anchors=self.anchors, crls=self.crls, at=self.now
        )
        every = verdict.signatures and all(one.valid for one in verdict.signatures)
        if not every:
            return Judged(valid=False, summary=verdict.summary, advice=None)
        found = self.archives.protection(
            signed, anchors=self.anchors, crls=self.crls, at=self.now
        )
        today = self.now.astimezone(UTC).date()
        advice = advise(found, self.ends, today=today, ahead=self.ahead)
        return Judged(valid=True, summary=verdict.summary, advice=advice)

    def algorithm(self) -> str:
        """What a new time stamp is made with, or ``UpliftFailedError``."""
        found = stamp_hash(self.ends)
        if found is None:
            raise UpliftFailedError("no hash is accepted for time stamps")
        return found

    def uplift(self, signed: bytes, stamp: Stamp) -> bytes:
        """The file with one more archive time stamp, judged again before it is
        returned. Raises ``UpliftFailedError``, or another ``AdesError``."""
        archived = self.archives.archived(
            signed,
            stamp,
            anchors=self.anchors,
            crls=self.crls,
            at=self.now,
            algorithm=self.algorithm(),
        )
        after = self.judge(archived)
        if after.advice is None:
            raise UpliftFailedError(f"the result is not valid: {after.summary}")
        if after.advice.action is not Action.NOTHING:
            raise UpliftFailedError(f"it would not help: {after.advice.because}")
        return archived

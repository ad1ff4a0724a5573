"""The algorithm policy: what is accepted for which use, from when and until when.

An end is the first day, UTC, on which the algorithm is no longer accepted. What is not
listed for a use is not accepted for it. The SAM goes by the shipped policy; an
operator's file can only narrow it. What the code does not know, neither can add.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sam.algorithms.mechanisms import Family, Mechanism
from sam.errors import AlgorithmEndedError


class Use(StrEnum):
    SIGNING = "signing"
    """The signatures of signers."""
    ISSUING = "certificate_issuing"
    """The certificates of signers, up to the CA's anchor."""
    VERIFYING_PIDS = "verifying_pids"
    TIME_STAMPS = "time_stamps"


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True
    )


class Period(_Strict):
    """From the first day to the day before ``until``; None: no such bound."""

    from_: date | None = Field(default=None, alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ and self.until and self.from_ >= self.until:
            raise ValueError("it ends before it begins")
        return self

    def holds(self, day: date) -> bool:
        after = self.from_ is None or self.from_ <= day
        return after and (self.until is None or day < self.until)


class HashRule(_Strict):
    name: str = Field(pattern=r"^[a-z0-9-]{3,20}$")
    uses: dict[Use, Period]


class CurveRule(_Strict):
    family: Literal[Family.ECDSA]
    curve: str = Field(pattern=r"^[A-Za-z0-9-]{3,20}$")
    uses: dict[Use, Period]

    def covers(self, mechanism: Mechanism) -> bool:
        return mechanism.family == self.family and mechanism.curve == self.curve

    @property
    def subject(self) -> str:
        return f"{self.family} {self.curve}"


class SizeRule(_Strict):
    """``min_bits`` to ``max_bits`` of the modulus, both included; None: no limit."""

    family: Literal[Family.RSA_PSS, Family.RSA_PKCS1]
    min_bits: int = Field(ge=1024)
    max_bits: int | None = None
    uses: dict[Use, Period]

    def covers(self, mechanism: Mechanism) -> bool:
        bits = mechanism.bits
        if mechanism.family != self.family or bits is None or bits < self.min_bits:
            return False
        return self.max_bits is None or bits <= self.max_bits

    @property
    def subject(self) -> str:
        upper = "" if self.max_bits is None else f" to {self.max_bits}"
        return f"{self.family} from {self.min_bits}{upper} bits"


SignatureRule = Annotated[CurveRule | SizeRule, Field(discriminator="family")]


class AlgorithmPolicy(_Strict):
    """One file. ``version`` is whatever its author counts by; it is audited."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")
    version: str = Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")
    source: str = Field(max_length=300)
    hashes: tuple[HashRule, ...]
    signatures: tuple[SignatureRule, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [rule.name for rule in self.hashes]
        names += [rule.subject for rule in self.signatures]
        if len(names) != len(set(names)):
            raise ValueError("an algorithm is listed twice")
        return self

    def accepts(self, use: Use, mechanism: Mechanism, now: datetime) -> bool:
        """Whether hash and signature are both in their period at ``now`` (aware)."""
        day = now.astimezone(UTC).date()
        return any(
            period.holds(day) for period in self._hash_periods(use, mechanism.hash)
        ) and any(period.holds(day) for period in self._periods(use, mechanism))

    def require(self, use: Use, mechanism: Mechanism, now: datetime) -> None:
        """Raises ``AlgorithmEndedError`` unless ``accepts``."""
        if not self.accepts(use, mechanism, now):
            raise AlgorithmEndedError(f"{mechanism} is not accepted for {use} now")

    def ends(self) -> Iterator[tuple[str, Use, date]]:
        """All that has an end: subject, use, first day without it."""
        rules = [(f"hash {rule.name}", rule.uses) for rule in self.hashes]
        rules += [(rule.subject, rule.uses) for rule in self.signatures]
        for subject, uses in rules:
            for use, period in uses.items():
                if period.until is not None:
                    yield subject, use, period.until

    def _hash_periods(self, use: Use, name: str) -> Iterator[Period]:
        for rule in self.hashes:
            if rule.name == name and use in rule.uses:
                yield rule.uses[use]

    def _periods(self, use: Use, mechanism: Mechanism) -> Iterator[Period]:
        for rule in self.signatures:
            if rule.covers(mechanism) and use in rule.uses:
                yield rule.uses[use]

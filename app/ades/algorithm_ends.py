"""When what a signed file rests on ends: read from the SAM's algorithm policy.

The same file that the SAM goes by (``docs/reference/algorithms.md``); it checks the
schema, here only what is needed is read. What the policy does not list for a use has
ended. ``assume_ended`` answers *what if*.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

LONG_AGO: Final = date.min
MAX_FILE_BYTES: Final = 64 * 1024
Use = Literal["signing", "certificate_issuing", "time_stamps"]


class UnusablePolicyError(Exception):
    """The policy file cannot be read; or what was assumed to end is none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """How one signature was made. Empty, 0: not told by the file itself.

    ``family``: ecdsa, rsa-pss or rsa-pkcs1; empty for a hash alone.
    """

    use: Use
    hash: str
    family: str = ""
    curve: str = ""
    bits: int = 0


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class _Period(_Read):
    until: date | None = None


class _Rule(_Read):
    name: str = ""
    family: str = ""
    curve: str = ""
    min_bits: int = 0
    max_bits: int | None = None
    uses: dict[str, _Period]

    def is_for(self, mechanism: Mechanism) -> bool:
        if mechanism.family != self.family or mechanism.curve != self.curve:
            return False
        least, most = self.min_bits, self.max_bits
        return least <= mechanism.bits and (most is None or mechanism.bits <= most)


class _Policy(_Read):
    hashes: tuple[_Rule, ...]
    signatures: tuple[_Rule, ...]


@dataclass(frozen=True, slots=True)
class Assumed:
    """``name`` of a hash, a curve or a family ends on ``day``, for every use."""

    name: str
    day: date


@dataclass(frozen=True, slots=True)
class AlgorithmEnds:
    _policy: _Policy
    _assumed: tuple[Assumed, ...] = ()

    def end(self, mechanism: Mechanism) -> date | None:
        """The first day without it, ``LONG_AGO`` if never accepted, None: no end."""
        found = [self._hash_end(mechanism), self._signature_end(mechanism)]
        names = {mechanism.hash, mechanism.family, mechanism.curve}
        found += [one.day for one in self._assumed if one.name in names]
        return min((day for day in found if day is not None), default=None)

    def assume(self, ended: Sequence[Assumed]) -> "AlgorithmEnds":
        """Raises ``UnusablePolicyError`` for a name that the policy does not know."""
        rules = (*self._policy.hashes, *self._policy.signatures)
        known = {word for r in rules for word in (r.name, r.family, r.curve) if word}
        for one in ended:
            if one.name not in known:
                listed = ", ".join(sorted(known))
                raise UnusablePolicyError(f"{one.name}: one of {listed}")
        return replace(self, _assumed=tuple(ended))

    def _hash_end(self, mechanism: Mechanism) -> date | None:
        rules = [r for r in self._policy.hashes if r.name == mechanism.hash]
        return _last(rules, mechanism.use)

    def _signature_end(self, mechanism: Mechanism) -> date | None:
        if not mechanism.family:
            return None
        rules = [r for r in self._policy.signatures if r.is_for(mechanism)]
        return _last(rules, mechanism.use)


def _last(rules: Sequence[_Rule], use: str) -> date | None:
    ends = [rule.uses[use].until for rule in rules if use in rule.uses]
    if None in ends:
        return None
    return max((end for end in ends if end is not None), default=LONG_AGO)


def load(file: Path | None) -> AlgorithmEnds:
    """The operator's file, or the one that is shipped. ``UnusablePolicyError``."""
    source = file or files("sam") / "algorithms" / "policy.json"
    try:
        with source.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise UnusablePolicyError(f"{source}: above {MAX_FILE_BYTES} bytes")
        return AlgorithmEnds(_Policy.model_validate_json(content))
    except OSError as error:
        raise UnusablePolicyError(f"{source}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "JSON"
        raise UnusablePolicyError(f"{source}: {where}: {first['msg']}") from error


def policy_name(hash_name: str) -> str:
    """``sha256`` is ``sha-256`` in the policy; ``sha3-256`` is itself."""
    plain = hash_name.lower().replace("_", "-")
    if plain.startswith("sha") and plain[3:].isdigit():
        return f"sha-{plain[3:]}"
    return plain

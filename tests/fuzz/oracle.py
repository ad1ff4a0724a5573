"""What every parser of untrusted bytes owes: a value or a typed refusal, and soon.

1. nothing leaves a parser but its own kind of error
2. the same bytes give the same outcome
3. within ``SECONDS`` of processor time, and without ``BYTES`` more memory
4. where the input is under a signature or a seal: no value but the genuine one
"""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

SECONDS = 0.2
BYTES = 256 * 1024 * 1024
REFUSED = "refused: "
_RSS_UNIT = 1024  # Linux counts ru_maxrss in KiB


class FindingError(AssertionError):
    """An input that breaks one of the four."""


@dataclass(frozen=True)
class Target:
    """One parser. ``run`` raises one of ``refusals`` for what it refuses.

    ``make_seeds``: inputs that it takes. ``sealed``: what ``run`` returns of any input
    is what it returns of a seed, since nobody else can make another.
    """

    name: str
    run: Callable[[bytes], object]
    make_seeds: Callable[[], tuple[bytes, ...]]
    refusals: tuple[type[Exception], ...]
    sealed: bool = False

    @cached_property
    def seeds(self) -> tuple[bytes, ...]:
        """Made when they are first used."""
        return self.make_seeds()

    @cached_property
    def genuine(self) -> frozenset[str]:
        """Outcomes of the seeds, none of them a refusal."""
        outcomes = frozenset(outcome(self, seed) for seed in self.seeds)
        refused = [each for each in outcomes if each.startswith(REFUSED)]
        if refused:
            raise FindingError(f"{self.name}: a seed is {refused[0]}")
        return outcomes


def outcome(target: Target, data: bytes) -> str:
    """The value as text, or the refusal's kind and message."""
    try:
        return repr(target.run(data))
    except target.refusals as error:
        return f"{REFUSED}{type(error).__name__}: {error}"
    except Exception as error:
        raise FindingError(
            f"{target.name}: {type(error).__name__} leaves it"
        ) from error


def judge(target: Target, data: bytes, first: Callable[[], str] | None = None) -> str:
    """Return the outcome, or raise ``FindingError``.

    ``first``: runs the target on these bytes the first of two times, and may watch.
    """
    before = peak()
    earlier = outcome(target, data) if first is None else first()
    start = time.process_time()
    found = outcome(target, data)
    seconds = time.process_time() - start
    if found != earlier:
        raise FindingError(f"{target.name}: now {found[:200]}, before {earlier[:200]}")
    if peak() - before > BYTES:
        raise FindingError(f"{target.name}: took {peak() - before} bytes more")
    if seconds > SECONDS and _seconds_again(target, data) > SECONDS:
        raise FindingError(f"{target.name}: took {seconds:.3f} s")
    if target.sealed and not found.startswith(REFUSED) and found not in target.genuine:
        raise FindingError(f"{target.name}: takes what nobody sealed: {found[:300]}")
    return found


def _seconds_again(target: Target, data: bytes) -> float:
    """A garbage collection or a cold cache is no fault of the parser."""
    start = time.process_time()
    outcome(target, data)
    return time.process_time() - start


def peak() -> int:
    """The most memory this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT

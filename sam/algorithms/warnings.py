"""What of the algorithm policy ends: said 90 days before, and when it is over."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sam.algorithms.mechanisms import ECDSA_P256_SHA256
from sam.algorithms.policy import Use
from sam.algorithms.rules import WARN, AlgorithmRules, midnight
from sam.trust.reports import Watched

IN_USE: Final = (Use.SIGNING, Use.ISSUING, Use.VERIFYING_PIDS)
"""Where this SAM depends on ECDSA P-256 with SHA-256."""


def watched(rules: AlgorithmRules, now: datetime) -> Iterator[Watched]:
    """What has an end before it, and what this SAM signs with if that is over.

    What ended and is not in use here alarms nobody.
    """
    together: dict[tuple[str, datetime], list[str]] = defaultdict(list)
    for subject, use, until in rules.ends():
        if midnight(until) > now:
            together[subject, midnight(until)].append(use)
    for (subject, ends_at), uses in together.items():
        yield Watched(f"algorithm {subject} ({', '.join(uses)})", ends_at, WARN)
    for use in IN_USE:
        if not rules.accepts(use, ECDSA_P256_SHA256, now):
            yield Watched(f"algorithm {ECDSA_P256_SHA256}: past its end ({use})", None)

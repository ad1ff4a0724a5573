"""What the verifier's owner decides, beyond what the standards fix."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPolicy:
    """Applies to every credential of one answer.

    ``accepted_vcts``: per query id the types accepted; what was asked is a wish, and
    inherited types are not accepted by inheritance. ``accept_absent_status``: whether
    a credential without ``status`` passes; one that has it is refused while no status
    list can be consulted. The windows are around ``now``.
    """

    accept_absent_status: bool
    accepted_vcts: Mapping[str, frozenset[str]]
    kb_iat_past: timedelta = timedelta(seconds=300)
    kb_iat_future: timedelta = timedelta(seconds=60)
    skew: timedelta = timedelta(seconds=60)

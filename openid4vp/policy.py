"""What the verifier's owner decides, beyond what the standards fix."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from openid4vp.status import NoStatusLists, StatusLookup


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPolicy:
    """Applies to every credential of one answer.

    ``accepted_types``: per query id the types accepted, ``vct`` or docType; what was
    asked is a wish, and inherited types are not accepted by inheritance.
    ``accept_absent_status``: whether a credential without ``status`` passes; one that
    has it passes only if ``status`` says VALID. The windows are around ``now``.
    """

    accept_absent_status: bool
    accepted_types: Mapping[str, frozenset[str]]
    status: StatusLookup = field(default_factory=NoStatusLists)
    kb_iat_past: timedelta = timedelta(seconds=300)
    kb_iat_future: timedelta = timedelta(seconds=60)
    skew: timedelta = timedelta(seconds=60)

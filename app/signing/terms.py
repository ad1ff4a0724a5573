"""Which words a person accepted by pressing the button, as one line of evidence."""

from typing import ClassVar, Final

from app.plans.policy import Policy
from app.web.terms import TERMS_VERSION

MAX_VERSION: Final = 64


class TermsChangedError(Exception):
    """The form was shown with other terms than those in force, or with none."""

    code: ClassVar[str] = "terms_changed"


def accepted_version(policy: Policy | None) -> str:
    """``terms 2026-11-20, pl-like 2026-11-01``; at most 64 characters."""
    rule = f", {policy.id} {policy.version}" if policy is not None else ""
    return f"terms {TERMS_VERSION}{rule}"[:MAX_VERSION]


def require_current(shown: str, policy: Policy | None) -> str:
    if shown != accepted_version(policy):
        raise TermsChangedError(shown[:MAX_VERSION])
    return shown

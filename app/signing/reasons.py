"""Why a request came back to ``ready`` or ended: a code, and the sentence shown."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    LINK_EXPIRED = "link_expired"
    TRIED_AGAIN = "tried_again"
    NEWER_LINKS = "newer_links"
    APPROVAL_TOO_OLD = "approval_too_old"
    APPROVAL_CLOSED = "approval_closed"
    WRONG_CODE = "wrong_code"
    NOT_ME = "not_me"
    QUOTA_USED_UP = "quota_used_up"
    NEW_PASS = "new_pass"  # noqa: S105 — a signing pass, not a password
    SAM_UNAVAILABLE = "sam_unavailable"
    TSA_UNAVAILABLE = "tsa_unavailable"
    SIGNING_FAILED = "signing_failed"
    UNDELIVERABLE = "undeliverable"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    DEADLINE_PASSED = "deadline_passed"


SENTENCES: Final[dict[Reason, str]] = {
    Reason.LINK_EXPIRED: (
        "The wallet link expired for your safety. Nothing was signed. "
        "You can ask for a new one."
    ),
    Reason.TRIED_AGAIN: (
        "The earlier wallet link no longer works. Nothing was signed. "
        "You can ask for a new one."
    ),
    Reason.NEWER_LINKS: (
        "You opened other wallet links here, so this one was closed. "
        "Nothing was signed. You can ask for a new one."
    ),
    Reason.APPROVAL_TOO_OLD: (
        "Your wallet approved, but nobody came back to this browser in time. "
        "Nothing was signed. Please approve again."
    ),
    Reason.APPROVAL_CLOSED: (
        "That approval can no longer be used. Nothing was signed. Please approve again."
    ),
    Reason.WRONG_CODE: (
        "The code was wrong three times, or five minutes went by. "
        "For your safety that approval is void. Nothing was signed. "
        "Please approve again."
    ),
    Reason.NOT_ME: (
        "The person with the wallet said: this was not me. "
        "Nothing was signed, and nothing will be."
    ),
    Reason.QUOTA_USED_UP: (
        "Your free signatures of this period are used up. Nothing was signed."
    ),
    Reason.NEW_PASS: (
        "You chose to get a new signing pass. Nothing was signed. "
        "Approve once the pass is in your wallet."
    ),
    Reason.SAM_UNAVAILABLE: (
        "We can't sign right now. Nothing was signed. "
        "Please approve again in a few minutes."
    ),
    Reason.TSA_UNAVAILABLE: (
        "The time stamp service does not answer right now. Nothing was signed. "
        "Please approve again in a few minutes."
    ),
    Reason.SIGNING_FAILED: (
        "Signing broke off. No signature was given out. "
        "Upload the document again to ask for a new approval."
    ),
    Reason.UNDELIVERABLE: (
        "Your signature was made, but we could not put it into the document in time, "
        "so nobody has received it. Upload the document again."
    ),
    Reason.STOPPED: "You chose not to sign. Nothing was signed.",
    Reason.CANCELLED: "The requester withdrew this document. Nothing was signed.",
    Reason.DEADLINE_PASSED: (
        "The time to sign this document ran out. Nothing was signed. "
        "Upload it again if you still want to sign."
    ),
}

"""What a wallet's error, or a useless answer, means to the person (OpenID4VP §8.5).

Wallet errors are unauthenticated: these are hints, and the text of the error itself is
never shown.
"""

from typing import Final

_NOTHING_SHARED: Final = (
    "Your wallet did not share anything. This happens if you pressed Cancel, "
    "or if what we asked for is not in your wallet yet."
)
_CANNOT: Final = "Your wallet says that it cannot approve signatures like this one yet."

ANSWER_REFUSED: Final = "answer refused"
"""Our own word, with a space: no error code of OpenID4VP or OAuth has one."""

STATUS_UNKNOWN: Final = "status unknown"
"""A list of withdrawn cards has to be fetched first; the worker is at it."""

SENTENCES: Final = {
    STATUS_UNKNOWN: (
        "We could not check yet whether your ID is still valid. "
        "Please try again in a minute."
    ),
    ANSWER_REFUSED: (
        "A wallet answered, but its answer can't be used here. This happens with "
        "another person's wallet, or with a signing pass that is too old."
    ),
    "access_denied": _NOTHING_SHARED,
    "invalid_transaction_data": _CANNOT,
    "vp_formats_not_supported": _CANNOT,
    "wallet_unavailable": "Your wallet was not ready to answer.",
    "invalid_request": "Your wallet did not understand our question.",
}
UNKNOWN: Final = "Your wallet reported a problem."


def wallet_said(error: str | None) -> str:
    return SENTENCES.get(error or "", UNKNOWN)


def refusal_hint(code: str) -> str:
    """The hint for a code with which the SAM refused an answer."""
    return STATUS_UNKNOWN if code == "status_unknown" else ANSWER_REFUSED

"""What a wallet's error means to the person (OpenID4VP 1.0 §8.5).

Wallet errors are unauthenticated: these are hints, and the text of the error itself is
never shown.
"""

from typing import Final

_NOTHING_SHARED: Final = (
    "Your wallet did not share anything. This happens if you pressed Cancel, "
    "or if what we asked for is not in your wallet yet."
)
_CANNOT: Final = "Your wallet says that it cannot approve signatures like this one yet."

SENTENCES: Final = {
    "access_denied": _NOTHING_SHARED,
    "invalid_transaction_data": _CANNOT,
    "vp_formats_not_supported": _CANNOT,
    "wallet_unavailable": "Your wallet was not ready to answer.",
    "invalid_request": "Your wallet did not understand our question.",
}
UNKNOWN: Final = "Your wallet reported a problem."


def wallet_said(error: str | None) -> str:
    return SENTENCES.get(error or "", UNKNOWN)

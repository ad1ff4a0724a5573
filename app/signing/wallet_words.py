"""What a wallet's error, or a useless answer, means to the person, and what to do.

A wallet's error (OpenID4VP 1.0 §8.5) is unauthenticated: it is a hint, and its own text
is never shown. Why the SAM refused an answer is known for the few reasons in which the
person can do something (``sam.errors``); they are hints here too.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Said:
    """Two or three short sentences each; that nothing was signed is the page's own."""

    happened: str
    to_do: str


_AGAIN: Final = "Try again, or stop."
_OTHER_WALLET: Final = "Use another wallet, or stop."

WALLET_ERRORS: Final = {
    "access_denied": Said(
        "Your wallet did not share anything. This happens if you pressed Cancel, "
        "or if what we asked for is not in your wallet yet.",
        _AGAIN,
    ),
    "invalid_transaction_data": Said(
        "Your wallet says that it cannot approve signatures like this one yet.",
        "Update your wallet and try again. If that does not help, "
        "use another wallet, or stop.",
    ),
    "vp_formats_not_supported": Said(
        "Your wallet says that it cannot show your ID or your signing pass "
        "in a form we know.",
        "Update your wallet and try again. If that does not help, use another wallet.",
    ),
    "wallet_unavailable": Said(
        "Your wallet was not ready to answer.",
        "Open your wallet app, unlock it, and try again.",
    ),
    "invalid_request": Said("Your wallet did not understand our question.", _AGAIN),
    "invalid_request_uri_method": Said(
        "Your wallet did not understand our question.", _AGAIN
    ),
    "invalid_client": Said(
        "Your wallet does not know this signing service, and so it shared nothing.",
        _OTHER_WALLET,
    ),
    "invalid_scope": Said(
        "Your wallet did not understand our question.", _OTHER_WALLET
    ),
}
UNKNOWN: Final = Said(
    "Your wallet reported a problem that we do not know.",
    "Look into your wallet: it may say more. Then try again, or stop.",
)

REFUSALS: Final = {
    "answer_refused": Said(
        "A wallet answered, but its answer can't be used here. This happens if "
        "something in it is out of date, or does not belong to this request.",
        _AGAIN,
    ),
    "status_unknown": Said(
        "We could not check yet whether your ID is still valid.",
        "Please try again in a minute.",
    ),
    "credential_revoked": Said(
        "Whoever issued the ID or signing pass in your wallet says "
        "that it is withdrawn or suspended.",
        "Ask the issuer of your ID, or get a new signing pass.",
    ),
    "credential_expired": Said(
        "The ID or signing pass in your wallet is past its last day.",
        "Renew your ID in your wallet, or get a new signing pass.",
    ),
    "issuer_not_trusted": Said(
        "The ID in your wallet comes from an issuer that this service does not know.",
        "Check that you chose your national ID, and not a test or another card.",
    ),
    "no_unique_identifier": Said(
        "The ID in your wallet holds no personal number and no document number. "
        "Without one we could mistake you for somebody of the same name.",
        "Ask the issuer of your ID whether it can hold such a number.",
    ),
    "unfit_name": Said(
        "The name in your ID can't be written into a certificate.",
        "Ask the issuer of your ID to correct it.",
    ),
    "another_person": Said(
        "Another person's wallet answered. Only the person who identified here, "
        "with a signing pass of their own, can approve.",
        "Use your own wallet, or stop.",
    ),
    "pass_refused": Said(
        "The signing pass in your wallet is too old, was withdrawn, "
        "or was made for another wallet.",
        "Get a new signing pass.",
    ),
}

_PREFIX: Final = "refused: "
"""No error code of OpenID4VP holds a space, and the SAM passes no other code on."""


def wallet_said(hint: str) -> Said:
    """The words for a hint as it was kept: a wallet's error code, or our refusal's."""
    if hint.startswith(_PREFIX):
        code = hint.removeprefix(_PREFIX)
        return REFUSALS.get(code, REFUSALS["answer_refused"])
    return WALLET_ERRORS.get(hint, UNKNOWN)


def refusal_hint(code: str) -> str:
    """The hint to keep for a code with which the SAM refused an answer."""
    return _PREFIX + code

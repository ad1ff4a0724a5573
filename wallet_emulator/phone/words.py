"""What the phone says: claims by everyday names, errors with what to do about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wallet_emulator.dcql import Match
from wallet_emulator.errors import (
    AnswerNotAcceptedError,
    RequestNotAuthenticError,
    RequestRefusedError,
    WalletEmulatorError,
)
from wallet_emulator.pid_provider import PID_NAMESPACE
from wallet_emulator.sd_jwt import ClaimsPath
from wallet_emulator.wallet import PID, PID_MDOC, SIGNING_PASS

CARDS: Final[Mapping[str, str]] = {
    PID: "PID",
    PID_MDOC: "PID as mdoc",
    SIGNING_PASS: "Signing pass",
}
_CLAIMS: Final[Mapping[str, str]] = {
    "family_name": "family name",
    "given_name": "given name",
    "birthdate": "date of birth",
    "place_of_birth": "place of birth",
    "nationalities": "nationality",
    "issuing_country": "issuing country",
    "issuing_authority": "issuing authority",
    "personal_administrative_number": "personal number",
    "document_number": "document number",
    "date_of_issuance": "date of issue",
    "date_of_expiry": "date of expiry",
    "birth_date": "date of birth",
    "nationality": "nationality",
    "issuance_date": "date of issue",
    "expiry_date": "date of expiry",
    "pass_id": "number of the pass",
}
_NOTHING_SENT: Final = "Nothing of yours was sent."
_AGAIN: Final = "Go back to the service's page, let it show a new code or link, and"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A heading, what happened, what to do, and one line for engineers."""

    title: str
    what: str
    remedy: str
    detail: str = ""


def claim_words(path: ClaimsPath) -> str:
    """A claim, or an element; a PID's namespace is that of all its elements."""
    if len(path) > 1 and path[0] == PID_NAMESPACE:
        path = path[1:]
    first, *rest = ("all" if step is None else str(step) for step in path)
    return " · ".join([_CLAIMS.get(first, first), *rest])


def shown_claims(match: Match) -> list[tuple[str, str]]:
    """Name and value of each claim that would be disclosed."""
    revealed = match.held.claims()
    return [(claim_words(path), _value(revealed, path)) for path in match.paths]


def _value(value: object, path: Sequence[str | int | None]) -> str:
    for step in path:
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {part}" for name, part in value.items())
    return str(value)


_NOT_AUTHENTIC: Final[Mapping[str, tuple[str, str, str]]] = {
    "link": (
        "This is not a link for a wallet",
        "A wallet opens links that begin with openid4vp:// or openid-credential-offer://"
        " and are whole.",
        "Copy the link again, from its first letter to its last.",
    ),
    "fetch": (
        "The service did not say what it wants",
        "The phone could not get the request that the link points to. The link may have"
        " expired or been used, or the service is not running.",
        f"{_AGAIN} open that.",
    ),
    "exp": (
        "This request has expired",
        "The service gave it a few minutes only, and they are over.",
        f"{_AGAIN} open that.",
    ),
    "certificate_chain": (
        "This phone does not know who asks",
        "The certificate of whoever asks was not issued by an authority this phone"
        " trusts.",
        "Do not go on, unless you run the service yourself: then start the phone with"
        " the access CA of that service (--access-root).",
    ),
}
_NOT_GENUINE: Final = (
    "This request is not genuine",
    "Somebody changed it, or it was made for something else. A wallet shows nothing of"
    " such a request.",
    "Close this page. If you run the service yourself, the line below names the check.",
)
_REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "access_denied": (
        "This wallet cannot answer",
        "It lacks a card that is asked for.",
    ),
    "invalid_transaction_data": (
        "This wallet does not fully understand what you would approve",
        "A person must never approve what their wallet understood only in part, so it"
        " shows nothing.",
    ),
    "vp_formats_not_supported": (
        "This wallet speaks other formats",
        "The request does not cover the formats of the cards it asks for.",
    ),
}
_OTHERS: Final[Mapping[str, tuple[str, str, str]]] = {
    "peer_unavailable": (
        "No usable answer from the service",
        "It could not be reached, or said something a wallet cannot read. If something"
        " was on its way, it may have arrived.",
        "Look at the service's page, then try again here.",
    ),
    "issuance_failed": (
        "The card was not issued",
        "The offer is not as it must be, or was used before. An offer works once, for a"
        " few minutes.",
        "Ask the service for a new offer.",
    ),
    "credential_invalid": (
        "The card that came is not right",
        "It is not what was offered, not for this phone, or not signed by a known"
        " issuer. It was not kept.",
        "Ask the service for a new offer. If it happens again, tell the service.",
    ),
    "deviation_not_possible": (
        "This misbehaviour is not possible here",
        f"The answer has nothing it could be done to, or something is lacking."
        f" {_NOTHING_SENT}",
        "Choose another one. For a pass of another person, let that person take one on"
        " this phone first.",
    ),
    "unknown_status": (
        "This PID cannot be withdrawn",
        "It names no list of its provider's, so no service could learn of it.",
        "Renew the PID: the new one is in such a list, if the provider has one.",
    ),
    "exchange_gone": (
        "This request is gone",
        "The phone keeps a request for ten minutes, and forgets all when it restarts.",
        f"{_AGAIN} open that.",
    ),
    "not_asked": (
        "That button belongs to another page",
        f"The form does not fit what this request is about. {_NOTHING_SENT}",
        "Open the link again.",
    ),
}


def words_for(error: WalletEmulatorError) -> Words:
    """What the person reads instead of an error."""
    detail = f"{error.code} · {error}"
    if isinstance(error, RequestNotAuthenticError):
        title, what, remedy = _NOT_AUTHENTIC.get(error.check, _NOT_GENUINE)
        what = f"{what} {_NOTHING_SENT}"
    elif isinstance(error, RequestRefusedError):
        title, what = _REFUSED.get(
            error.error, ("This request is not in order", "The wallet cannot read it.")
        )
        what, remedy = f"{what} {_NOTHING_SENT}", f"{_AGAIN} try that."
    elif isinstance(error, AnswerNotAcceptedError):
        title = "The service refused the answer"
        what = "It got your answer and did not accept it. Its words are below."
        remedy = "Its page still waits: you may answer again, or stop there."
    else:
        title, what, remedy = _OTHERS.get(
            error.code,
            ("The phone cannot go on", "Something it needs is not there.", "Go back."),
        )
    return Words(title=title, what=what, remedy=remedy, detail=detail)

"""Why no card answers a request, and what its owner can do about it.

A wallet tells the verifier only ``access_denied``; its owner may know more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wallet_emulator.dcql import CredentialQuery, Query, match_one
from wallet_emulator.phone.words import claim_words
from wallet_emulator.pid_provider import PID_DOCTYPE, PID_NAMESPACE, PID_VCT
from wallet_emulator.sd_jwt import ClaimsPath
from wallet_emulator.wallet import FORMATS, PID, PID_MDOC, SIGNING_PASS, Held

_IDENTIFY: Final = (
    "Identify with your PID on the service's page. It then offers you a signing pass."
)
_RENEW: Final = "Renew the PID on the page Wallet, then open the link again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One card that would be needed; ``kind`` is the wallet's, if it knows it."""

    kind: str | None
    what: str
    remedy: str


def missing(query: Query, held: Sequence[Held], now: datetime) -> tuple[Missing, ...]:
    """One entry for each query without an answer, in the sets that need one."""
    usable = [credential for credential in held if credential.usable_at(now)]
    found: dict[str, Missing] = {}
    for options in query.sets:
        unanswered = [_unanswered(query, option, usable) for option in options]
        if all(unanswered):
            for asked in min(unanswered, key=_foreign):
                found.setdefault(asked.id, _missing(asked, held, now))
    return tuple(found.values())


def _unanswered(
    query: Query, option: Sequence[str], usable: Sequence[Held]
) -> list[CredentialQuery]:
    queries = (query.by_id(query_id) for query_id in option)
    return [q for q in queries if q is not None and match_one(q, usable) is None]


def _foreign(option: Sequence[CredentialQuery]) -> int:
    """How many of its cards are of a kind this wallet never holds."""
    return sum(asked.format not in FORMATS for asked in option)


def _missing(asked: CredentialQuery, held: Sequence[Held], now: datetime) -> Missing:
    if asked.format not in FORMATS:
        return Missing(
            kind=None,
            what=f"A card in the format {asked.format}, which this wallet cannot hold.",
            remedy="Only another wallet can answer.",
        )
    by_kind = {credential.kind: credential for credential in held}
    if PID_VCT in asked.types:
        return _pid(asked, by_kind.get(PID), now)
    if PID_DOCTYPE in asked.types:
        return _pid(asked, by_kind.get(PID_MDOC), now)
    return _pass(asked, by_kind.get(SIGNING_PASS), now)


def _pid(asked: CredentialQuery, held: Held | None, now: datetime) -> Missing:
    if held is None:
        return Missing(kind=PID, what="There is no PID in this wallet.", remedy=_RENEW)
    if not held.usable_at(now):
        return Missing(kind=PID, what="Your PID has expired.", remedy=_RENEW)
    known = held.claims()
    lacking = dict.fromkeys(
        claim_words(claim.path)
        for claims in asked.claim_choices
        for claim in claims
        if not _knows(known, claim.path)
    )
    return Missing(
        kind=PID,
        what=f"Your PID does not hold what is asked: {' or '.join(lacking)}.",
        remedy="Without a number of your own, a service cannot tell you from others, so"
        " you cannot sign here. Choose another person on the page Wallet.",
    )


def _knows(claims: Mapping[str, object], path: ClaimsPath) -> bool:
    elements = claims.get(PID_NAMESPACE)
    if path[0] == PID_NAMESPACE and isinstance(elements, Mapping):
        return path[1] in elements
    return path[0] in claims


def _pass(asked: CredentialQuery, held: Held | None, now: datetime) -> Missing:
    if held is None:
        what = "You have no signing pass yet."
    elif held.type not in asked.types:
        what = f"Your signing pass is of another service or address ({held.type})."
    elif not held.usable_at(now):
        what = "Your signing pass has expired."
    else:
        what = "Your signing pass does not hold what is asked."
    return Missing(kind=SIGNING_PASS, what=what, remedy=_IDENTIFY)

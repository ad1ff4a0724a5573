"""Why no card answers a request, and what its owner can do about it.

A wallet tells the verifier only ``access_denied``; its owner may know more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wallet_emulator.dcql import SD_JWT_FORMAT, CredentialQuery, Query, match_one
from wallet_emulator.phone.words import claim_words
from wallet_emulator.pid_provider import PID_VCT
from wallet_emulator.wallet import PID, SIGNING_PASS, HeldCredential

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


def missing(
    query: Query, held: Sequence[HeldCredential], now: datetime
) -> tuple[Missing, ...]:
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
    query: Query, option: Sequence[str], usable: Sequence[HeldCredential]
) -> list[CredentialQuery]:
    queries = (query.by_id(query_id) for query_id in option)
    return [q for q in queries if q is not None and match_one(q, usable) is None]


def _foreign(option: Sequence[CredentialQuery]) -> int:
    """How many of its cards are of a kind this wallet never holds."""
    return sum(asked.format != SD_JWT_FORMAT for asked in option)


def _missing(
    asked: CredentialQuery, held: Sequence[HeldCredential], now: datetime
) -> Missing:
    if asked.format != SD_JWT_FORMAT:
        return Missing(
            kind=None,
            what=f"A card in the format {asked.format}, which this wallet cannot hold.",
            remedy="Only another wallet can answer.",
        )
    by_kind = {credential.kind: credential for credential in held}
    if PID_VCT in asked.vct_values:
        return _pid(asked, by_kind.get(PID), now)
    return _pass(asked, by_kind.get(SIGNING_PASS), now)


def _pid(asked: CredentialQuery, held: HeldCredential | None, now: datetime) -> Missing:
    if held is None:
        return Missing(kind=PID, what="There is no PID in this wallet.", remedy=_RENEW)
    if not held.usable_at(now):
        return Missing(kind=PID, what="Your PID has expired.", remedy=_RENEW)
    known = held.sd_jwt.reveal()
    lacking = dict.fromkeys(
        claim_words(claim.path)
        for claims in asked.claim_choices
        for claim in claims
        if claim.path[0] not in known
    )
    return Missing(
        kind=PID,
        what=f"Your PID does not hold what is asked: {' or '.join(lacking)}.",
        remedy="Without a number of your own, a service cannot tell you from others, so"
        " you cannot sign here. Choose another person on the page Wallet.",
    )


def _pass(
    asked: CredentialQuery, held: HeldCredential | None, now: datetime
) -> Missing:
    if held is None:
        what = "You have no signing pass yet."
    elif held.vct not in asked.vct_values:
        what = f"Your signing pass is of another service or address ({held.vct})."
    elif not held.usable_at(now):
        what = "Your signing pass has expired."
    else:
        what = "Your signing pass does not hold what is asked."
    return Missing(kind=SIGNING_PASS, what=what, remedy=_IDENTIFY)

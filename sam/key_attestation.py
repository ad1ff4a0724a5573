"""What a wallet provider says of a wallet's keys (OpenID4VCI 1.0 App. D).

    1. a key-attestation+jwt, ES256
    2. x5c leads to an anchor of the category *wallet providers*; its leaf signed
    3. iat is not ahead, exp is there and ahead
    4. the levels that policy wants, if it wants some (D.2)
    5. its status, if it has one: VALID in a list held here, or refused
    6. a nonce, and the public keys it speaks of

Whether the nonce is ours and the keys are free is for whoever uses it
(``sam.pass_proofs``, ``sam.passes``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from openid4vp import jwk, jws, members, status, x5c
from openid4vp.errors import MalformedResponseError
from sam import errors as refused
from sam.kept_files import KeptLists
from sam.messages import AttackPotential
from sam.module import Sam
from sam.trust.categories import Category

TYPE: Final = "key-attestation+jwt"
MAX_KEYS: Final = 16
FUTURE: Final = timedelta(minutes=1)

Jwk = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAttestation:
    """Verified. ``keys``: their bare JWKs, in the order attested."""

    keys: tuple[Jwk, ...]
    nonce: str


def accepted(least: AttackPotential | None) -> tuple[AttackPotential, ...]:
    """The words that are enough where ``least`` is asked for; none if nothing is."""
    if least is None:
        return ()
    levels = tuple(AttackPotential)
    return levels[levels.index(least) :]


def verify(sam: Sam, text: str, now: datetime) -> KeyAttestation:
    """Raises ``Openid4vpError`` or ``ProofRefusedError``; the steps are above."""
    attestation = jws.parse(text, typ=TYPE, what="key attestation")  # 1
    chain = x5c.chain(attestation.header)
    sam.anchors[Category.WALLET_PROVIDERS].resolve(chain, now)  # 2
    jws.verify_signature(attestation, x5c.leaf_key(chain[0]))
    said = attestation.payload
    _check_times(said, now)  # 3
    _check_level(said, "key_storage", sam.config.pass_key_storage)  # 4
    _check_level(said, "user_authentication", sam.config.pass_user_authentication)
    status.check(  # 5
        said.get("status"),
        lookup=KeptLists(sam, Category.WALLET_PROVIDERS),
        accept_absent=True,
        issuer_chain=chain,
        now=now,
    )
    return KeyAttestation(keys=_keys(said), nonce=members.required(said, "nonce", str))


def _check_times(said: Mapping[str, object], now: datetime) -> None:
    """D.1; ``exp`` is optional there, but not with the jwt proof type, nor for us."""
    made, ends = members.numeric_date(said, "iat"), members.numeric_date(said, "exp")
    if made is None or made > (now + FUTURE).timestamp():
        raise refused.ProofRefusedError("the attestation is of no time, or ahead")
    if ends is None or ends <= now.timestamp():
        raise refused.ProofRefusedError("the attestation is over, or has no end")


def _check_level(
    said: Mapping[str, object], name: str, least: AttackPotential | None
) -> None:
    stated = members.strings(said, name) or ()
    if least is not None and not set(stated) & set(accepted(least)):
        raise refused.ProofRefusedError(f"{name} is below what policy wants")


def _keys(said: Mapping[str, object]) -> tuple[Jwk, ...]:
    stated = members.required(said, "attested_keys", list)
    if len(stated) > MAX_KEYS:
        raise MalformedResponseError(f"more than {MAX_KEYS} attested_keys")
    if not all(isinstance(key, dict) for key in stated):
        raise MalformedResponseError("attested_keys holds something else")
    return tuple(jwk.minimal(jwk.public_key(key, "attested key")) for key in stated)

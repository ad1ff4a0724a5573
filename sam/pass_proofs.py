"""From the proof of a credential request to the one key a pass may be bound to.

OpenID4VCI 1.0 App. F; the signed ``typ`` tells the kinds apart.

    openid4vci-proof+jwt (F.1)  signed by the key its header names: ``jwk``, or ``kid``
                                as place among the keys of a ``key_attestation``;
                                for this issuer, made now
    key-attestation+jwt (F.3)   a wallet provider's word for exactly one key

Policy (``QES_PASS_KEY_ATTESTATION``) says whether attestations are looked at, and
whether one is needed. Nonces are returned, not yet compared: ``sam.passes`` uses them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from openid4vp import base64url, jwk, jws, members, strict_json
from openid4vp.errors import Openid4vpError
from sam import errors as refused
from sam import key_attestation
from sam.key_attestation import Jwk, KeyAttestation
from sam.messages import KeyAttestationPolicy
from sam.module import Sam

PROOF_TYPE: Final = "openid4vci-proof+jwt"
PROOF_PAST: Final = timedelta(minutes=5)
PROOF_FUTURE: Final = timedelta(minutes=1)
_NAMES_OF_A_KEY: Final = frozenset({"jwk", "kid", "x5c", "trust_chain"})
_PLACE: Final = re.compile(r"0|[1-9][0-9]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenKey:
    """A key whose holder asks now: RFC 7638's members only, nothing a wallet wrote
    beside them. ``nonces``: those it answers, each once, still to be recognised."""

    jwk: Jwk
    nonces: tuple[object, ...]

    @property
    def thumbprint(self) -> str:
        return jwk.thumbprint(self.jwk)


def verify(sam: Sam, text: str, now: datetime) -> ProvenKey:
    """Raises ``ProofRefusedError`` for whatever does not hold."""
    try:
        if _stated_type(text) == key_attestation.TYPE:
            return _attested(sam, text, now)
        return _signed(sam, text, now)
    except Openid4vpError as error:
        raise refused.ProofRefusedError(error.code) from error


def _attested(sam: Sam, text: str, now: datetime) -> ProvenKey:
    """F.3: nobody proves possession, so there is no choosing among keys."""
    if sam.config.pass_key_attestation is KeyAttestationPolicy.OFF:
        raise refused.ProofRefusedError("attestations are not taken")
    attestation = key_attestation.verify(sam, text, now)
    if len(attestation.keys) != 1:
        raise refused.ProofRefusedError("a pass is for one key")
    return ProvenKey(jwk=attestation.keys[0], nonces=(attestation.nonce,))


def _signed(sam: Sam, text: str, now: datetime) -> ProvenKey:
    """F.1 and F.4."""
    proof = jws.parse(text, typ=PROOF_TYPE, what="proof")
    attestation = _attestation_of(sam, proof.header, now)
    key = _named_key(proof.header, attestation)
    jws.verify_signature(proof, key)
    bare = jwk.minimal(key)
    if attestation is not None and bare not in attestation.keys:
        raise refused.ProofRefusedError("the attestation is of other keys")
    _check_meant(sam, proof.payload, now)
    nonces: list[object] = [proof.payload.get("nonce", "")]
    if attestation is not None and attestation.nonce not in nonces:
        nonces.append(attestation.nonce)
    return ProvenKey(jwk=bare, nonces=tuple(nonces))


def _attestation_of(
    sam: Sam, header: Mapping[str, object], now: datetime
) -> KeyAttestation | None:
    policy = sam.config.pass_key_attestation
    if policy is KeyAttestationPolicy.OFF:
        return None
    stated = members.optional(header, "key_attestation", str)
    if stated is not None:
        return key_attestation.verify(sam, stated, now)
    if policy is KeyAttestationPolicy.REQUIRED:
        raise refused.ProofRefusedError("a key attestation is required")
    return None


def _named_key(
    header: Mapping[str, object], attestation: KeyAttestation | None
) -> ec.EllipticCurvePublicKey:
    """By exactly one name: two could be of two keys."""
    if len(_NAMES_OF_A_KEY & set(header)) != 1:
        raise refused.ProofRefusedError("the proof names no key, or several")
    if attestation is not None and "kid" in header:
        place = members.required(header, "kid", str)
        if not _PLACE.fullmatch(place) or int(place) >= len(attestation.keys):
            raise refused.ProofRefusedError("kid is no place among the attested keys")
        return jwk.public_key(attestation.keys[int(place)], "attested key")
    return jwk.public_key(members.required(header, "jwk", dict), "proof jwk")


def _check_meant(sam: Sam, said: Mapping[str, object], now: datetime) -> None:
    if said.get("aud") != sam.config.base_url:
        raise refused.ProofRefusedError("the proof is for another issuer")
    made = said.get("iat")
    if type(made) is not int or not _recent(made, now):
        raise refused.ProofRefusedError("the proof is not of now")


def _recent(made: int, now: datetime) -> bool:
    age = now.timestamp() - made
    return -PROOF_FUTURE.total_seconds() <= age <= PROOF_PAST.total_seconds()


def _stated_type(text: str) -> object:
    """To choose the reader only: each looks at ``typ`` itself."""
    header = base64url.decode(text.partition(".")[0], "proof header")
    return strict_json.parse_object(header, "proof header").get("typ")

"""How a wallet shows the issuer its new key (OpenID4VCI 1.0 App. D, F.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator import jws
from wallet_emulator.errors import MalformedError
from wallet_emulator.keys import public_jwk
from wallet_emulator.wallet_provider import WalletProvider

PROOF_TYP: Final = "openid4vci-proof+jwt"


@dataclass(frozen=True, slots=True)
class Prover:
    """A key, and who vouches for it. ``wanted``: the levels an issuer asks for, or
    ``None`` where it wants no attestation."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    wanted: Mapping[str, object] | None = None
    provider: WalletProvider | None = None

    def proof(self, *, audience: str, nonce: str, now: datetime) -> str:
        """Raises ``MalformedError`` where nobody vouches as the issuer wants."""
        return key_proof(
            self.key,
            audience=audience,
            nonce=nonce,
            now=now,
            attestation=self._attestation(nonce, now),
        )

    def _attestation(self, nonce: str, now: datetime) -> str | None:
        if self.wanted is None:
            return None
        if self.provider is None:
            raise MalformedError("the issuer wants a key attestation: none to be had")
        levels = {
            name: [str(word) for word in words]
            for name, words in self.wanted.items()
            if isinstance(words, list)
        }
        return self.provider.attest(
            [self.key.public_key()], nonce=nonce, now=now, levels=levels
        )


def key_proof(
    key: ec.EllipticCurvePrivateKey,
    *,
    audience: str,
    nonce: str,
    now: datetime,
    attestation: str | None = None,
) -> str:
    """The ``jwt`` proof of App. F.1; no ``iss``, as the grant is anonymous.

    ``attestation``: of this key alone, which the proof then names by its place.
    """
    header: dict[str, object] = {"alg": "ES256", "typ": PROOF_TYP}
    if attestation is None:
        header["jwk"] = public_jwk(key.public_key())
    else:
        header |= {"kid": "0", "key_attestation": attestation}
    claims = {"aud": audience, "iat": int(now.timestamp()), "nonce": nonce}
    return jws.sign(header, claims, key)


def wanted_attestation(
    configuration: Mapping[str, object],
) -> Mapping[str, object] | None:
    """§12.2.4 ``key_attestations_required``, of the ``jwt`` proof type."""
    types = configuration.get("proof_types_supported")
    kind = types.get("jwt") if isinstance(types, Mapping) else None
    wanted = (
        kind.get("key_attestations_required") if isinstance(kind, Mapping) else None
    )
    return wanted if isinstance(wanted, Mapping) else None

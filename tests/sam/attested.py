"""Wallets whose provider vouches for their keys, rightly or with one thing wrong.

``BOTH`` goes for an attestation in a ``jwt`` proof and for one that is the proof;
``IN_A_PROOF`` and ``ALONE`` for one of the two. A row changes the draft before signing.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from sam.config import SamConfig
from sam.trust.categories import Category
from tests.sam.callers import BASE_URL
from tests.sam.world import World
from wallet_emulator import jws
from wallet_emulator.certificates import x5c
from wallet_emulator.encoding import b64url
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.wallet_provider import WalletProvider

Key = ec.EllipticCurvePrivateKey
Change = Callable[["Draft"], object]


class Draft:
    """A proof with its attestation before either is signed; rows change one thing.

    ``attestation`` and ``proof`` are pairs of header and claims. ``signer`` and
    ``holder`` sign them; ``text`` changes the attestation as it was signed.
    """

    def __init__(
        self, world: World, provider: WalletProvider, key: Key, nonce: str | None = None
    ) -> None:
        now = int(world.clock.now.timestamp())
        self.world, self.provider, self.key = world, provider, key
        self.nonce = nonce or world.client.pass_nonce().c_nonce
        self.header: dict[str, Any] = {
            "alg": "ES256",
            "typ": "key-attestation+jwt",
            "x5c": x5c([provider.signer]),
        }
        self.claims: dict[str, Any] = {
            "iat": now,
            "exp": now + 600,
            "nonce": self.nonce,
            "attested_keys": [public_jwk(key.public_key())],
            "key_storage": ["iso_18045_high"],
            "user_authentication": ["iso_18045_high"],
        }
        self.proof_header: dict[str, Any] = {"kid": "0"}
        self.proof_claims: dict[str, Any] = {
            "aud": BASE_URL,
            "iat": now,
            "nonce": self.nonce,
        }
        self.signer, self.holder = provider.signer_key, key
        self.text: Callable[[str], str] = str

    def attestation(self) -> str:
        """Alone it is the ``attestation`` proof (App. F.3)."""
        return self.text(jws.sign(self.header, self.claims, self.signer))

    def proof(self) -> str:
        """The ``jwt`` proof with the attestation in its header (App. F.1)."""
        header = {
            "alg": "ES256",
            "typ": "openid4vci-proof+jwt",
            "key_attestation": self.attestation(),
            **self.proof_header,
        }
        return jws.sign(header, self.proof_claims, self.holder)


def other_jwk() -> dict[str, str]:
    return public_jwk(new_key().public_key())


def macked(text: str) -> str:
    """HS256 with the signer's public key as the secret."""
    header, claims, _ = text.split(".")
    parsed = json.loads(base64.urlsafe_b64decode(header + "==="))
    header = b64url(json.dumps(parsed | {"alg": "HS256"}).encode())
    secret = parsed["x5c"][0].encode()
    mac = hmac.digest(secret, f"{header}.{claims}".encode(), hashlib.sha256)
    return f"{header}.{claims}.{b64url(mac)}"


def trust(world: World, provider: WalletProvider, **settings: object) -> None:
    """What the operator does: a file more, settings, and a restart."""
    config = world.sam.config.model_copy(update=settings)
    _put_anchor(config, provider)
    world.restart(config)


def _put_anchor(config: SamConfig, provider: WalletProvider) -> None:
    folder = config.anchor_folders(Category.WALLET_PROVIDERS)[0]
    folder.mkdir(parents=True, exist_ok=True)
    pem = provider.ca.public_bytes(Encoding.PEM)
    (folder / "demo-wallet-provider.pem").write_bytes(pem)


def claim(**members: object) -> Change:
    return lambda draft: draft.claims.update(members)


def no_claim(name: str) -> Change:
    return lambda draft: draft.claims.pop(name)


def header(**members: object) -> Change:
    return lambda draft: draft.header.update(members)


def no_header(name: str) -> Change:
    return lambda draft: draft.header.pop(name)


def named(**members: object) -> Change:
    """Another header of the proof: these names of a key, and no others."""

    def change(draft: Draft) -> None:
        draft.proof_header = members

    return change


def later(name: str, seconds: int) -> Change:
    def change(draft: Draft) -> None:
        draft.claims[name] = int(draft.world.clock.now.timestamp()) + seconds

    return change


def text(altered: Callable[[str], str]) -> Change:
    return lambda draft: setattr(draft, "text", altered)


def with_anchor(draft: Draft) -> None:
    draft.header["x5c"] = x5c([draft.provider.signer, draft.provider.ca])


def by_the_pid_provider(draft: Draft) -> None:
    """An anchor of another category vouches for nothing here."""
    pid_provider = draft.world.provider
    draft.header["x5c"] = x5c([pid_provider.signer])
    draft.signer = pid_provider.signer_key


def by_a_stranger(draft: Draft) -> None:
    stranger = WalletProvider.create(draft.world.clock.now)
    draft.header["x5c"] = x5c([stranger.signer])
    draft.signer = stranger.signer_key


def by_the_holder(draft: Draft) -> None:
    draft.signer = draft.key


def with_private_key(draft: Draft) -> None:
    draft.claims["attested_keys"][0]["d"] = b64url(bytes(32))


def of_other_keys(draft: Draft) -> None:
    draft.claims["attested_keys"] = [other_jwk(), other_jwk()]


def by_jwk_of_no_attested_key(draft: Draft) -> None:
    draft.holder = new_key()
    draft.proof_header = {"jwk": public_jwk(draft.holder.public_key())}


def signed_by_another_key(draft: Draft) -> None:
    draft.holder = new_key()


def by_place_of_another_key(draft: Draft) -> None:
    draft.claims["attested_keys"].append(other_jwk())
    draft.proof_header = {"kid": "1"}


P384: Final = {
    "kty": "EC",
    "crv": "P-384",
    "x": b64url(bytes(48)),
    "y": b64url(bytes(48)),
}

BOTH: Final = [
    pytest.param(header(typ="JWT"), id="typ-jwt"),
    pytest.param(no_header("typ"), id="typ-missing"),
    pytest.param(header(typ="keyattestation+jwt"), id="typ-of-a-draft"),
    pytest.param(header(alg="none"), id="alg-none"),
    pytest.param(header(alg="ES384"), id="alg-es384"),
    pytest.param(header(crit=["b64"]), id="crit"),
    pytest.param(no_header("x5c"), id="x5c-missing"),
    pytest.param(header(x5c=[]), id="x5c-empty"),
    pytest.param(header(x5c=["AAAA"]), id="x5c-no-certificate"),
    pytest.param(with_anchor, id="x5c-with-the-anchor"),
    pytest.param(by_the_pid_provider, id="pid-provider-as-issuer"),
    pytest.param(by_a_stranger, id="unknown-issuer"),
    pytest.param(by_the_holder, id="signed-by-the-attested-key"),
    pytest.param(text(lambda t: t.rpartition(".")[0] + "."), id="unsigned"),
    pytest.param(text(macked), id="hs256-with-the-certificate"),
    pytest.param(later("iat", 61), id="iat-ahead"),
    pytest.param(no_claim("iat"), id="iat-missing"),
    pytest.param(claim(iat="1795176000"), id="iat-text"),
    pytest.param(claim(iat=True), id="iat-true"),
    pytest.param(later("exp", 0), id="exp-now"),
    pytest.param(later("exp", -3600), id="exp-past"),
    pytest.param(no_claim("exp"), id="exp-missing"),
    pytest.param(claim(exp=10**400), id="exp-huge"),
    pytest.param(no_claim("nonce"), id="nonce-missing"),
    pytest.param(claim(nonce=None), id="nonce-null"),
    pytest.param(no_claim("attested_keys"), id="keys-missing"),
    pytest.param(claim(attested_keys=[]), id="keys-none"),
    pytest.param(claim(attested_keys={}), id="keys-an-object"),
    pytest.param(claim(attested_keys=["x"]), id="keys-of-text"),
    pytest.param(claim(attested_keys=[P384]), id="keys-p384"),
    pytest.param(with_private_key, id="keys-private"),
    pytest.param(of_other_keys, id="keys-of-others"),
    pytest.param(claim(key_storage=["iso_18045_enhanced-basic"]), id="level-too-low"),
    pytest.param(claim(key_storage=["ISO_18045_HIGH"]), id="level-in-capitals"),
    pytest.param(claim(key_storage="iso_18045_high"), id="level-not-in-a-list"),
    pytest.param(no_claim("key_storage"), id="level-missing"),
    pytest.param(
        claim(user_authentication=["iso_18045_basic"]), id="authentication-too-low"
    ),
    pytest.param(claim(status="x"), id="status-text"),
    pytest.param(claim(status={}), id="status-of-no-kind"),
    pytest.param(
        claim(status={"status_list": {"idx": 3, "uri": "https://w.example/1"}}),
        id="status-not-at-hand",
    ),
]
IN_A_PROOF: Final = [
    pytest.param(named(kid="1"), id="kid-out-of-range"),
    pytest.param(named(kid="-1"), id="kid-negative"),
    pytest.param(named(kid="01"), id="kid-with-zero"),
    pytest.param(named(kid=""), id="kid-empty"),
    pytest.param(named(kid=0), id="kid-a-number"),
    pytest.param(named(kid=" 0"), id="kid-with-space"),
    pytest.param(named(kid="٠"), id="kid-in-other-digits"),
    pytest.param(named(), id="no-name-of-a-key"),
    pytest.param(named(kid="0", jwk=other_jwk()), id="kid-and-jwk"),
    pytest.param(named(kid="0", x5c=["AAAA"]), id="kid-and-x5c"),
    pytest.param(named(jwk=other_jwk()), id="jwk-of-another-key"),
    pytest.param(by_jwk_of_no_attested_key, id="jwk-not-attested"),
    pytest.param(by_place_of_another_key, id="kid-of-another-key"),
    pytest.param(signed_by_another_key, id="signed-by-another-key"),
    pytest.param(named(kid="0", key_attestation=7), id="attestation-a-number"),
    pytest.param(named(kid="0", key_attestation=None), id="attestation-null"),
    pytest.param(
        lambda draft: draft.proof_claims.update(aud="https://w.example"),
        id="for-another-issuer",
    ),
]

"""What a PID provider publishes about its PIDs: status lists, identifier lists."""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.openid4vp import list_issuer, wallet
from tests.openid4vp.list_issuer import ListToken
from tests.sam.callers import Callers, Holder
from wallet_emulator.keys import new_key
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider, holder_jwk, pid_claims
from wallet_emulator.wallet import PID

URI = "https://pid.example/tsl/1"


@dataclass
class Published:
    """One list of one provider; ``revoked`` holds places or identifiers."""

    provider: PidProvider
    uri: str = URI
    revoked: set[Any] = field(default_factory=set)
    key: ec.EllipticCurvePrivateKey | None = None
    chain: tuple[x509.Certificate, ...] = ()

    def jwt(self, now: datetime, **claims: Any) -> bytes:
        token = list_issuer.status_jwt(1, self._packed(), issued=now, **claims)
        chain = self.chain or (self.provider.signer,)
        token.header["x5c"] = [
            base64.b64encode(c.public_bytes(Encoding.DER)).decode() for c in chain
        ]
        return self._signed(token).jwt()

    def cwt(self, now: datetime, **claims: Any) -> bytes:
        token = list_issuer.status_cwt(1, self._packed(), issued=now, **claims)
        return self._signed(token, list_issuer.STATUS_CWT).cwt()

    def identifiers(self, now: datetime, **claims: Any) -> bytes:
        token = list_issuer.identifier_cwt(*self.revoked, issued=now, **claims)
        return self._signed(token, list_issuer.IDENTIFIER_CWT).cwt()

    def _packed(self) -> bytes:
        places = dict.fromkeys(self.revoked, 1)
        return zlib.compress(list_issuer.packed(1, places, 1024))

    def _signed(self, token: ListToken, cwt_type: str | None = None) -> ListToken:
        token.claims.setdefault("sub", self.uri)
        if token.claims["sub"] == list_issuer.URI:
            token.claims["sub"] = self.uri
        token.key = self.key or self.provider.signer_key
        if cwt_type is not None:
            chain = self.chain or (self.provider.signer,)
            token.header = list_issuer.cwt_header(cwt_type, chain)
        return token


def with_status(world: Callers, name: str, idx: int, uri: str = URI) -> Holder:
    """A person whose PID has a place in a list; no pass yet."""
    holder = world.person(name, holds_pass=False)
    now, key = world.watch.now, new_key()
    pid = world.provider.issue(
        pid_claims(PERSONS[name], now),
        holder_jwk(key.public_key()),
        now,
        status={"status_list": {"idx": idx, "uri": uri}},
    )
    holder.wallet.hold(PID, pid, key)
    return holder


def stranger(name: str) -> tuple[tuple[x509.Certificate, ...], Any]:
    """A signer under a CA that nobody trusts."""
    root = wallet.authority(f"{name} CA")
    leaf = wallet.leaf(name, issuer=f"{name} CA")
    return (leaf, root), wallet.key(name)

"""A right SD-JWT VC of a PID, with all that RFC 9901 leaves to its issuer drawn.

Claims stand open or behind a digest, at any depth and inside arrays; among them claims
nobody asked for, some never disclosed, and digests of nothing.
"""

import hashlib
import random
from collections.abc import Mapping
from typing import Any

from openid4vp.request import Transaction
from tests.openid4vp import list_issuer, wallet
from tests.openid4vp.wallet import NOW, SECOND, Presentation

HASHES = {None: "sha256", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
ROOT = "TEST PID root"
_SECOND_CA = wallet.authority("TEST PID CA 2", issuer="TEST PID CA")
_THIRD_CA = wallet.authority("TEST PID CA 3", issuer="TEST PID CA 2")
CHAINS = (
    (wallet.leaf("TEST PID leaf 1", issuer=ROOT),),
    (wallet.PID_LEAF, wallet.PID_CA),
    (
        wallet.leaf("TEST PID leaf 3", issuer="TEST PID CA 2"),
        _SECOND_CA,
        wallet.PID_CA,
    ),
    (
        wallet.leaf("TEST PID leaf 4", issuer="TEST PID CA 3"),
        _THIRD_CA,
        _SECOND_CA,
        wallet.PID_CA,
    ),
)
SIGNERS = ("TEST PID leaf 1", "TEST PID provider", "TEST PID leaf 3", "TEST PID leaf 4")
VALID_PLACES = tuple(set(range(16)) - {3, 9})  # of the list that ``list_issuer`` makes


def sd_jwt_pid(
    rng: random.Random, transaction: Transaction, person: Mapping[str, Any]
) -> Presentation:
    """The PID of this person, everything asked for disclosed."""
    alg = rng.choice(tuple(HASHES))
    issuing = _Issuing(rng, HASHES[alg])
    beside = {f"x{i}": _value(rng, 3) for i in range(rng.randint(0, 3))}
    claims = issuing.object_({**person, **beside}, depth=0, needed=set(person))
    length = rng.randrange(len(CHAINS))
    rng.shuffle(issuing.disclosures)
    return _Drawn(
        header={"alg": "ES256", "typ": "dc+sd-jwt", "x5c": wallet.x5c(*CHAINS[length])},
        payload={
            **claims,
            **_issued(rng),
            **({"_sd_alg": alg} if alg else {}),
        },
        disclosures=issuing.disclosures,
        kb_payload={
            "iat": _at(rng.randint(-90, 60)),
            "aud": transaction.client_id,
            "nonce": transaction.nonce,
        },
        issuer_key=wallet.key(SIGNERS[length]),
        holder_key=wallet.key("holder"),
    ).hashed_with(HASHES[alg])


class _Drawn(Presentation):
    """Binds its holder's key, and hashes as ``_sd_alg`` says, just before use."""

    hash_name = "sha256"

    def hashed_with(self, name: str) -> "_Drawn":
        self.hash_name = name
        return self

    def text(self) -> str:
        self.payload["cnf"] = {"jwk": wallet.public_jwk(self.holder_key)}
        issued = wallet.jws(self.header, self.payload, self.issuer_key)
        presented = "".join(f"{part}~" for part in [issued, *self.disclosures])
        self.kb_payload["sd_hash"] = _digest(presented, self.hash_name)
        return super().text()


class _Issuing:
    """One walk over the claims: hides some, and collects what discloses them."""

    def __init__(self, rng: random.Random, hash_name: str) -> None:
        self._rng, self._hash = rng, hash_name
        self.disclosures: list[str] = []

    def object_(
        self, claims: Mapping[str, Any], depth: int, needed: set[str]
    ) -> dict[str, Any]:
        open_: dict[str, Any] = {}
        digests = [self._decoy() for _ in range(self._rng.randint(0, 2))]
        for name, value in claims.items():
            if name not in needed and self._rng.random() < 0.2:
                digests.append(self._decoy())  # held back: a digest and no more
            elif self._rng.random() < 0.7:
                digests.append(self._hidden(name, self._value(value, depth + 1)))
            else:
                open_[name] = self._value(value, depth + 1)
        self._rng.shuffle(digests)
        return open_ | ({"_sd": digests} if digests or depth == 0 else {})

    def _array(self, values: list[Any], depth: int) -> list[Any]:
        result = [
            {"...": self._hidden(self._value(value, depth + 1))}
            if self._rng.random() < 0.5
            else self._value(value, depth + 1)
            for value in values
        ]
        if self._rng.random() < 0.3:
            result.append({"...": self._decoy()})
        return result

    def _value(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return self.object_(value, depth, set(value))
        return self._array(value, depth) if isinstance(value, list) else value

    def _hidden(self, *parts: Any) -> str:
        text = wallet.b64_json([wallet.b64(self._rng.randbytes(16)), *parts])
        self.disclosures.append(text)
        return _digest(text, self._hash)

    def _decoy(self) -> str:
        return _digest(str(self._rng.random()), self._hash)


def _issued(rng: random.Random) -> dict[str, Any]:
    times = {"iat": _at(rng.randint(-80_000, 60)), "nbf": _at(rng.randint(-90, 60))}
    stated: dict[str, Any] = {n: at for n, at in times.items() if rng.random() < 0.8}
    with_status = rng.random() < 0.5
    if with_status:
        place = {"uri": list_issuer.URI, "idx": rng.choice(VALID_PLACES)}
        stated["status"] = {"status_list": place}
    if not with_status or rng.random() < 0.5:
        fraction = rng.choice((0, 0.5))
        stated["exp"] = _at(rng.randint(-59, 10**8)) + fraction
    return {"iss": "https://pid.example.se", "vct": "urn:eudi:pid:1", **stated}


def _value(rng: random.Random, depth: int) -> Any:
    kind = rng.randrange(7 if depth else 5)
    if kind == 5:
        return [_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if kind == 6:
        return {f"y{i}": _value(rng, depth - 1) for i in range(rng.randint(0, 3))}
    number = rng.randint(-(2**53) + 1, 2**53 - 1)
    return (None, True, number, rng.random(), f"Å\u0301 李 {number}")[kind]


def _digest(text: str, hash_name: str) -> str:
    return wallet.b64(hashlib.new(hash_name, text.encode()).digest())


def _at(seconds: int) -> int:
    return int((NOW + seconds * SECOND).timestamp())

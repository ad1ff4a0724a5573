"""Issues status and identifier lists for tests, right ones and wrong ones.

Like ``wallet`` it shares no code with the verifier: JWTs by hand, CWTs on ``cbor2``.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding

from tests.openid4vp import wallet
from tests.openid4vp.wallet import DAY, NOW

URI = "https://pid.example.se/tsl/9"
STATUS_JWT = "statuslist+jwt"
STATUS_CWT = "application/statuslist+cwt"
IDENTIFIER_CWT = "application/identifierlist+cwt"
CWT_KEYS = {
    "sub": 2,
    "exp": 4,
    "nbf": 5,
    "iat": 6,
    "ttl": 65534,
    "status_list": 65533,
    "identifier_list": 65530,
}


def packed(bits: int, statuses: Mapping[int, int], size: int) -> bytes:
    """Token Status List §4.1, from its words: lowest bits of a byte first."""
    array = bytearray(size * bits // 8)
    for index, status in statuses.items():
        array[index * bits // 8] |= status << (index * bits % 8)
    return bytes(array)


@dataclass
class ListToken:
    """One list before it is signed; ``...`` as a claim or header takes it away."""

    claims: dict[str, Any]
    header: dict[Any, Any]
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: wallet.key("TEST PID provider")
    )
    unprotected: dict[Any, Any] = field(default_factory=dict)
    raw_payload: bytes | None = None
    edit: Callable[[bytes], bytes] = bytes

    def jwt(self) -> bytes:
        return self.edit(
            wallet.jws(_stated(self.header), _stated(self.claims), self.key).encode()
        )

    def cwt(self) -> bytes:
        claims = {CWT_KEYS.get(k, k): v for k, v in _stated(self.claims).items()}
        payload = self.raw_payload or cbor2.dumps(claims)
        protected = cbor2.dumps(_stated(self.header))
        signed = cbor2.dumps(["Signature1", protected, b"", payload])
        signature = _es256(self.key, signed)
        array = [protected, self.unprotected, payload, signature]
        return self.edit(cbor2.dumps(cbor2.CBORTag(18, array)))


def status_jwt(
    bits: int = 1, compressed: bytes = b"", *, issued: datetime = NOW, **claims: Any
) -> ListToken:
    stated = {"bits": bits, "lst": wallet.b64(compressed or _some(bits))}
    return ListToken(
        claims={**_dates(issued), "status_list": stated, **claims},
        header={"alg": "ES256", "typ": STATUS_JWT, "x5c": wallet.x5c(*CHAIN)},
    )


def status_cwt(
    bits: int = 1, compressed: bytes = b"", *, issued: datetime = NOW, **claims: Any
) -> ListToken:
    stated = {"bits": bits, "lst": compressed or _some(bits)}
    return ListToken(
        claims={**_dates(issued), "status_list": stated, **claims},
        header=cwt_header(STATUS_CWT),
    )


def identifier_cwt(*revoked: bytes, issued: datetime = NOW, **claims: Any) -> ListToken:
    listed: dict[bytes, dict[str, object]] = {identifier: {} for identifier in revoked}
    stated = {"identifiers": listed}
    return ListToken(
        claims={**_dates(issued), "identifier_list": stated, **claims},
        header=cwt_header(IDENTIFIER_CWT),
    )


def cwt_header(typ: str, chain: Sequence[x509.Certificate] = ()) -> dict[Any, Any]:
    ders = [c.public_bytes(Encoding.DER) for c in chain or CHAIN]
    return {1: -7, 16: typ, 33: ders}


CHAIN = (wallet.PID_LEAF, wallet.PID_CA)


def _some(bits: int) -> bytes:
    """Places 3 and 9 are revoked (facts: byte 0 = 08, byte 1 = 02 with one bit)."""
    return zlib.compress(packed(bits, {3: 1, 9: 1}, 16))


def _dates(issued: datetime) -> dict[str, Any]:
    return {
        "sub": URI,
        "iat": int(issued.timestamp()),
        "exp": int((issued + DAY).timestamp()),
        "ttl": 43200,
    }


def _stated(members: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: value for name, value in members.items() if value is not ...}


def _es256(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = utils.decode_dss_signature(key.sign(message, algorithm))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")

"""The signed lists of the test PID provider, as relying parties fetch them.

status list       one bit per place; as JWT and as CWT     Token Status List §4, §5
identifier list   the revoked by their names; as CWT       ISO/IEC 18013-5 §12.3.6
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator import jws
from wallet_emulator.certificates import x5c
from wallet_emulator.encoding import b64url
from wallet_emulator.mdoc import cose
from wallet_emulator.mdoc.cbor import encode
from wallet_emulator.status_lists import (
    IDENTIFIER_LIST,
    PLACES,
    STATUS_LIST,
    Register,
)

TTL: Final = timedelta(seconds=60)
LIFE: Final = timedelta(hours=24)
JWT_TYPE: Final = "statuslist+jwt"
CWT_TYPE: Final = "application/statuslist+cwt"
IDENTIFIER_CWT_TYPE: Final = "application/identifierlist+cwt"

_COSE_SIGN1: Final = 18
_TYPE: Final = 16  # COSE header parameter, RFC 9596
_CWT_KEYS: Final[Mapping[str, int]] = {
    "sub": 2,
    "exp": 4,
    "iat": 6,
    "ttl": 65534,
    STATUS_LIST: 65533,
    IDENTIFIER_LIST: 65530,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSigner:
    """Signs lists as they stand in a register; ``chain`` leads to the PID anchor."""

    chain: Sequence[x509.Certificate]
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def status_jwt(self, uri: str, register: Register, now: datetime) -> bytes:
        """``application/statuslist+jwt`` (§5.1)."""
        stated = {"bits": 1, "lst": b64url(packed(register.revoked))}
        header = {"alg": "ES256", "typ": JWT_TYPE, "x5c": x5c(self.chain)}
        claims = {**_dates(uri, now), STATUS_LIST: stated}
        return jws.sign(header, claims, self.key).encode("ascii")

    def status_cwt(self, uri: str, register: Register, now: datetime) -> bytes:
        """``application/statuslist+cwt`` (§5.2)."""
        stated = {"bits": 1, "lst": packed(register.revoked)}
        return self._cwt(CWT_TYPE, {**_dates(uri, now), STATUS_LIST: stated})

    def identifier_cwt(self, uri: str, register: Register, now: datetime) -> bytes:
        """``application/identifierlist+cwt``."""
        names: dict[bytes, dict[str, object]] = {
            bytes.fromhex(name): {} for name in sorted(register.revoked_names)
        }
        stated = {"identifiers": names}
        return self._cwt(
            IDENTIFIER_CWT_TYPE, {**_dates(uri, now), IDENTIFIER_LIST: stated}
        )

    def _cwt(self, typ: str, claims: Mapping[str, object]) -> bytes:
        header = {
            cose.ALG: cose.ES256,
            _TYPE: typ,
            cose.X5CHAIN: cose.x5chain(*self.chain),
        }
        payload = encode({_CWT_KEYS[name]: value for name, value in claims.items()})
        array = cose.sign1(encode(header), {}, payload, self.key)
        return encode(cbor2.CBORTag(_COSE_SIGN1, array))


def packed(revoked: set[int]) -> bytes:
    """One bit a place, the lowest bits of a byte first (§4.1), compressed."""
    array = bytearray(PLACES // 8)
    for idx in revoked:
        array[idx // 8] |= 1 << idx % 8
    return zlib.compress(bytes(array), level=9)


def _dates(uri: str, now: datetime) -> dict[str, object]:
    return {
        "sub": uri,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
        "ttl": int(TTL.total_seconds()),
    }

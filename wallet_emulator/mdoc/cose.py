"""COSE as mdoc uses it: one signature, one MAC, P-256 keys (RFC 9052, RFC 9053).

A COSE structure is the untagged list of four that stands in the mdoc; headers are
taken as given, so that they may be wrong.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding

from wallet_emulator import jws
from wallet_emulator.certificates import read_certificate
from wallet_emulator.errors import MalformedError
from wallet_emulator.keys import COORDINATE_BYTES
from wallet_emulator.mdoc.cbor import encode

ALG: Final = 1
CRIT: Final = 2
X5CHAIN: Final = 33  # RFC 9360
ES256: Final = -7
ESP256: Final = -9  # RFC 9864: ES256 on P-256 and nothing else
HMAC_256: Final = 5

Cose: TypeAlias = list[object]
CoseKey: TypeAlias = dict[int, object]


def sign1(
    protected: bytes,
    unprotected: Mapping[object, object],
    payload: bytes,
    key: ec.EllipticCurvePrivateKey,
    *,
    detached: bool = False,
) -> Cose:
    """``protected`` is the encoded header map; the signature is ECDSA with SHA-256."""
    signature = jws.raw_signature(sig_structure(protected, payload), key)
    return [protected, dict(unprotected), None if detached else payload, signature]


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """What is signed (RFC 9052 §4.4), without external data."""
    return encode(["Signature1", protected, b"", payload])


def mac0(protected: bytes, payload: bytes, key: bytes) -> Cose:
    """COSE_Mac0 by HMAC 256/256 over a detached payload (RFC 9052 §6.3)."""
    structure = encode(["MAC0", protected, b"", payload])
    return [protected, {}, None, hmac.digest(key, structure, hashlib.sha256)]


def mac_key(
    own: ec.EllipticCurvePrivateKey, peer: ec.EllipticCurvePublicKey, transcript: bytes
) -> bytes:
    """EMacKey of ISO/IEC 18013-5 §9.1.3.5; ``transcript`` is SessionTranscriptBytes."""
    shared = own.exchange(ec.ECDH(), peer)
    salt = hashlib.sha256(transcript).digest()
    return HKDF(SHA256(), 32, salt, b"EMacKey").derive(shared)


def cose_key(key: ec.EllipticCurvePublicKey) -> CoseKey:
    """A P-256 key with both coordinates (RFC 9053 §7.1.1)."""
    numbers = key.public_numbers()
    x, y = (n.to_bytes(COORDINATE_BYTES) for n in (numbers.x, numbers.y))
    return {1: 2, -1: 1, -2: x, -3: y}


def x5chain(*chain: x509.Certificate) -> object:
    """One certificate stands alone, several in an array (RFC 9360 §2)."""
    encoded = [certificate.public_bytes(Encoding.DER) for certificate in chain]
    return encoded[0] if len(encoded) == 1 else encoded


def read_x5chain(value: object) -> tuple[x509.Certificate, ...]:
    """The certificates, leaf first; raises ``MalformedError``."""
    return tuple(
        _certificate(v) for v in (value if isinstance(value, list) else [value])
    )


def _certificate(value: object) -> x509.Certificate:
    if not isinstance(value, bytes):
        raise MalformedError("x5chain holds bytes")
    return read_certificate(value)

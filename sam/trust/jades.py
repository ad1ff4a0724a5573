"""The envelope of a JSON list: compact JAdES baseline B (ETSI TS 119 182-1, RFC 7515).

The key is one of the scheme operator's certificates that our operator pinned; each that
fits is tried. ``x5c``, ``x5t#S256``, ``kid``, ``jku`` and their like are not read: no
header chooses a key. The algorithm comes from the key, so that a header which names
another (``none``, an HMAC) is refused, not obeyed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from openid4vp import base64url, members, strict_json
from openid4vp.errors import Openid4vpError
from sam.trust.entries import (
    TrustListMalformedError,
    TrustListSignatureError,
    TrustListTimeError,
    printable,
)

MAX_LIST: Final = 8 * 1024 * 1024
MIN_RSA_BITS: Final = 3000  # ETSI TS 119 312 from 2026 on; 3072 in practice
SKEW: Final = timedelta(minutes=5)
TYPES: Final = frozenset({None, "JOSE", "JWT"})
UNDERSTOOD: Final = frozenset({"sigT", "iat"})
"""What ``crit`` may name. ``sigD`` and ``b64`` would have other bytes signed."""

_CURVES: Final = MappingProxyType(
    {
        "secp256r1": ("ES256", hashes.SHA256(), 32),
        "secp384r1": ("ES384", hashes.SHA384(), 48),
        "secp521r1": ("ES512", hashes.SHA512(), 66),
    }
)
_RSA: Final = MappingProxyType(
    {
        "RS256": hashes.SHA256(),
        "RS384": hashes.SHA384(),
        "RS512": hashes.SHA512(),
        "PS256": hashes.SHA256(),
        "PS384": hashes.SHA384(),
        "PS512": hashes.SHA512(),
    }
)
_SEGMENTS = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def open_compact(
    content: bytes, *, signers: Sequence[x509.Certificate], now: datetime
) -> Mapping[str, object]:
    """Return the payload that one of ``signers`` signed, or raise a list error."""
    if len(content) > MAX_LIST:
        raise TrustListMalformedError(f"the list is above {MAX_LIST} bytes")
    if not _SEGMENTS.fullmatch(content):
        raise TrustListSignatureError("the list is no compact JWS")
    head, body, proof = content.decode("ascii").split(".")
    try:
        header = strict_json.parse_object(base64url.decode(head, "header"), "header")
        signature = base64url.decode(proof, "signature")
        algorithm = _algorithm(header, now)
    except Openid4vpError as error:
        raise TrustListMalformedError(str(error)) from None
    signed = f"{head}.{body}".encode("ascii")
    if not any(
        _verifies(key, algorithm, signature, signed) for key in _keys(signers, now)
    ):
        said = printable(algorithm, 20)
        raise TrustListSignatureError(f"no pinned certificate signed it with {said}")
    try:
        return strict_json.parse_object(base64url.decode(body, "list"), "list")
    except Openid4vpError as error:
        raise TrustListMalformedError(str(error)) from None


def _algorithm(header: Mapping[str, object], now: datetime) -> str:
    algorithm = members.required(header, "alg", str)
    if members.optional(header, "typ", str) not in TYPES:
        raise TrustListSignatureError("typ is not that of a list")
    critical = members.strings(header, "crit") or ()
    if not UNDERSTOOD.issuperset(critical) or "b64" in header or "sigD" in header:
        raise TrustListSignatureError("the header has a critical member not understood")
    signed_at = members.numeric_date(header, "iat")
    if signed_at is not None and datetime.fromtimestamp(signed_at, UTC) > now + SKEW:
        raise TrustListTimeError("it was signed in the future")
    return algorithm


def _keys(signers: Sequence[x509.Certificate], now: datetime) -> Iterator[object]:
    """The keys of the pinned certificates that are valid now."""
    for signer in signers:
        if signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
            try:
                yield signer.public_key()
            except (ValueError, UnsupportedAlgorithm):
                continue


def _verifies(key: object, algorithm: str, signature: bytes, signed: bytes) -> bool:
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            return _ecdsa(key, algorithm, signature, signed)
        if isinstance(key, rsa.RSAPublicKey):
            return _rsa(key, algorithm, signature, signed)
    except InvalidSignature:
        return False
    return False


def _ecdsa(
    key: ec.EllipticCurvePublicKey, algorithm: str, signature: bytes, signed: bytes
) -> bool:
    name, digest, size = _CURVES.get(key.curve.name, ("", hashes.SHA256(), 0))
    if name != algorithm or len(signature) != 2 * size:
        return False
    r = int.from_bytes(signature[:size], "big")
    s = int.from_bytes(signature[size:], "big")
    key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(digest))
    return True


def _rsa(
    key: rsa.RSAPublicKey, algorithm: str, signature: bytes, signed: bytes
) -> bool:
    digest = _RSA.get(algorithm)
    if digest is None or key.key_size < MIN_RSA_BITS:
        return False
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm.startswith("PS"):  # RFC 7518 §3.5: the salt is as long as the digest
        scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
    key.verify(signature, signed, scheme, digest)
    return True

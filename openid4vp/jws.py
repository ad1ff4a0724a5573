"""Compact JWS with ES256 and nothing else (RFC 7515, RFC 7518 §3.4).

The algorithm is fixed before a byte is read and the key is an argument: no header
can choose either. ``jwk``, ``jku``, ``kid`` and ``x5u`` are not read at all.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from openid4vp import base64url, strict_json
from openid4vp.errors import (
    HeaderNotAllowedError,
    MalformedResponseError,
    SignatureInvalidError,
)

ALG = "ES256"
SIGNATURE_SIZE = 64
_ECDSA_SHA256 = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class UnverifiedJws:
    """Well-formed, with an allowed header; nothing in it is to be believed yet."""

    header: Mapping[str, object]
    payload: dict[str, object]
    signing_input: str
    signature: bytes


def parse(text: str, *, typ: str, what: str) -> UnverifiedJws:
    """Read a compact JWS whose header is ES256, of this ``typ``, without ``crit``."""
    segments = text.split(".")
    if len(segments) != 3:  # noqa: PLR2004
        raise MalformedResponseError(f"{what} is not a compact JWS")
    header = strict_json.parse_object(
        base64url.decode(segments[0], f"{what} header"), f"{what} header"
    )
    _check_header(header, typ, what)
    return UnverifiedJws(
        header=header,
        payload=strict_json.parse_object(
            base64url.decode(segments[1], f"{what} payload"), f"{what} payload"
        ),
        signing_input=f"{segments[0]}.{segments[1]}",
        signature=base64url.decode(segments[2], f"{what} signature"),
    )


def verify_signature(jws: UnverifiedJws, key: ec.EllipticCurvePublicKey) -> None:
    """Raise ``SignatureInvalidError`` unless ``key`` (P-256) signed this JWS."""
    verify_raw(jws.signature, jws.signing_input.encode("ascii"), key)


def verify_raw(
    signature: bytes, message: bytes, key: ec.EllipticCurvePublicKey
) -> None:
    """The same for a detached r||s: 64 bytes, never more (over-long ones exist)."""
    if len(signature) != SIGNATURE_SIZE:
        raise SignatureInvalidError("an ES256 signature is 64 bytes")
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    digest = hashlib.sha256(message).digest()
    try:
        key.verify(utils.encode_dss_signature(r, s), digest, _ECDSA_SHA256)
    except InvalidSignature:
        raise SignatureInvalidError("the signature does not verify") from None


def signing_input(header: Mapping[str, object], payload: Mapping[str, object]) -> str:
    """The text to be signed; the same members in the same order give the same text."""
    return ".".join(
        base64url.encode(json.dumps(part, separators=(",", ":")).encode("utf-8"))
        for part in (header, payload)
    )


def _check_header(header: Mapping[str, object], typ: str, what: str) -> None:
    if header.get("alg") != ALG:
        raise HeaderNotAllowedError(f"{what}: alg is not {ALG}")
    if header.get("typ") != typ:
        raise HeaderNotAllowedError(f"{what}: typ is not {typ}")
    if "crit" in header:  # we understand no extension, so all are refused
        raise HeaderNotAllowedError(f"{what}: crit is not supported")

"""JSON, base64url and compact JWS with ES256, each with one text for one meaning.

RFC 4648 §5, RFC 7515, RFC 7518 §3.4, RFC 8259 read like RFC 7493. Decoders that skip
what they do not understand would let a changed byte pass unseen.
"""

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from app.verification.chains import CERTIFICATE_FAULTS, Chain, certificate, p256_key
from app.verification.report import NotShownError

ES256: Final = ec.ECDSA(hashes.SHA256())
SIGNATURE_SIZE: Final = 64
MAX_X5C: Final = 5
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class UnverifiedJws:
    """Well-formed, ES256, of the expected ``typ``; not to be believed yet."""

    header: Mapping[str, object]
    payload: Mapping[str, object]
    signing_input: bytes
    signature: bytes


def text(content: bytes) -> str:
    """UTF-8 or ``NotShownError``."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise NotShownError("is not text") from None


def decoded(part: str) -> bytes:
    """The inverse of unpadded base64url and of nothing else."""
    try:
        given = part.encode("ascii")
        raw = a2b_base64(given.translate(_FROM_URL) + b"==")
    except ValueError:
        raise NotShownError("holds something that is not base64url") from None
    if encoded(raw).encode() != given:
        raise NotShownError("holds base64url with stray bits or characters")
    return raw


def encoded(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def json_object(raw: bytes) -> Mapping[str, object]:
    """One JSON object that every parser reads alike."""
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_unique, parse_constant=_refuse
        )
        json.dumps(value, ensure_ascii=False).encode()  # no lone surrogate
    except (RecursionError, ValueError):
        raise NotShownError("is not well-formed JSON") from None
    if not isinstance(value, dict):
        raise NotShownError("is not a JSON object")
    return value


def parse(jws: str, *, typ: str) -> UnverifiedJws:
    segments = jws.split(".")
    if len(segments) != 3:  # noqa: PLR2004
        raise NotShownError("is not a compact JWS")
    header = json_object(decoded(segments[0]))
    if (header.get("alg"), header.get("typ")) != ("ES256", typ) or "crit" in header:
        raise NotShownError(f"has a header that is not ES256 and {typ}")
    return UnverifiedJws(
        header=header,
        payload=json_object(decoded(segments[1])),
        signing_input=f"{segments[0]}.{segments[1]}".encode("ascii"),
        signature=decoded(segments[2]),
    )


def verify(jws: UnverifiedJws, key: ec.EllipticCurvePublicKey) -> None:
    """RFC 7518 §3.4: r‖s, 64 bytes, never more."""
    if len(jws.signature) != SIGNATURE_SIZE:
        raise NotShownError("has a signature that is not 64 bytes")
    r, s = (int.from_bytes(jws.signature[i : i + 32], "big") for i in (0, 32))
    try:
        key.verify(utils.encode_dss_signature(r, s), jws.signing_input, ES256)
    except InvalidSignature:
        raise NotShownError("has a signature that does not verify") from None


def x5c(header: Mapping[str, object]) -> Chain:
    """RFC 7515 §4.1.6: leaf first, standard base64 with padding."""
    listed = header.get("x5c")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_X5C:
        raise NotShownError(f"has no x5c of 1 to {MAX_X5C} certificates")
    try:
        ders = [a2b_base64(str(one)) for one in listed]
    except ValueError:
        raise NotShownError("has an x5c that is not base64") from None
    return tuple(certificate(der) for der in ders)


def leaf_key(chain: Chain) -> ec.EllipticCurvePublicKey:
    return p256_key(chain[0])


def jwk_key(jwk: object) -> ec.EllipticCurvePublicKey:
    """RFC 7518 §6.2: a public key on P-256."""
    if not isinstance(jwk, dict) or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise NotShownError("names no key on P-256")
    x, y = (int.from_bytes(decoded(str(jwk.get(n, ""))), "big") for n in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise NotShownError("names a key that is no point on P-256") from None


def member(source: Mapping[str, object], name: str) -> str:
    """A REQUIRED string."""
    value = source.get(name)
    if not isinstance(value, str) or not value:
        raise NotShownError(f"lacks {name}")
    return value


def seconds(source: Mapping[str, object], name: str) -> int:
    """A NumericDate (RFC 7519 §2) in whole seconds and in this age of the world."""
    value = source.get(name)
    if type(value) is not int or not 0 < value < 1 << 33:
        raise NotShownError(f"lacks {name}")
    return value


def dns_names(leaf: x509.Certificate) -> list[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return names.value.get_values_for_type(x509.DNSName)
    except CERTIFICATE_FAULTS:
        return []


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def _refuse(_name: str) -> NoReturn:
    raise ValueError("NaN or Infinity")

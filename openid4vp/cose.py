"""COSE_Sign1 with ES256 on P-256 and nothing else (RFC 9052 §4.2, RFC 9053, RFC 9360).

The array is decoded by ``cbor`` before anything here sees it. ``pycose`` then reads the
message and builds the Sig_structure, from bytes that were already proven strict;
``cryptography`` verifies. The key is an argument: no header can choose it, and the
algorithm counts only where it is signed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pycose.algorithms import CoseAlgorithm, Es256
from pycose.exceptions import CoseException
from pycose.messages.sign1message import Sign1Message

from openid4vp import cbor, jws
from openid4vp.errors import (
    HeaderNotAllowedError,
    MalformedResponseError,
    MissingClaimError,
    SignatureInvalidError,
    WrongClaimTypeError,
)
from openid4vp.trust import MAX_CHAIN

ES256: Final = -7
ESP256: Final = -9
"""RFC 9864: the same signature, with the curve named too."""
ALGORITHMS: Final = frozenset({ES256, ESP256})
SIGN1_TAG: Final = 18
ALG, CRIT, X5CHAIN = 1, 2, 33
KTY, KEY_ALG, CRV, X, Y, D = 1, 3, -1, -2, -3, -4
EC2, P256 = 2, 1
COORDINATE_SIZE: Final = 32


@CoseAlgorithm.register_attribute()
class _Esp256(Es256):
    """The library does not know this name yet, and refuses what it does not know."""

    identifier = ESP256
    fullname = "ESP256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign1:
    """Well-formed; nothing in it is to be believed yet. ``payload`` is ``None`` if nil.

    ``protected_raw`` are the bytes under the signature, ``protected`` what they say.
    """

    protected: Mapping[Any, object]
    unprotected: Mapping[Any, object]
    payload: bytes | None
    signature: bytes
    protected_raw: bytes


def parse_sign1(
    message: object, what: str = "COSE_Sign1", *, max_size: int = cbor.MAX_SIZE
) -> Sign1:
    """Read a COSE_Sign1: a decoded untagged array, or bytes with or without tag 18.

    Raises ``MalformedResponseError`` and its kinds.
    """
    if isinstance(message, bytes):
        message = cbor.decode(message, what, tags={SIGN1_TAG}, max_size=max_size)
        if isinstance(message, cbor.Tagged):
            message = message.value
    match message:
        case [bytes() as raw, dict() as unprotected, bytes() | None as payload, last]:
            pass
        case _:
            raise MalformedResponseError(f"{what} is no COSE_Sign1")
    if type(last) is not bytes:
        raise MalformedResponseError(f"{what} holds no signature")
    protected = cbor.decode_map(raw, f"{what} protected header", tags=())
    _check_headers(protected, unprotected, what)
    return Sign1(
        protected=protected,
        unprotected=unprotected,
        payload=payload,
        signature=last,
        protected_raw=raw,
    )


def verify_sign1(
    sign1: Sign1,
    key: ec.EllipticCurvePublicKey,
    *,
    payload: bytes | None = None,
    external_aad: bytes = b"",
) -> None:
    """Raise ``SignatureInvalidError`` unless ``key`` (P-256) signed this message.

    ``payload`` is given exactly if the message has none of its own (RFC 9052 §2).
    """
    if not isinstance(key.curve, ec.SECP256R1):
        raise SignatureInvalidError("the key is not on P-256")
    if (payload is None) == (sign1.payload is None):
        raise MalformedResponseError("a COSE_Sign1 has one payload, here or apart")
    try:
        message = Sign1Message(
            phdr_encoded=sign1.protected_raw,
            payload=sign1.payload,
            external_aad=external_aad,
            allow_unknown_attributes=True,
        )
        signed: bytes = message._create_sig_structure(payload)
    except (CoseException, TypeError, ValueError) as error:
        raise HeaderNotAllowedError(f"a COSE header is odd: {error}") from None
    jws.verify_raw(sign1.signature, signed, key)


def x5chain(
    sign1: Sign1, *, protected_only: bool = False
) -> tuple[x509.Certificate, ...]:
    """Return the certificates of label 33, leaf first, 1 to ``MAX_CHAIN``."""
    value = sign1.protected.get(X5CHAIN)
    if value is None and not protected_only:
        value = sign1.unprotected.get(X5CHAIN)
    if value is None:
        raise MissingClaimError("x5chain")
    encoded = value if isinstance(value, list) else [value]
    if not encoded or not all(type(der) is bytes for der in encoded):
        raise WrongClaimTypeError("x5chain", expected="certificates", got=value)
    if len(encoded) > MAX_CHAIN:
        raise HeaderNotAllowedError(f"x5chain holds more than {MAX_CHAIN} certificates")
    try:
        chain = tuple(map(x509.load_der_x509_certificate, encoded))
    except (ValueError, x509.InvalidVersion):
        raise MalformedResponseError("x5chain holds something else") from None
    # X.690 §8.6.2.2: the count of unused bits, which nothing signs, is 0 for bytes
    if not all(
        der.endswith(b"\0" + certificate.signature)
        for der, certificate in zip(encoded, chain, strict=True)
    ):
        raise MalformedResponseError("x5chain: a signature of a part of a byte")
    return chain


def public_key(cose_key: Mapping[Any, object]) -> ec.EllipticCurvePublicKey:
    """Return the point of a public P-256 COSE_Key (RFC 9053 §7.1.1).

    ``y`` may be the sign alone. One with a private part is refused: whoever sent it
    no longer proves possession of anything.
    """
    if not _is_one_of(cose_key.get(KTY), {EC2}):
        raise MalformedResponseError("COSE_Key: kty is not EC2")
    if not _is_one_of(cose_key.get(CRV), {P256}):
        raise MalformedResponseError("COSE_Key: crv is not P-256")
    if D in cose_key:
        raise MalformedResponseError("COSE_Key: holds a private key")
    if not _is_one_of(cose_key.get(KEY_ALG, ES256), ALGORITHMS):
        raise HeaderNotAllowedError("COSE_Key: is for another algorithm")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), _encoded_point(cose_key.get(X), cose_key.get(Y))
        )
    except ValueError:
        raise MalformedResponseError("COSE_Key: no point of the curve") from None


def _encoded_point(x: object, y: object) -> bytes:
    if type(x) is not bytes:  # its length is what is left of the point's
        raise MalformedResponseError("COSE_Key: x is not a byte string")
    if type(y) is bool:
        return (b"\3" if y else b"\2") + x
    if type(y) is not bytes or len(y) != COORDINATE_SIZE:
        raise MalformedResponseError("COSE_Key: y is neither 32 bytes nor a sign")
    return b"\4" + x + y


def _is_one_of(value: object, allowed: Collection[int]) -> bool:
    return type(value) is int and value in allowed


def _check_headers(
    protected: Mapping[Any, object], unprotected: Mapping[Any, object], what: str
) -> None:
    if not _is_one_of(protected.get(ALG), ALGORITHMS):
        raise HeaderNotAllowedError(f"{what}: alg is not ES256")
    # RFC 9052 §3: a label is in one bucket; alg is never in the unsigned one (§3.1)
    if protected.keys() & unprotected.keys():
        raise HeaderNotAllowedError(f"{what}: a header is both signed and not")
    if CRIT in protected or CRIT in unprotected:  # we understand no extension
        raise HeaderNotAllowedError(f"{what}: crit is not supported")

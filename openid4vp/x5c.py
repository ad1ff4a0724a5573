"""The certificate chain in a JOSE header (RFC 7515 §4.1.6): the only key source."""

from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from openid4vp import base64url, members
from openid4vp.errors import (
    HeaderNotAllowedError,
    IssuerNotTrustedError,
    MalformedResponseError,
    MissingClaimError,
)
from openid4vp.trust import MAX_CHAIN


def chain(header: Mapping[str, object]) -> tuple[x509.Certificate, ...]:
    """Return the certificates of ``x5c``, leaf first, 1 to ``MAX_CHAIN``."""
    texts = members.strings(header, "x5c")
    if texts is None:
        raise MissingClaimError("x5c")
    if len(texts) > MAX_CHAIN:
        raise HeaderNotAllowedError(f"x5c holds more than {MAX_CHAIN} certificates")
    try:
        return tuple(
            x509.load_der_x509_certificate(base64url.decode_padded(text, "x5c"))
            for text in texts
        )
    except (ValueError, x509.InvalidVersion):
        raise MalformedResponseError("x5c holds something else") from None


def leaf_key(leaf: x509.Certificate) -> ec.EllipticCurvePublicKey:
    """Return the leaf's key, which must be on P-256 as ES256 demands."""
    try:
        key = leaf.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise MalformedResponseError("the leaf holds no usable key") from None
    if not (
        isinstance(key, ec.EllipticCurvePublicKey)
        and isinstance(key.curve, ec.SECP256R1)
    ):
        raise IssuerNotTrustedError("the leaf's key is not on P-256")
    return key

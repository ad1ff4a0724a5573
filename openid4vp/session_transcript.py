"""What an mdoc's holder signs: ISO/IEC 18013-5 §9.1.3 over the handover of OpenID4VP.

Everything in it comes from the stored transaction, nothing from the wallet, so a
signature over another nonce, verifier, response URI or encryption key does not verify.
Earlier drafts mixed in a nonce of the wallet's; here there is no place for one.
"""

import hashlib
from typing import Final

from openid4vp import base64url, cbor, jwk
from openid4vp.transaction import Transaction

REDIRECT: Final = "OpenID4VPHandover"
DC_API: Final = "OpenID4VPDCAPIHandover"
_DEVICE_AUTHENTICATION: Final = b"\x84" + cbor.encode("DeviceAuthentication")


def session_transcript(transaction: Transaction) -> bytes:
    """OpenID4VP 1.0 B.2.6, for encrypted answers: posted to us, or by a browser."""
    thumbprint = base64url.decode(
        jwk.thumbprint(transaction.public_response_jwk()), "thumbprint"
    )
    if transaction.origin is not None:
        return dcapi_session_transcript(
            transaction.origin, transaction.nonce, thumbprint
        )
    return redirect_session_transcript(
        client_id=transaction.client_id,
        nonce=transaction.nonce,
        thumbprint=thumbprint,
        response_uri=transaction.response_uri,
    )


def redirect_session_transcript(
    *, client_id: str, nonce: str, thumbprint: bytes | None, response_uri: str
) -> bytes:
    """B.2.6.1 from its parts; ``thumbprint`` is ``None`` for a plain answer."""
    return _transcript(REDIRECT, [client_id, nonce, thumbprint, response_uri])


def dcapi_session_transcript(
    origin: str, nonce: str, thumbprint: bytes | None
) -> bytes:
    """B.2.6.2, for the Digital Credentials API; ``origin`` as browsers write it."""
    return _transcript(DC_API, [origin, nonce, thumbprint])


def device_authentication_bytes(
    transcript: bytes, doc_type: str, namespaces: bytes
) -> bytes:
    """DeviceAuthenticationBytes, the detached payload of the device's signature.

    ``namespaces`` is the content of the received DeviceNameSpacesBytes.
    """
    return cbor.encode_embedded(
        _DEVICE_AUTHENTICATION
        + transcript
        + cbor.encode(doc_type)
        + cbor.encode_embedded(namespaces)
    )


def _transcript(handover: str, info: list[object]) -> bytes:
    digest = hashlib.sha256(cbor.encode(info)).digest()
    return cbor.encode([None, None, [handover, digest]])

"""To what an mdoc presentation is bound: SessionTranscript and DeviceAuthentication.

OpenID4VP 1.0 B.2.6.1 (redirects) and B.2.6.2 (Digital Credentials API); ISO/IEC
18013-5 §9.1.3.4. All functions return encoded CBOR.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from wallet_emulator.mdoc.cbor import embedded, encode

HANDOVER: Final = "OpenID4VPHandover"
DC_API_HANDOVER: Final = "OpenID4VPDCAPIHandover"
NO_NAME_SPACES: Final = encode({})


def session_transcript(
    *, client_id: str, nonce: str, jwk_thumbprint: bytes | None, response_uri: str
) -> bytes:
    """``jwk_thumbprint``: 32 bytes of the key encrypted to, None if not encrypted."""
    info = [client_id, nonce, jwk_thumbprint, response_uri]
    return _transcript(HANDOVER, info)


def dc_api_session_transcript(
    *, origin: str, nonce: str, jwk_thumbprint: bytes | None
) -> bytes:
    """``origin`` without the prefix ``origin:``."""
    return _transcript(DC_API_HANDOVER, [origin, nonce, jwk_thumbprint])


def iso_18013_7_session_transcript(
    *, client_id: str, nonce: str, response_uri: str, mdoc_nonce: str
) -> bytes:
    """What wallets bound to before OpenID4VP 1.0 (ISO/IEC 18013-7 Annex B)."""
    hashes = [
        hashlib.sha256(encode([value, mdoc_nonce])).digest()
        for value in (client_id, response_uri)
    ]
    return encode([None, None, [*hashes, nonce]])


def device_authentication(
    transcript: bytes, doc_type: str, name_spaces: bytes
) -> bytes:
    """``DeviceAuthenticationBytes``; both parts go in as the bytes they are."""
    content = (
        b"\x84"
        + encode("DeviceAuthentication")
        + transcript
        + encode(doc_type)
        + encode(embedded(name_spaces))
    )
    return encode(embedded(content))


def transcript_bytes(transcript: bytes) -> bytes:
    """``SessionTranscriptBytes``: the transcript as embedded CBOR."""
    return encode(embedded(transcript))


def _transcript(handover: str, info: Sequence[object]) -> bytes:
    hashed = hashlib.sha256(encode(list(info))).digest()
    return encode([None, None, [handover, hashed]])

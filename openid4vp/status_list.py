"""Token Status List: one small number per credential, packed, compressed and signed.

draft-ietf-oauth-status-list §4 (the byte array), §5 (the tokens), §8.3 (validation).
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from openid4vp import base64url, list_token, members
from openid4vp.errors import MalformedResponseError, StatusUnknownError
from openid4vp.list_token import ListToken
from openid4vp.trust import IssuerTrust

JWT_TYPE: Final = "statuslist+jwt"
CWT_TYPE: Final = "application/statuslist+cwt"
MEDIA_TYPES: Final = ("application/statuslist+jwt", CWT_TYPE)
MAX_LIST: Final = 16 * 1024 * 1024
"""Of the byte array, decompressed: 128 million credentials of one bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """``bits`` (1, 2, 4, 8) per credential in ``packed``, lowest bits first (§4.1)."""

    token: ListToken
    bits: int
    packed: bytes

    def value(self, idx: int) -> int:
        """Return the status at ``idx``; ``StatusUnknownError`` if there is none."""
        byte, shift = divmod(idx * self.bits, 8)
        if not 0 <= byte < len(self.packed):
            raise StatusUnknownError("the status list has no such index")
        return self.packed[byte] >> shift & ((1 << self.bits) - 1)


def parse(content: bytes, *, uri: str, trust: IssuerTrust, now: datetime) -> StatusList:
    """Read either encoding; one and the same list may be served in both."""
    reader = parse_cwt if list_token.is_cwt(content) else parse_jwt
    return reader(content, uri=uri, trust=trust, now=now)


def parse_jwt(
    content: bytes, *, uri: str, trust: IssuerTrust, now: datetime
) -> StatusList:
    """Verify a Status List Token in JWT format (§5.1), or raise ``Openid4vpError``."""
    token, claims = list_token.open_jwt(
        content, typ=JWT_TYPE, uri=uri, trust=trust, now=now
    )
    stated: Mapping[str, object] = members.required(claims, "status_list", dict)
    compressed = base64url.decode(members.required(stated, "lst", str), "lst")
    return StatusList(token=token, bits=_bits(stated), packed=_inflated(compressed))


def parse_cwt(
    content: bytes, *, uri: str, trust: IssuerTrust, now: datetime
) -> StatusList:
    """Verify a Status List Token in CWT format (§5.2), or raise ``Openid4vpError``."""
    token, claims = list_token.open_cwt(
        content, typ=CWT_TYPE, uri=uri, trust=trust, now=now
    )
    stated: Mapping[str, object] = members.required(claims, "status_list", dict)
    compressed = members.required(stated, "lst", bytes)
    return StatusList(token=token, bits=_bits(stated), packed=_inflated(compressed))


def _bits(stated: Mapping[str, object]) -> int:
    bits = members.required(stated, "bits", int)
    if bits not in (1, 2, 4, 8):
        raise MalformedResponseError("'bits' is none of 1, 2, 4 and 8")
    return bits


def _inflated(compressed: bytes) -> bytes:
    """ZLIB (RFC 1950), bounded before memory is, and nothing after its end."""
    inflate = zlib.decompressobj()
    try:
        packed = inflate.decompress(compressed, MAX_LIST + 1)
    except zlib.error:
        raise MalformedResponseError("'lst' is not ZLIB data") from None
    if len(packed) > MAX_LIST:
        raise MalformedResponseError(f"'lst' is above {MAX_LIST} bytes")
    if not inflate.eof or inflate.unused_data:
        raise MalformedResponseError("'lst' is cut off, or something follows it")
    return packed

"""The challenge a key proof answers (OpenID4VCI 1.0 §7): its end, chance, and our MAC.

Nothing is stored until one is used, so nobody can fill the memory by asking for many.
"""

import hmac
import secrets
from datetime import UTC, datetime

from sqlalchemy import Connection

from hsm.port import MacKey
from openid4vp import base64url
from openid4vp.errors import Openid4vpError
from sam import errors as refused
from sam import handle_store, store
from sam import messages as m
from sam.config import NONCE_LIFETIME
from sam.module import Sam

_TIME, _RANDOM, _MAC = 8, 16, 16


def pass_nonce(sam: Sam, _call: m.Nothing) -> m.PassNonce:
    """Fresh, unpredictable, ours to recognise."""
    ends = int((sam.clock() + NONCE_LIFETIME).timestamp())
    content = ends.to_bytes(_TIME, "big") + secrets.token_bytes(_RANDOM)
    return m.PassNonce(
        c_nonce=base64url.encode(content + _code(sam, content)),
        expires_in=int(NONCE_LIFETIME.total_seconds()),
    )


def end_of(sam: Sam, nonce: object, now: datetime) -> datetime:
    """When this nonce ends, if it is ours and has not; ``NonceRefusedError``."""
    try:
        raw = base64url.decode(str(nonce), "c_nonce")
    except Openid4vpError as error:
        raise refused.NonceRefusedError("not a nonce of ours") from error
    content, code = raw[: _TIME + _RANDOM], raw[_TIME + _RANDOM :]
    if not hmac.compare_digest(code, _code(sam, content)):
        raise refused.NonceRefusedError("not a nonce of ours")
    ends = datetime.fromtimestamp(int.from_bytes(content[:_TIME], "big"), UTC)
    if ends <= now:
        raise refused.NonceRefusedError("the nonce is past its end")
    return ends


def use(connection: Connection, nonce: str, ends: datetime) -> None:
    """Once: ``NonceRefusedError`` the second time."""
    try:
        handle_store.use_nonce(connection, nonce, ends)
    except store.OnceOnlyError as error:
        raise refused.NonceRefusedError("the nonce was used before") from error


def _code(sam: Sam, content: bytes) -> bytes:
    return sam.device.mac(MacKey.HANDLE, b"c_nonce:" + content)[:_MAC]

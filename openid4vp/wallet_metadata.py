"""What a wallet says of itself when it fetches a request (OpenID4VP 1.0 §5.10).

Anyone can say it: it comes by an unauthenticated POST. So it is bounded, read
strictly, and the one member that is used may only name the wallet the request is for.
Whatever else is in it, the request stays what it was; what cannot be read is as if it
had not been sent, because wallets send it in several shapes and need no answer to it.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from openid4vp import strict_json
from openid4vp.errors import MalformedResponseError

MAX_TEXT: Final = 16 * 1024
MAX_ISSUER: Final = 512


@dataclass(frozen=True, slots=True)
class WalletMetadata:
    """``issuer``: an https URL by which the wallet goes (RFC 8414 §2), or None."""

    issuer: str | None


def parse(text: str | None) -> WalletMetadata | None:
    """None for what was not sent, or cannot be read."""
    if text is None or len(text) > MAX_TEXT:
        return None
    try:
        members = strict_json.parse_object(text.encode("utf-8"), "wallet_metadata")
    except (MalformedResponseError, UnicodeEncodeError):
        return None
    return WalletMetadata(issuer=_issuer(members.get("issuer")))


def _issuer(value: object) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ISSUER:
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    usable = parts.scheme == "https" and parts.hostname and value.isascii()
    return value if usable and value.isprintable() and " " not in value else None

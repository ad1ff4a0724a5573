"""Where an authorization response may go (threat OA3).

Wallets are not registered here: a redirect URI is pushed with its request, and then
nothing but that very string is ever used. What may be pushed (RFC 8252 §7, RFC 9700
§2.1): https; plain http on loopback; an app's own scheme, which holds a full stop
because it begins with a domain the app's maker owns. So no script, file or data URL.
"""

import re
from typing import Final
from urllib.parse import urlsplit

MAX_LENGTH: Final = 1000
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_APP_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")


def is_acceptable(uri: str) -> bool:
    """Whether we would send a code there at all."""
    if len(uri) > MAX_LENGTH or not _CHARACTERS.fullmatch(uri):
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or not uri.startswith(f"{parts.scheme}:"):
        return False
    if parts.scheme == "https":
        return bool(_HOST.fullmatch(host))
    if parts.scheme == "http":
        return host in LOOPBACK
    return bool(_APP_SCHEME.fullmatch(parts.scheme))


def form_target(uri: str) -> str:
    """What ``form-action`` must allow so that a browser follows our redirect."""
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc}"


def shown_target(uri: str) -> str:
    """For the person: the host, or the app's scheme."""
    parts = urlsplit(uri)
    return parts.hostname or parts.scheme if parts.scheme == "https" else parts.scheme

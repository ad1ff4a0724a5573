"""The provider's id in a list: what a signer's identity hangs on, so it must not move.

A certificate, its subject or a display name will not do: they change at renewal or at
the provider's whim. Two things in a list are made to be stable, and the scheme operator
vouches for both: the service's unique identifier (TS 119 602 Annexes D and E) and the
registration number of the legal person (EN 319 412-1 §5.1.4, e.g. ``VATFI-1234567``).
"""

import re
from collections.abc import Iterable

MAX_ID = 512
_REGISTRATION = re.compile(r"[A-Z]{3}[A-Z]{2}-[!-~]{1,100}")
_URI = re.compile(r"[!-~]+")


def choose(service_ids: Iterable[str], trade_names: Iterable[str]) -> str | None:
    """Return ``service:…``, else ``entity:…``, else None: more than one is no id."""
    services = {text for text in service_ids if _is(_URI, text)}
    if len(services) == 1:
        return f"service:{services.pop()}"
    registered = {text for text in trade_names if _is(_REGISTRATION, text)}
    if not services and len(registered) == 1:
        return f"entity:{registered.pop()}"
    return None


def _is(form: re.Pattern[str], text: str) -> bool:
    return len(text) <= MAX_ID and form.fullmatch(text) is not None

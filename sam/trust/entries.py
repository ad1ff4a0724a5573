"""What a verified trust list says, whichever its encoding.

``lote`` reads ETSI TS 119 602 lists, ``trusted_list`` those of TS 119 612. Both give
this, or raise ``TrustListError`` and nothing else, whatever the bytes are::

    parse(content: bytes, *, signers: Sequence[x509.Certificate], now: datetime)
        -> SignedTrustList

``signers`` are the scheme operator's certificates as the SAM's operator pinned them;
no key, certificate or pointer inside a list is ever followed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from cryptography import x509


def printable(text: str, at_most: int = 200) -> str:
    """Foreign text as a terminal or a log may show it."""
    return "".join(c if c.isprintable() else "?" for c in text[:at_most])


class TrustListError(Exception):
    """Root of what is wrong with a list; ``code`` is stable, the message for people."""

    code: ClassVar[str] = "trust_list_error"


class TrustListMalformedError(TrustListError):
    """It cannot be read as what its specification describes."""

    code = "trust_list_malformed"


class TrustListSignatureError(TrustListError):
    """Not signed, or not by a pinned certificate, or by means we do not accept."""

    code = "trust_list_signature"


class TrustListTimeError(TrustListError):
    """Its next update is past, or it was issued in the future."""

    code = "trust_list_time"


class TrustListKindError(TrustListError):
    """A list of another type, category or version than the source is for."""

    code = "trust_list_kind"


class TrustListOlderError(TrustListError):
    """An older one than the one held, or another one of the same number."""

    code = "trust_list_older"


@dataclass(frozen=True, slots=True)
class TrustedEntry:
    """One certificate of one service that the list says is in good standing now.

    ``provider_id``: stable in this list, the same after the provider renewed its
    certificate; ``service:…`` or ``entity:…``, see ``provider_ids``. ``since``: when
    its status began, if the list says so. ``service_type``: the URI as listed.
    """

    provider_id: str
    name: str
    certificate: x509.Certificate
    since: datetime | None
    service_type: str
    country: str | None = None
    """Two letters: who answers for the provider, where the list says so."""


@dataclass(frozen=True, slots=True)
class SignedTrustList:
    """A list whose signature and dates held when it was read.

    ``list_type``: LoTEType or TSLType, a URI. ``next_update`` None: a closed list
    (TS 119 612 §5.3.15), from which nobody is trusted. ``entries`` holds services in
    good standing only: who is withdrawn is not in it. ``unusable`` names the listed
    services that give no entry, a sentence each (no stable identifier, no certificate).
    """

    list_type: str
    sequence: int
    issued_at: datetime
    next_update: datetime | None
    territory: str
    entries: tuple[TrustedEntry, ...]
    unusable: tuple[str, ...] = ()

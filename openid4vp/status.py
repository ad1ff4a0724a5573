"""What a credential says of its revocation, and where the answer is looked up.

Token Status List draft §6.2 and §8.3, ISO/IEC 18013-5 (2nd ed.) §12.3.6. A reference
names a list and a place in it. Nothing is fetched here: a ``StatusLookup`` answers from
lists that somebody fetched before, and what it cannot answer is refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from cryptography import x509

from openid4vp import members
from openid4vp.errors import (
    MalformedResponseError,
    RevokedError,
    StatusUnknownError,
)

VALID: Final = 0
MAX_URI = 2048
MAX_INDEX = 2**31
MAX_IDENTIFIER = 256
MAX_CERTIFICATE = 8192
_URI = re.compile(r"https?://[!-~]+")


class ListKind(StrEnum):
    """The two mechanisms; a verifier that looks at revocation knows both (VCR_12)."""

    STATUS_LIST = "status_list"
    IDENTIFIER_LIST = "identifier_list"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReference:
    """One place in one list. ``idx`` and ``id`` are a person's: never passed on.

    ``idx`` (status list) or ``id`` (identifier list) is set, never both.
    ``certificate``: DER of the trust point for the list's signer, if the credential's
    issuer named one (mdoc only).
    """

    kind: ListKind
    uri: str
    idx: int | None = None
    id: bytes | None = None
    certificate: bytes | None = None


class StatusLookup(Protocol):
    """Says what lists held locally say; never goes out for one."""

    def value(
        self,
        reference: StatusReference,
        issuer_chain: Sequence[x509.Certificate],
        now: datetime,
    ) -> int:
        """Return the status, 0 for VALID, of a credential issued under this chain.

        Raises ``StatusUnknownError`` if no fresh list of the same issuer is held, or
        the list has no such place.
        """
        ...


class NoStatusLists:
    """Holds none, so whatever has a status is refused."""

    def value(
        self,
        reference: StatusReference,
        issuer_chain: Sequence[x509.Certificate],
        now: datetime,
    ) -> int:
        raise StatusUnknownError("a status is stated and no list can be consulted")


def reference_of(status: object) -> StatusReference:
    """Read the ``status`` claim of a JWT, or the ``status`` member of an MSO.

    Exactly one mechanism that we know; raises ``StatusUnknownError`` if there is none,
    ``MalformedResponseError`` if it has the wrong shape.
    """
    if not isinstance(status, Mapping):
        raise MalformedResponseError("'status' is not an object")
    stated = [kind for kind in ListKind if kind in status]
    if len(stated) != 1:
        raise StatusUnknownError("not exactly one known status mechanism is stated")
    place: Mapping[str, object] = members.required(status, stated[0], dict)
    if stated[0] is ListKind.STATUS_LIST:
        return StatusReference(
            kind=stated[0],
            uri=_uri(place),
            idx=_index(place),
            certificate=_certificate(place),
        )
    return StatusReference(
        kind=stated[0],
        uri=_uri(place),
        id=_identifier(place),
        certificate=_certificate(place),
    )


def check(
    status: object | None,
    *,
    lookup: StatusLookup,
    accept_absent: bool,
    issuer_chain: Sequence[x509.Certificate],
    now: datetime,
) -> StatusReference | None:
    """Raise unless the credential is VALID now; the last check made of a credential.

    ``status``: the claim, or ``None`` if the credential has none.
    """
    if status is None:
        if not accept_absent:
            raise StatusUnknownError("no status is stated and policy wants one")
        return None
    reference = reference_of(status)
    if lookup.value(reference, issuer_chain, now) != VALID:
        raise RevokedError("the status is not VALID")
    return reference


def _uri(place: Mapping[str, object]) -> str:
    uri = members.required(place, "uri", str)
    if len(uri) > MAX_URI or not _URI.fullmatch(uri):
        raise MalformedResponseError("'uri' of a status is no http(s) URI")
    return uri


def _index(place: Mapping[str, object]) -> int:
    index = members.required(place, "idx", int)
    if not 0 <= index < MAX_INDEX:
        raise MalformedResponseError("'idx' of a status is out of any list's range")
    return index


def _identifier(place: Mapping[str, object]) -> bytes:
    identifier = members.required(place, "id", bytes)
    if not 1 <= len(identifier) <= MAX_IDENTIFIER:
        raise MalformedResponseError("'id' of a status has an impossible length")
    return identifier


def _certificate(place: Mapping[str, object]) -> bytes | None:
    certificate = members.optional(place, "certificate", bytes)
    if certificate is not None and len(certificate) > MAX_CERTIFICATE:
        raise MalformedResponseError("'certificate' of a status is too long")
    return certificate

"""Identifier list of ISO/IEC 18013-5 (2nd ed.) §12.3.6: who is in it is revoked.

Only as a CWT, and always with an end: without one a list never becomes stale.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from openid4vp import list_token, members
from openid4vp.errors import MalformedResponseError, MissingClaimError
from openid4vp.list_token import ListToken
from openid4vp.trust import IssuerTrust

CWT_TYPE: Final = "application/identifierlist+cwt"
MEDIA_TYPES: Final = (CWT_TYPE,)
REVOKED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierList:
    token: ListToken
    identifiers: frozenset[bytes]

    def value(self, identifier: bytes) -> int:
        """Return 0 for VALID, else ``REVOKED``."""
        return REVOKED if identifier in self.identifiers else 0


def parse_cwt(
    content: bytes, *, uri: str, trust: IssuerTrust, now: datetime
) -> IdentifierList:
    """Verify an identifier list token, or raise ``Openid4vpError``."""
    token, claims = list_token.open_cwt(
        content, typ=CWT_TYPE, uri=uri, trust=trust, now=now
    )
    if token.expires_at is None:
        raise MissingClaimError("exp")
    stated: Mapping[str, object] = members.required(claims, "identifier_list", dict)
    listed: Mapping[object, object] = members.required(stated, "identifiers", dict)
    return IdentifierList(
        token=token,
        identifiers=frozenset(_identifier(name) for name in listed),
    )


def _identifier(name: object) -> bytes:
    if type(name) is not bytes:
        raise MalformedResponseError("an identifier is not a byte string")
    return name

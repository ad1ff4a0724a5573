"""The signed envelope of a status or identifier list: who signed it, for what, when.

Token Status List draft §5 and §8.3, ISO/IEC 18013-5 (2nd ed.) §12.3.6. A JWT carries
its chain in ``x5c`` and a CWT in ``x5chain``; the chain must lead to an anchor, whose
provider the caller compares with that of the credential. A CWT is the tagged COSE_Sign1
and never in the CWT tag.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

from openid4vp import cbor, cose, jws, members, x5c
from openid4vp.errors import (
    ExpiredError,
    HeaderNotAllowedError,
    MalformedResponseError,
    MissingClaimError,
    NotYetValidError,
    UntrustedPresentationError,
)
from openid4vp.trust import IssuerTrust

MAX_TOKEN: Final = 4 * 1024 * 1024
SKEW: Final = timedelta(seconds=60)
_COSE_SIGN1_TAG: Final = b"\xd2"  # tag 18 in its only encoding
_TYPE: Final = 16  # COSE header parameter, RFC 9596
_CWT_NAMES: Final = {
    2: "sub",
    4: "exp",
    5: "nbf",
    6: "iat",
    65534: "ttl",
    65533: "status_list",
    65530: "identifier_list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListToken:
    """What the envelope says, verified when it was read.

    ``provider``: the id of the anchor that ``chain`` (leaf first) led to. ``ttl``: how
    long after fetching the issuer wants to be asked again.
    """

    uri: str
    issued_at: datetime
    expires_at: datetime | None
    ttl: timedelta | None
    chain: tuple[x509.Certificate, ...]
    provider: str

    def usable_until(self, max_age: timedelta) -> datetime:
        """The end of what its signer vouches for, and of what we let it be old."""
        oldest = self.issued_at + max_age
        return oldest if self.expires_at is None else min(self.expires_at, oldest)


def is_cwt(content: bytes) -> bool:
    return content.startswith(_COSE_SIGN1_TAG)


def open_jwt(
    content: bytes, *, typ: str, uri: str, trust: IssuerTrust, now: datetime
) -> tuple[ListToken, Mapping[str, object]]:
    """Verify a JWT; return its envelope and its claims."""
    _check_size(content)
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise MalformedResponseError("the list token is not ASCII") from None
    token = jws.parse(text, typ=typ, what="list token")
    chain = x5c.chain(token.header)
    provider = trust.resolve(chain, now)
    jws.verify_signature(token, x5c.leaf_key(chain[0]))
    return _envelope(token.payload, uri, chain, provider, now), token.payload


def open_cwt(
    content: bytes, *, typ: str, uri: str, trust: IssuerTrust, now: datetime
) -> tuple[ListToken, Mapping[str, object]]:
    """Verify a CWT; return its envelope and its claims under their JWT names."""
    _check_size(content)
    if not is_cwt(content):
        raise MalformedResponseError("the list token is no tagged COSE_Sign1")
    sign1 = cose.parse_sign1(content, "list token", max_size=MAX_TOKEN)
    if sign1.protected.get(_TYPE) != typ:
        raise HeaderNotAllowedError(f"list token: type is not {typ}")
    chain = cose.x5chain(sign1)
    provider = trust.resolve(chain, now)
    cose.verify_sign1(sign1, x5c.leaf_key(chain[0]))
    claims = _claims(sign1.payload)
    return _envelope(claims, uri, chain, provider, now), claims


def _check_size(content: bytes) -> None:
    if len(content) > MAX_TOKEN:
        raise MalformedResponseError(f"the list token is above {MAX_TOKEN} bytes")


def _claims(payload: bytes | None) -> dict[str, object]:
    if payload is None:
        raise MalformedResponseError("the list token has no payload")
    claims = cbor.decode_map(
        payload, "list token", max_size=MAX_TOKEN, binary_keys=True
    )
    return {_CWT_NAMES[key]: claims[key] for key in claims if key in _CWT_NAMES}


def _envelope(
    claims: Mapping[str, object],
    uri: str,
    chain: tuple[x509.Certificate, ...],
    provider: str,
    now: datetime,
) -> ListToken:
    if members.required(claims, "sub", str) != uri:
        raise UntrustedPresentationError("the list is for another URI")
    issued = _time(claims, "iat")
    if issued is None:
        raise MissingClaimError("iat")
    starts, expires = _time(claims, "nbf"), _time(claims, "exp")
    if max(issued, starts or issued) > now + SKEW:
        raise NotYetValidError("the list is of the future")
    if expires is not None and expires <= now:
        raise ExpiredError("the list has expired")
    return ListToken(
        uri=uri,
        issued_at=issued,
        expires_at=expires,
        ttl=_ttl(claims),
        chain=chain,
        provider=provider,
    )


def _time(claims: Mapping[str, object], name: str) -> datetime | None:
    seconds = members.numeric_date(claims, name)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _ttl(claims: Mapping[str, object]) -> timedelta | None:
    seconds = members.numeric_date(claims, "ttl")
    if seconds is None:
        return None
    if seconds <= 0:
        raise MalformedResponseError("'ttl' is not positive")
    return timedelta(seconds=seconds)

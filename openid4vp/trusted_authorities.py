"""Which authorities a query accepts (OpenID4VP 1.0 §6.1.1), asked and checked again.

Only ``aki`` can be asked for: of the three types of the clause it is the one that can
be judged from the presented chain alone. A wallet need not honour it, so what it sent
is measured too; that never replaces the trust anchors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from cryptography import x509

from openid4vp import base64url, members
from openid4vp.errors import (
    InvalidQueryError,
    IssuerNotTrustedError,
    MalformedResponseError,
)
from openid4vp.trust import IssuerTrust

AKI: Final = "aki"
MAX_VALUES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedAuthority:
    """``values``: key identifiers (RFC 5280 §4.2.1.1) as unpadded base64url."""

    type: Literal["aki"] = AKI
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.type != AKI:
            raise InvalidQueryError(f"a trusted authority is named by {AKI!r} only")
        if not 1 <= len(self.values) <= MAX_VALUES:
            raise InvalidQueryError(f"1 to {MAX_VALUES} values name an authority")
        for value in self.values:
            _check_key_identifier(value)

    def to_json(self) -> dict[str, object]:
        """§6.1.1."""
        return {"type": self.type, "values": list(self.values)}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "TrustedAuthority":
        """The inverse of ``to_json``."""
        return cls(
            type=members.required(value, "type", str),  # type: ignore[arg-type]
            values=members.strings(value, "values") or (),
        )

    def matches(self, chain: Sequence[x509.Certificate]) -> bool:
        """Whether a certificate of the presented chain was issued by one of them."""
        return any(
            base64url.encode(identifier) in self.values
            for identifier in map(_authority_key_identifier, chain)
            if identifier is not None
        )


@dataclass(frozen=True, slots=True)
class Narrowed:
    """``IssuerTrust`` that also wants one of these authorities, if any are named."""

    trust: IssuerTrust
    authorities: tuple[TrustedAuthority, ...]

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        """Return the id of the provider; raises ``IssuerNotTrustedError``."""
        provider = self.trust.resolve(chain, now)
        if self.authorities and not any(a.matches(chain) for a in self.authorities):
            raise IssuerNotTrustedError("no certificate is of a requested authority")
        return provider


def _check_key_identifier(value: object) -> None:
    try:
        readable = type(value) is str and base64url.decode(value, "aki")
    except MalformedResponseError:
        readable = False
    if not readable:
        raise InvalidQueryError("a key identifier is base64url without padding")


def _authority_key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        extension = certificate.extensions.get_extension_for_class(
            x509.AuthorityKeyIdentifier
        )
    except (
        ValueError,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.UnsupportedGeneralNameType,
    ):
        return None
    return extension.value.key_identifier

"""An mdoc in the holder's hands: ``IssuerSigned`` (ISO/IEC 18013-5 §8.3.2.1.2.2).

Stored and issued as base64url of its CBOR (OpenID4VCI 1.0 App. A.2). The items stay
the bytes they came as: their digests are over exactly these.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from wallet_emulator.encoding import b64url, b64url_decode
from wallet_emulator.errors import MalformedError
from wallet_emulator.mdoc.cbor import decode, embedded, embedded_bytes, encode, members
from wallet_emulator.mdoc.cose import X5CHAIN, Cose, read_x5chain

_COSE_PARTS: Final = 4
_ELEMENT_PATH: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mdoc:
    """Well-formed, trusted by the holder only; ``items`` are encoded, by namespace."""

    issuer_auth: Cose
    items: Mapping[str, tuple[bytes, ...]]

    @classmethod
    def parse(cls, text: str) -> "Mdoc":
        """Raises ``MalformedError`` unless it is base64url of an ``IssuerSigned``."""
        signed = members(decode(b64url_decode(text)), "IssuerSigned")
        issuer_auth = signed.get("issuerAuth")
        if not isinstance(issuer_auth, list) or len(issuer_auth) != _COSE_PARTS:
            raise MalformedError("issuerAuth is a COSE_Sign1")
        spaces = members(signed.get("nameSpaces"), "nameSpaces")
        mdoc = cls(
            issuer_auth=issuer_auth,
            items={str(name): _items(items) for name, items in spaces.items()},
        )
        mdoc.elements()
        return mdoc

    @property
    def text(self) -> str:
        spaces = {
            name: [embedded(item) for item in items]
            for name, items in self.items.items()
        }
        return b64url(encode({"nameSpaces": spaces, "issuerAuth": self.issuer_auth}))

    @property
    def mso(self) -> dict[object, object]:
        """The Mobile Security Object; raises ``MalformedError``."""
        payload = self.issuer_auth[2]
        if not isinstance(payload, bytes):
            raise MalformedError("issuerAuth has no payload")
        return members(decode(embedded_bytes(decode(payload))), "MSO")

    @property
    def doc_type(self) -> str:
        return str(self.mso.get("docType", ""))

    @property
    def valid_until(self) -> datetime | None:
        validity = members(self.mso.get("validityInfo"), "validityInfo")
        until = validity.get("validUntil")
        return until if isinstance(until, datetime) else None

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The issuer's certificates, leaf first."""
        headers = members(self.issuer_auth[1], "the unprotected header")
        return read_x5chain(headers.get(X5CHAIN))

    def elements(self) -> dict[str, dict[str, object]]:
        """Namespace → element → value."""
        return {
            name: dict(_element(item) for item in items)
            for name, items in self.items.items()
        }

    def select(self, paths: Iterable[tuple[object, ...]]) -> dict[str, list[bytes]]:
        """The items of these elements, in the issuer's order.

        Raises:
            MalformedError: the credential lacks one of the elements.
        """
        wanted = set(paths)
        known = self.elements()
        for path in wanted:
            if len(path) != _ELEMENT_PATH or path[1] not in known.get(str(path[0]), {}):
                raise MalformedError(f"the credential has no element {list(path)}")
        chosen = {
            name: [item for item in items if (name, _element(item)[0]) in wanted]
            for name, items in self.items.items()
        }
        return {name: items for name, items in chosen.items() if items}


def _items(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list):
        raise MalformedError("a namespace holds an array of items")
    return tuple(embedded_bytes(item) for item in value)


def _element(item: bytes) -> tuple[str, object]:
    content = members(decode(item), "an item")
    return str(content.get("elementIdentifier", "")), content.get("elementValue")

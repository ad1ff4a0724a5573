"""The Mobile Security Object: what an mdoc's issuer signed (ISO/IEC 18013-5 §9.1.2.4).

It holds digests of the elements, the holder's key with what it may sign, the type and
the time of validity. Members nobody knows are ignored; those known have one shape.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from openid4vp import cbor, members
from openid4vp.errors import (
    DisclosureError,
    MalformedResponseError,
    WrongClaimTypeError,
)

VERSION: Final = "1.0"
_HASHES: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}
# RFC 3339 as §9.1.2.4 narrows it: UTC, no fractions
_TDATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAuthorizations:
    """What the holder's key may sign: whole namespaces, or single elements."""

    namespaces: frozenset[str] = frozenset()
    elements: Mapping[str, frozenset[str]]

    def allow(self, namespace: str, element: str) -> bool:
        """Whether this element may be device-signed."""
        single = self.elements.get(namespace, frozenset())
        return namespace in self.namespaces or element in single


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileSecurityObject:
    """Well-formed; to be believed once the signature over it was verified.

    ``value_digests``: by namespace and digestID. ``device_key``: a COSE_Key. Times are
    aware, UTC. ``status``: as in a JWT's claim of that name, or ``None``.
    """

    digest_algorithm: str
    value_digests: Mapping[str, Mapping[object, object]]
    device_key: Mapping[Any, object]
    key_authorizations: KeyAuthorizations
    doc_type: str
    signed: datetime
    valid_from: datetime
    valid_until: datetime
    status: Mapping[str, object] | None

    def check_digest(self, namespace: str, digest_id: object, item: bytes) -> None:
        """Raise ``DisclosureError`` unless the issuer digested exactly this item.

        ``item`` is IssuerSignedItemBytes, tag included.
        """
        digests = self.value_digests.get(namespace, {})
        uint = type(digest_id) is int and digest_id >= 0  # 12.3.4: DigestID = uint
        wanted = digests.get(digest_id) if uint else None
        digest = _HASHES[self.digest_algorithm](item).digest()
        if type(wanted) is not bytes or not hmac.compare_digest(wanted, digest):
            raise DisclosureError("an element is not among those the issuer signed")


def parse(payload: bytes | None) -> MobileSecurityObject:
    """Read the payload of ``issuerAuth``: ``#6.24(bstr .cbor MSO)``.

    Raises ``MalformedResponseError`` and its kinds.
    """
    wrapped = None if payload is None else cbor.decode(payload, "MSO payload")
    mso = cbor.decode_map(embedded(wrapped, "MSO payload"), "MSO")
    if members.required(mso, "version", str) != VERSION:
        raise MalformedResponseError(f"MSO: version is not {VERSION}")
    algorithm = members.required(mso, "digestAlgorithm", str)
    if algorithm not in _HASHES:
        raise MalformedResponseError("MSO: digestAlgorithm is not supported")
    digests: dict[str, Any] = members.required(mso, "valueDigests", dict)
    if not all(type(of_namespace) is dict for of_namespace in digests.values()):
        raise WrongClaimTypeError("valueDigests", expected="maps", got=digests)
    key_info: dict[str, object] = members.required(mso, "deviceKeyInfo", dict)
    validity: dict[str, object] = members.required(mso, "validityInfo", dict)
    return MobileSecurityObject(
        digest_algorithm=algorithm,
        value_digests=digests,
        device_key=members.required(key_info, "deviceKey", dict),
        key_authorizations=_authorizations(key_info),
        doc_type=members.required(mso, "docType", str),
        signed=_tdate(validity, "signed"),
        valid_from=_tdate(validity, "validFrom"),
        valid_until=_tdate(validity, "validUntil"),
        status=members.optional(mso, "status", dict),
    )


def embedded(value: object, what: str) -> bytes:
    """Return the content of ``#6.24(bstr)``, still encoded."""
    match value:
        case cbor.Tagged(cbor.EMBEDDED, bytes() as content):
            return content
    raise MalformedResponseError(f"{what} is not embedded CBOR")


def _authorizations(key_info: Mapping[str, object]) -> KeyAuthorizations:
    stated: dict[str, object] = (
        members.optional(key_info, "keyAuthorizations", dict) or {}
    )
    elements: dict[str, object] = members.optional(stated, "dataElements", dict) or {}
    authorizations = KeyAuthorizations(
        namespaces=frozenset(members.strings(stated, "nameSpaces") or ()),
        elements={
            namespace: frozenset(members.strings(elements, namespace) or ())
            for namespace in elements
        },
    )
    # §9.1.2.4: a namespace allowed whole is not listed again by its elements
    if authorizations.namespaces & authorizations.elements.keys():
        raise MalformedResponseError("keyAuthorizations name a namespace twice")
    return authorizations


def _tdate(validity: Mapping[str, object], name: str) -> datetime:
    match members.required(validity, name, cbor.Tagged):
        case cbor.Tagged(cbor.TDATE, str() as text) if _TDATE.fullmatch(text):
            pass
        case other:
            raise WrongClaimTypeError(name, expected="a tdate in UTC", got=other)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise WrongClaimTypeError(name, expected="a date", got=text) from None

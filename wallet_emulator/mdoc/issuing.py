"""Make an mdoc: items, their digests, the Mobile Security Object, one signature.

``draft`` prepares everything, ``IssuerDraft.sign`` finishes it. An honest issuer calls
one after the other; a deviation changes the draft in between, and what follows fits.

    items          IssuerSignedItem                  ISO/IEC 18013-5 §8.3.2.1.2.2
    mso            MobileSecurityObject              §9.1.2.4
    protected, unprotected                           §9.1.2.4: alg, x5chain
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator.mdoc.cbor import embedded, encode, tdate
from wallet_emulator.mdoc.cose import ALG, ES256, X5CHAIN, CoseKey, sign1
from wallet_emulator.mdoc.credential import Mdoc

RANDOM_BYTES: Final = 24  # at least 16
DIGESTS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "SHA-256": lambda data: hashlib.sha256(data).digest(),
    "SHA-384": lambda data: hashlib.sha384(data).digest(),
    "SHA-512": lambda data: hashlib.sha512(data).digest(),
}


@dataclass(slots=True, kw_only=True)
class IssuerDraft:
    """An mdoc before its signature; ``encoded`` are the items as they are digested."""

    items: dict[str, list[dict[str, object]]]
    mso: dict[object, object]
    protected: dict[object, object] = field(default_factory=lambda: {ALG: ES256})
    unprotected: dict[object, object]
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def encoded(self) -> dict[str, tuple[bytes, ...]]:
        return {
            name: tuple(encode(item) for item in items)
            for name, items in self.items.items()
        }

    def digest(self) -> None:
        """Fill ``valueDigests`` from the items: over ``#6.24(bstr)``, tag included."""
        hashed = DIGESTS.get(str(self.mso["digestAlgorithm"]), DIGESTS["SHA-256"])
        self.mso["valueDigests"] = {
            name: {
                item["digestID"]: hashed(encode(embedded(encode(item))))
                for item in items
            }
            for name, items in self.items.items()
        }

    def payload(self) -> bytes:
        """``MobileSecurityObjectBytes``."""
        return encode(embedded(encode(self.mso)))

    def sign(self) -> Mdoc:
        """The mdoc over the items and the MSO as they are now."""
        protected = encode(self.protected)
        issuer_auth = sign1(protected, self.unprotected, self.payload(), self.key)
        return Mdoc(issuer_auth=issuer_auth, items=self.encoded())


def draft(
    *,
    doc_type: str,
    elements: Mapping[str, Mapping[str, object]],
    device_key: CoseKey,
    validity: tuple[datetime, datetime],
    x5chain: object,
    key: ec.EllipticCurvePrivateKey,
) -> IssuerDraft:
    """An mdoc of ``elements`` (by namespace) for a device key, digests filled in."""
    start, end = validity
    made = IssuerDraft(
        items={name: _items(values) for name, values in elements.items()},
        mso={
            "version": "1.0",
            "digestAlgorithm": "SHA-256",
            "valueDigests": {},
            "deviceKeyInfo": {"deviceKey": device_key},
            "docType": doc_type,
            "validityInfo": {
                "signed": tdate(start),
                "validFrom": tdate(start),
                "validUntil": tdate(end),
            },
        },
        unprotected={X5CHAIN: x5chain},
        key=key,
    )
    made.digest()
    return made


def _items(values: Mapping[str, object]) -> list[dict[str, object]]:
    """Digest IDs in random order: they must not tell which elements there are."""
    ids = list(range(len(values)))
    secrets.SystemRandom().shuffle(ids)
    return [
        {
            "digestID": ids[position],
            "random": secrets.token_bytes(RANDOM_BYTES),
            "elementIdentifier": name,
            "elementValue": value,
        }
        for position, (name, value) in enumerate(values.items())
    ]

"""What the wallet presents: a DeviceResponse (ISO/IEC 18013-5 §8.3.2.1.2.2).

Every member can be changed until ``text`` is called, which signs and encodes what is
there: the rest of the response follows from it.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator.encoding import b64url
from wallet_emulator.mdoc.cbor import embedded, encode
from wallet_emulator.mdoc.cose import (
    ALG,
    ES256,
    HMAC_256,
    Cose,
    mac0,
    mac_key,
    sign1,
)
from wallet_emulator.mdoc.credential import Mdoc
from wallet_emulator.mdoc.transcript import (
    NO_NAME_SPACES,
    device_authentication,
    transcript_bytes,
)
from wallet_emulator.sd_jwt import ClaimsPath

if TYPE_CHECKING:
    from wallet_emulator.wallet import HeldMdoc

VERSION: Final = "1.0"


@dataclass(slots=True, kw_only=True)
class MdocPresentation:
    """One presentation under construction.

    ``items`` are encoded, by namespace. ``issuer_auth`` is written as it stands.
    ``name_spaces`` is what the device signs, encoded; ``shown_name_spaces`` what it
    sends. ``signed_doc_type`` goes under the signature, ``doc_type`` in the document.
    """

    query_id: str
    held: "HeldMdoc"
    paths: tuple[ClaimsPath, ...]
    doc_type: str
    items: dict[str, list[bytes]]
    issuer_auth: object
    transcript: bytes = b""
    signed_doc_type: str = ""
    name_spaces: bytes = NO_NAME_SPACES
    shown_name_spaces: bytes | None = None
    device_protected: dict[object, object] = field(default_factory=lambda: {ALG: ES256})
    device_unprotected: dict[object, object] = field(default_factory=dict)
    device_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def start(
        cls, query_id: str, held: "HeldMdoc", paths: tuple[ClaimsPath, ...]
    ) -> "MdocPresentation":
        return cls(
            query_id=query_id,
            held=held,
            paths=paths,
            doc_type=held.mdoc.doc_type,
            items=held.mdoc.select(paths),
            issuer_auth=held.mdoc.issuer_auth,
            signed_doc_type=held.mdoc.doc_type,
            device_key=held.key,
        )

    def present(self, mdoc: Mdoc) -> None:
        """Show ``mdoc`` instead, with the same elements of it."""
        self.issuer_auth = mdoc.issuer_auth
        self.items = mdoc.select(self.paths)

    def authentication(self) -> bytes:
        return device_authentication(
            self.transcript, self.signed_doc_type, self.name_spaces
        )

    def device_signature(self) -> Cose:
        return sign1(
            encode(self.device_protected),
            self.device_unprotected,
            self.authentication(),
            self.device_key,
            detached=True,
        )

    def device_mac(self, peer: ec.EllipticCurvePublicKey) -> Cose:
        """As ISO defines it, with the verifier's encryption key (B.2.6, §9.1.3.5)."""
        key = mac_key(self.device_key, peer, transcript_bytes(self.transcript))
        return mac0(encode({ALG: HMAC_256}), self.authentication(), key)

    def document(
        self, device_auth: dict[str, object] | None = None
    ) -> dict[str, object]:
        sent = self.shown_name_spaces
        return {
            "docType": self.doc_type,
            "issuerSigned": {
                "nameSpaces": {
                    name: [embedded(item) for item in items]
                    for name, items in self.items.items()
                },
                "issuerAuth": self.issuer_auth,
            },
            "deviceSigned": {
                "nameSpaces": embedded(self.name_spaces if sent is None else sent),
                "deviceAuth": (
                    {"deviceSignature": self.device_signature()}
                    if device_auth is None
                    else device_auth
                ),
            },
        }

    def response(self, *documents: dict[str, object]) -> dict[str, object]:
        """DeviceResponse with these documents, or with the one of this presentation."""
        return {
            "version": VERSION,
            "documents": list(documents or (self.document(),)),
            "status": 0,
        }

    def text(self) -> str:
        """Base64url of the DeviceResponse (OpenID4VP 1.0 B.2.5)."""
        return b64url(encode(self.response()))

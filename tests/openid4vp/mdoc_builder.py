"""A holder of mdocs and its issuer, for tests: presentations, right and wrong.

It shares no code with the verifier: ``cbor2`` as it comes, own COSE, own transcript.
``Mdoc`` holds every layer as plain data; a test changes one thing and calls ``text``.
What is not changed stays right: digests and signatures are computed last. The
``edit_*`` see a layer just after it was made.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding

from tests.openid4vp import wallet
from tests.openid4vp.wallet import DAY, NOW

PID = "eu.europa.ec.eudi.pid.1"
Same = Callable[[Any], Any]


def es256(signer: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """r||s over SHA-256, always the same for the same message."""
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = utils.decode_dss_signature(signer.sign(message, algorithm))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sig_structure(
    protected: bytes, payload: bytes, aad: bytes = b"", context: str = "Signature1"
) -> bytes:
    """RFC 9052 §4.4."""
    return cbor2.dumps([context, protected, aad, payload])


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def embedded(content: bytes) -> cbor2.CBORTag:
    return cbor2.CBORTag(24, content)


def tdate(moment: datetime) -> cbor2.CBORTag:
    return cbor2.CBORTag(0, moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def full_date(text: str) -> cbor2.CBORTag:
    return cbor2.CBORTag(1004, text)


def cose_key(private: ec.EllipticCurvePrivateKey) -> dict[int, Any]:
    numbers = private.public_key().public_numbers()
    return {1: 2, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}


def der(*chain: Any) -> Any:
    """``x5chain``: one certificate bare, several in an array."""
    encoded = [c.public_bytes(Encoding.DER) for c in chain]
    return encoded[0] if len(encoded) == 1 else encoded


def thumbprint(transaction: Any) -> bytes:
    jwk = json.loads(transaction.response_key)
    needed = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    return sha256(json.dumps(needed, separators=(",", ":")).encode())


def handover(transaction: Any) -> list[Any]:
    """What ``OpenID4VPHandover`` is the hash of; a test changes one of the four."""
    return [
        transaction.client_id,
        transaction.nonce,
        thumbprint(transaction),
        transaction.response_uri,
    ]


def item(digest_id: int, name: str, value: object) -> dict[str, Any]:
    return {
        "digestID": digest_id,
        "random": sha256(f"{digest_id} {name}".encode()),
        "elementIdentifier": name,
        "elementValue": value,
    }


@dataclass
class Mdoc:
    """One DeviceResponse with one document."""

    items: dict[str, list[dict[str, Any]]]
    hidden: dict[str, list[dict[str, Any]]]
    handover: list[Any]
    issuer_key: Any = field(default_factory=lambda: wallet.key("TEST PID provider"))
    holder_key: Any = field(default_factory=lambda: wallet.key("holder of PID mdoc"))
    chain: Any = field(default_factory=lambda: der(wallet.PID_LEAF, wallet.PID_CA))
    doc_type: str = PID
    handover_name: str = "OpenID4VPHandover"
    transcript_start: tuple[Any, ...] = (None, None)
    mso: dict[str, Any] = field(default_factory=dict)  # members put over the right ones
    validity: dict[str, Any] = field(default_factory=dict)
    key_info: dict[str, Any] = field(default_factory=dict)
    device_key: dict[int, Any] = field(default_factory=dict)
    issuer_protected: dict[Any, Any] = field(default_factory=lambda: {1: -7})
    issuer_unprotected: dict[Any, Any] = field(default_factory=dict)
    device_namespaces: bytes = b"\xa0"
    device_protected: dict[Any, Any] = field(default_factory=lambda: {1: -7})
    device_unprotected: dict[Any, Any] = field(default_factory=dict)
    edit_item: Callable[[bytes], bytes] = bytes  # once digested
    edit_digests: Same = lambda digests: digests
    edit_mso: Callable[[bytes], bytes] = bytes  # before it is signed
    edit_payload: Callable[[bytes], bytes] = bytes
    edit_issuer_auth: Same = lambda array: array
    signed_doc_type: str | None = None  # by the device
    signed_namespaces: bytes | None = None
    signed_payload: Callable[[bytes], bytes] = bytes
    edit_device_signature: Same = lambda array: array
    edit_device_auth: Same = lambda auth: auth
    edit_issuer_signed: Same = lambda issuer_signed: issuer_signed
    edit_device_signed: Same = lambda device_signed: device_signed
    edit_document: Same = lambda document: document
    edit_response: Same = lambda response: response
    edit_bytes: Callable[[bytes], bytes] = bytes
    edit_text: Callable[[str], str] = str
    algorithm: str = "SHA-256"

    def text(self) -> str:
        response = self.edit_response(
            {"version": "1.0", "documents": [self.document()], "status": 0}
        )
        return self.edit_text(wallet.b64(self.edit_bytes(cbor2.dumps(response))))

    def document(self) -> Any:
        signed = {"nameSpaces": self._disclosed(), "issuerAuth": self._issuer_auth()}
        device = {
            "nameSpaces": embedded(self.device_namespaces),
            "deviceAuth": self.edit_device_auth(
                {"deviceSignature": self._device_signature()}
            ),
        }
        return self.edit_document(
            {
                "docType": self.doc_type,
                "issuerSigned": self.edit_issuer_signed(signed),
                "deviceSigned": self.edit_device_signed(device),
            }
        )

    def transcript(self) -> list[Any]:
        info = sha256(cbor2.dumps(self.handover))
        return [*self.transcript_start, [self.handover_name, info]]

    def _disclosed(self) -> dict[str, Any]:
        return {
            namespace: [embedded(self.edit_item(cbor2.dumps(i))) for i in items]
            for namespace, items in self.items.items()
        }

    def _digests(self) -> dict[str, Any]:
        digests: dict[str, Any] = {}
        function = self.algorithm.replace("-", "").lower()
        for layer in (self.items, self.hidden):
            for namespace, items in layer.items():
                for each in sorted(items, key=lambda each: str(each["digestID"])):
                    raw = cbor2.dumps(embedded(cbor2.dumps(each)))
                    digest = hashlib.new(function, raw).digest()
                    digests.setdefault(namespace, {})[each["digestID"]] = digest
        return self.edit_digests(digests)

    def _mso(self) -> dict[str, Any]:
        key = {**cose_key(self.holder_key), **self.device_key}
        mso = {
            "version": "1.0",
            "digestAlgorithm": self.algorithm,
            "valueDigests": self._digests(),
            "deviceKeyInfo": _without({"deviceKey": _without(key), **self.key_info}),
            "docType": self.doc_type,
            "validityInfo": _without(
                {
                    "signed": tdate(NOW - DAY),
                    "validFrom": tdate(NOW - DAY),
                    "validUntil": tdate(NOW + DAY),
                    **self.validity,
                }
            ),
            **self.mso,
        }
        return _without(mso)

    def _issuer_auth(self) -> Any:
        protected = cbor2.dumps(_without(self.issuer_protected))
        payload = self.edit_payload(
            cbor2.dumps(embedded(self.edit_mso(cbor2.dumps(self._mso()))))
        )
        signature = es256(self.issuer_key, sig_structure(protected, payload))
        unprotected = _without({33: self.chain, **self.issuer_unprotected})
        return self.edit_issuer_auth([protected, unprotected, payload, signature])

    def _device_signature(self) -> Any:
        namespaces = self.signed_namespaces or self.device_namespaces
        authentication = [
            "DeviceAuthentication",
            self.transcript(),
            self.signed_doc_type or self.doc_type,
            embedded(namespaces),
        ]
        payload = cbor2.dumps(embedded(cbor2.dumps(authentication)))
        protected = cbor2.dumps(_without(self.device_protected))
        structure = sig_structure(protected, self.signed_payload(payload))
        signature = es256(self.holder_key, structure)
        array = [protected, dict(self.device_unprotected), None, signature]
        return self.edit_device_signature(array)


def _without(members: dict[Any, Any]) -> dict[Any, Any]:
    return {name: value for name, value in members.items() if value is not ...}


def pid(transaction: Any) -> Mdoc:
    """A PID: four of six elements disclosed, some digests of nothing disclosed."""
    return Mdoc(
        items={
            PID: [
                item(7, "family_name", "Lindqvist"),
                item(2, "given_name", "Åsa"),
                item(30, "birth_date", full_date("1990-01-01")),
                item(11, "issuing_country", "SE"),
            ]
        },
        hidden={
            PID: [item(0, "nationality", ["SE"]), item(1, "sex", 2)],
            PID + ".se": [item(0, "samordningsnummer", False)],
        },
        handover=handover(transaction),
    )

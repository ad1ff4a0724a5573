"""An mdoc reader written from the standards with other libraries than the emulator.

COSE by pycose, the transcript by hand. It refuses whatever ISO/IEC 18013-5 §9.3.1 or
OpenID4VP 1.0 B.2 refuses, each time naming the step; nothing of the emulator is used.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from pycose.algorithms import CoseAlgorithm, Es256
from pycose.keys import EC2Key
from pycose.messages import Sign1Message

from tests.wallet_emulator.relying_party import NOW, RelyingParty, from_b64url

NAMESPACE = DOCTYPE = "eu.europa.ec.eudi.pid.1"
HASHES = {"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
TDATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@CoseAlgorithm.register_attribute()
class Esp256(Es256):
    identifier = -9
    fullname = "ESP256 of RFC 9864"


class RefusedError(Exception):
    """``step`` of the inspection that failed."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was proven: the issuer's elements by namespace, and the MSO."""

    elements: dict[str, dict[str, Any]]
    mso: dict[str, Any]


def require(holds: object, step: str) -> None:
    if not holds:
        raise RefusedError(step)


def strict(data: bytes) -> Any:
    """CBOR in its only encoding, with the tags mdoc knows."""
    try:
        value = cbor2.loads(
            data,
            semantic_decoders={tag: _tag(tag) for tag in (0, 1004)},
            max_depth=16,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
        require(_known(value), "cbor")
        require(cbor2.dumps(value) == data, "cbor")
    except (cbor2.CBORError, ValueError, OverflowError, RecursionError) as error:
        raise RefusedError("cbor") from error
    return value


def _tag(number: int) -> Any:
    return lambda value, immutable: cbor2.CBORTag(number, value)


def _known(value: object) -> bool:
    if isinstance(value, cbor2.CBORTag):
        return value.tag in (0, 24, 1004)
    if isinstance(value, dict):
        keys = all(type(key) in (str, int) for key in value)
        return keys and all(map(_known, value.values()))
    if isinstance(value, list):
        return all(map(_known, value))
    return value is None or type(value) in (str, int, bytes, bool)


def embedded(value: object) -> bytes:
    require(isinstance(value, cbor2.CBORTag) and value.tag == 24, "embedded")
    require(isinstance(value.value, bytes), "embedded")  # type: ignore[union-attr]
    return value.value  # type: ignore[union-attr,no-any-return]


def read(text: str, party: RelyingParty, root: x509.Certificate) -> Read:
    """Raises ``RefusedError`` unless every step holds."""
    require(re.fullmatch(r"[A-Za-z0-9_-]+", text), "base64url")
    require(len(text) < 80_000 and len(text) % 4 != 1, "base64url")
    response = _map(strict(from_b64url(text)), "response")
    require(response.get("version") == "1.0", "response")
    require(type(response.get("status")) is int, "response")
    require(response["status"] == 0, "response")
    documents = response.get("documents")
    require(isinstance(documents, list) and len(documents) == 1, "response")
    document = _map(documents[0], "document")  # type: ignore[index]
    issuer_signed = _map(document.get("issuerSigned"), "document")
    issuer_auth = issuer_signed.get("issuerAuth")
    mso = _issuer(issuer_auth, root)
    require(document.get("docType") == mso.get("docType") == DOCTYPE, "doctype")
    elements = _items(_map(issuer_signed.get("nameSpaces"), "items"), mso)
    _validity(mso, root, issuer_auth)
    device = _map(document.get("deviceSigned"), "device")
    _device(device, mso, party)
    _device_elements(strict(embedded(device["nameSpaces"])), mso, elements)
    require("family_name" in elements.get(NAMESPACE, {}), "query")
    require("given_name" in elements[NAMESPACE], "query")
    require("status" not in mso, "status")
    return Read(elements=elements, mso=mso)


def _map(value: object, step: str) -> dict[Any, Any]:
    require(isinstance(value, dict), step)
    return value  # type: ignore[return-value]


def _issuer(cose: object, root: x509.Certificate) -> dict[str, Any]:
    protected, unprotected = _headers(cose, "issuer")
    chain = unprotected.get(33, protected.get(33))
    chain = chain if isinstance(chain, list) else [chain]
    require(1 <= len(chain) <= 3 and all(isinstance(c, bytes) for c in chain), "chain")
    key = _path([_certificate(c) for c in chain], root)
    require(cose[2] is not None, "issuer")  # type: ignore[index]
    _verify(cose, key, None, "issuer")
    mso = _map(strict(embedded(strict(cose[2]))), "mso")  # type: ignore[index]
    require(mso.get("version") == "1.0", "mso")
    require(mso.get("digestAlgorithm") in HASHES, "mso")
    return mso


def _headers(cose: object, step: str) -> tuple[dict[Any, Any], dict[Any, Any]]:
    require(isinstance(cose, list) and len(cose) == 4, step)
    raw, unprotected = cose[0], cose[1]  # type: ignore[index]
    require(isinstance(raw, bytes) and isinstance(unprotected, dict), step)
    protected = _map(strict(raw), step)
    require(type(protected.get(1)) is int and protected[1] in (-7, -9), step)
    require(2 not in protected and not set(protected) & set(unprotected), step)
    return protected, unprotected


def _certificate(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise RefusedError("chain") from error


def _path(
    chain: list[x509.Certificate], root: x509.Certificate
) -> ec.EllipticCurvePublicKey:
    require(root not in chain and len(set(chain)) == len(chain), "chain")
    leaf = verification.ExtensionPolicy.permit_all().require_present(
        x509.KeyUsage, verification.Criticality.AGNOSTIC, _may_sign
    )
    ca = verification.ExtensionPolicy.permit_all().require_present(
        x509.BasicConstraints, verification.Criticality.AGNOSTIC, None
    )
    try:
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store([root]))
            .time(NOW)
            .extension_policies(ca_policy=ca, ee_policy=leaf)
            .build_client_verifier()
        )
        verifier.verify(chain[0], chain[1:])
    except (verification.VerificationError, ValueError) as error:
        raise RefusedError("chain") from error
    constraints = chain[0].extensions.get_extension_for_class(x509.BasicConstraints)
    require(not constraints.value.ca, "chain")
    key = chain[0].public_key()
    require(isinstance(key, ec.EllipticCurvePublicKey), "chain")
    return key  # type: ignore[return-value]


def _may_sign(policy: Any, certificate: Any, usage: x509.KeyUsage) -> None:
    if not usage.digital_signature:
        raise ValueError("may not sign")


def _verify(
    cose: Any, key: ec.EllipticCurvePublicKey, detached: bytes | None, step: str
) -> None:
    numbers = key.public_numbers()
    require(isinstance(cose[3], bytes) and len(cose[3]) == 64, step)
    message = Sign1Message.from_cose_obj(list(cose), allow_unknown_attributes=True)
    message.key = EC2Key(
        crv="P_256", x=numbers.x.to_bytes(32), y=numbers.y.to_bytes(32)
    )
    try:
        holds = message.verify_signature(detached_payload=detached)
    except (ValueError, AssertionError) as error:  # r or s out of range
        raise RefusedError(step) from error
    require(holds, step)


def _items(spaces: dict[Any, Any], mso: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for space, listed in spaces.items():
        require(isinstance(listed, list), "items")
        for wrapped in listed:
            item = _map(strict(embedded(wrapped)), "items")
            _digest(space, item, cbor2.dumps(wrapped), mso)
            salt, name = item.get("random"), item.get("elementIdentifier")
            require(isinstance(salt, bytes) and len(salt) >= 16, "items")
            require(isinstance(name, str) and "elementValue" in item, "items")
            require(name not in found.setdefault(space, {}), "items")
            found[space][str(name)] = item["elementValue"]
    return found


def _digest(
    space: str, item: dict[str, Any], encoded: bytes, mso: dict[str, Any]
) -> None:
    number = item.get("digestID")
    require(type(number) is int and number >= 0, "digest")
    digests = _map(mso.get("valueDigests"), "digest").get(space, {})
    hashed = hashlib.new(HASHES[mso["digestAlgorithm"]], encoded).digest()
    require(digests.get(number) == hashed, "digest")


def _validity(mso: dict[str, Any], root: x509.Certificate, cose: Any) -> None:
    info = _map(mso.get("validityInfo"), "validity")
    names = ("signed", "validFrom", "validUntil")
    signed, start, end = (_moment(info.get(name)) for name in names)
    headers = strict(cose[0]) | cose[1]
    chain = headers[33] if isinstance(headers[33], list) else [headers[33]]
    leaf = x509.load_der_x509_certificate(chain[0])
    require(leaf.not_valid_before_utc <= signed <= NOW, "validity")
    require(start <= NOW < end <= leaf.not_valid_after_utc, "validity")


def _moment(value: object) -> datetime:
    require(isinstance(value, cbor2.CBORTag) and value.tag == 0, "validity")
    require(TDATE.fullmatch(value.value), "validity")  # type: ignore[union-attr]
    try:
        moment = datetime.fromisoformat(value.value[:-1])  # type: ignore[union-attr]
    except ValueError as error:
        raise RefusedError("validity") from error
    return moment.replace(tzinfo=UTC)


def _device(device: dict[Any, Any], mso: dict[str, Any], party: RelyingParty) -> None:
    auth = _map(device.get("deviceAuth"), "device")
    require(set(auth) == {"deviceSignature"}, "device")
    cose = auth["deviceSignature"]
    _headers(cose, "device")
    require(cose[2] is None, "device")
    info = _map(mso.get("deviceKeyInfo"), "device-key")
    key = _map(info.get("deviceKey"), "device-key")
    embedded(device.get("nameSpaces"))
    payload = cbor2.dumps(
        cbor2.CBORTag(
            24,
            cbor2.dumps(
                [
                    "DeviceAuthentication",
                    transcript(party),
                    DOCTYPE,
                    device["nameSpaces"],
                ]
            ),
        )
    )
    _verify(cose, _point(key), payload, "device")


def _point(key: dict[Any, Any]) -> ec.EllipticCurvePublicKey:
    require((key.get(1), key.get(-1), key.get(3, -7)) == (2, 1, -7), "device-key")
    x, y = key.get(-2), key.get(-3)
    for part in (x, y):
        require(isinstance(part, bytes) and len(part) == 32, "device-key")
    require(-4 not in key, "device-key")
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x),  # type: ignore[arg-type]
        int.from_bytes(y),  # type: ignore[arg-type]
        ec.SECP256R1(),
    )
    try:
        return numbers.public_key()
    except ValueError as error:
        raise RefusedError("device-key") from error


def transcript(party: RelyingParty) -> list[Any]:
    """OpenID4VP 1.0 B.2.6.1, from what this party asked."""
    thumbprint = base64.urlsafe_b64decode(party.response_key.thumbprint() + "=")
    info = [party.client_id, party.nonce, thumbprint, party.response_uri]
    hashed = hashlib.sha256(cbor2.dumps(info)).digest()
    return [None, None, ["OpenID4VPHandover", hashed]]


def _device_elements(
    said: object, mso: dict[str, Any], elements: dict[str, dict[str, Any]]
) -> None:
    allowed = mso["deviceKeyInfo"].get("keyAuthorizations", {})
    whole, single = allowed.get("nameSpaces", []), allowed.get("dataElements", {})
    require(not set(whole) & set(single), "device-elements")
    for space, claimed in _map(said, "device-elements").items():
        require(space != "org.cloudsignatureconsortium.dm.1", "device-elements")
        for name in _map(claimed, "device-elements"):
            permitted = space in whole or name in single.get(space, [])
            require(permitted, "device-elements")
            require(name not in elements.get(space, {}), "device-elements")

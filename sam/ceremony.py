"""The key's whole life: made, certified, used, destroyed, all inside one call.

Steps 2 to 8 of ``sam.finish``, which calls ``perform`` and nothing else here. Whatever
happens, the key is destroyed and proven gone before this module is left; only a killed
process does not get here, and a session key dies with its process.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import Row

from hsm.errors import HsmError
from hsm.port import KEY_ID_BYTES, KeyId
from sam import certificates, owners, store
from sam.algorithms.policy import Use
from sam.config import APPROVAL_LIFETIME
from sam.dtbs import SignedAttributes, signed_attributes
from sam.messages import SignatureScheme
from sam.module import Sam

KEY_NOT_PROVEN_GONE = "key_not_proven_gone"
_ECDSA = ec.ECDSA(Prehashed(SHA256()))


class CeremonyError(Exception):
    """A step did not hold; the transaction fails with this reason."""

    code = "ceremony"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the ceremony yields; the device holds the key no longer.

    ``key_id`` is of a one-time key, ``credential_id`` of one that is kept.
    """

    key_id: KeyId | None = None
    credential_id: str | None = None
    scheme: SignatureScheme = SignatureScheme.ECDSA_SHA256
    chain: tuple[bytes, ...]
    attributes: list[SignedAttributes]
    signatures: list[bytes]


def perform(sam: Sam, row: Row[Any], documents: Sequence[Row[Any]]) -> Signed:
    key_id = KeyId(secrets.token_bytes(KEY_ID_BYTES))
    sam.fault("before-key-plan")
    with sam.database.begin() as connection:  # 2
        store.plan_key(connection, row.tx, key_id, owner=sam.owner, now=sam.clock())
    sam.fault("after-key-plan")
    sam.tally.signer_key_operations += 1
    sam.fault("before-key")
    public_key = sam.device.generate_one_time_key(key_id)  # 3
    try:
        key = _p256(public_key)
        sam.fault("after-key")
        sam.fault("before-certificate")
        chain = _certify(sam, row, key_id, public_key)  # 4
        sam.fault("after-certificate")
        attributes = [signed_attributes(d.sdr, chain[0]) for d in documents]  # 5
        intend(sam, row, attributes)  # 6
        sam.fault("before-signature")
        signatures = [_signature(sam, key_id, a.dtbsr) for a in attributes]  # 7
        _verify(key, attributes, signatures)
        sam.fault("after-signature")
    finally:
        _destroy(sam, key_id)  # 8
    sam.fault("after-destruction")
    return Signed(
        key_id=key_id, chain=chain, attributes=attributes, signatures=signatures
    )


def _destroy(sam: Sam, key_id: KeyId) -> None:
    """The reply of one call is no proof: the device is asked what is left."""
    sam.fault("before-destruction")
    try:
        sam.device.destroy_one_time_key(key_id)
        left = sam.device.one_time_keys()
    except HsmError as error:
        raise CeremonyError(KEY_NOT_PROVEN_GONE) from error
    if key_id in left:
        raise CeremonyError(KEY_NOT_PROVEN_GONE)


def _certify(
    sam: Sam, row: Row[Any], key_id: KeyId, public_key: bytes
) -> tuple[bytes, ...]:
    request = certificates.request(
        row.subject,
        public_key,
        lambda info: _signature(sam, key_id, hashlib.sha256(info).digest()),
    )
    # One request per transaction: asking the CA again gives the same certificate.
    number = int.from_bytes(hashlib.sha256(row.tx.encode()).digest()[:16], "big")
    answered = sam.issuer.certify(request, number)
    chain = certificates.chain_of(answered, public_key)
    certificates.check(
        chain,
        subject=row.subject,
        public_key=public_key,
        anchor=sam.ca_anchor,
        now=sam.clock(),
    )
    path = (*chain, sam.ca_anchor)
    sam.algorithms.require_path(Use.ISSUING, path, sam.clock())
    return chain


def intend(sam: Sam, row: Row[Any], attributes: list[SignedAttributes]) -> None:
    """Record every dtbsr, if the approval is still fresh; else ``CeremonyError``."""
    # The CA may have taken its time: the approval must still be fresh.
    if sam.clock() - row.verified_at >= APPROVAL_LIFETIME:
        raise CeremonyError("approval_too_old")
    sam.fault("before-intent")
    with sam.database.begin() as connection:
        if not owners.keep(connection, sam.owner, sam.config.lease):
            raise CeremonyError("no_longer_the_owner")
        store.record_intents(connection, row.tx, [a.dtbsr for a in attributes])
    sam.fault("after-intent")


def _signature(sam: Sam, key_id: KeyId, digest: bytes) -> bytes:
    sam.tally.signer_key_operations += 1
    return sam.device.sign_with_one_time_key(key_id, digest)


def _p256(public_key: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CeremonyError("unexpected_key_type") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise CeremonyError("unexpected_key_type")
    return key


def _verify(
    key: ec.EllipticCurvePublicKey,
    attributes: list[SignedAttributes],
    signatures: list[bytes],
) -> None:
    """A wrong signature from the device never leaves (csc-sam check 40)."""
    for attribute, signature in zip(attributes, signatures, strict=True):
        try:
            key.verify(signature, attribute.dtbsr, _ECDSA)
        except InvalidSignature:
            raise CeremonyError("device_signature_wrong") from None

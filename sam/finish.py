"""Turn one verified approval into one set of signatures, or into nothing.

    1. VERIFIED → SIGNING, with owner and the approval's deadline in the same statement
    2. the key's row, before the key
    3. a one-time key in the HSM
    4. its certificate: requested here for the verified subject, then checked
    5. the signed attributes, from the stored sdr and this certificate
    6. the intent: every dtbsr, before the first is signed
    7. sign all, verify all
    8. destroy the key, prove it gone
    9. result, audit record and release number in one commit, if still the owner's

Steps 1, 2, 6 and 9 are commits of their own, so that a process killed anywhere leaves a
state that says what may have happened. SIGNING without a result becomes FAILED and is
never signed again: a crash costs the signer another approval, and can never yield a
second signature. A stored result is returned byte for byte for ever.
"""

import base64
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
from sam import audit, certificates, evidence, store
from sam import errors as refused
from sam import messages as m
from sam.config import APPROVAL_LIFETIME
from sam.dtbs import SignedAttributes, signed_attributes
from sam.module import Sam
from sam.subjects import common_name
from sam.transactions import known

FAULT_POINTS = (
    "before-signing",
    "after-signing",
    "after-key-plan",
    "after-key",
    "after-certificate",
    "before-intent",
    "after-intent",
    "after-signature",
    "after-destruction",
    "before-result",
    "after-result",
)

KEY_NOT_PROVEN_GONE = "key_not_proven_gone"
_ECDSA = ec.ECDSA(Prehashed(SHA256()))


class CeremonyError(Exception):
    """A step did not hold; the transaction fails with this reason."""

    code = "ceremony"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_BREAKS = (
    HsmError,
    CeremonyError,
    certificates.UnfitCertificateError,
    refused.SamUnavailableError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """What steps 3 to 8 yield; the key no longer exists."""

    key_id: KeyId
    chain: tuple[bytes, ...]
    attributes: list[SignedAttributes]
    signatures: list[bytes]


def finish(sam: Sam, call: m.Finish) -> m.Finished:
    """Sign what was approved. Raises ``SigningFailedError`` if nothing was released."""
    with sam.database.begin() as connection:
        row = known(store.transaction(connection, call.tx))
        documents = store.documents_of(connection, call.tx)
    if row.state == m.State.SIGNED:
        return m.Finished.model_validate_json(row.result)
    _begin(sam, row)
    try:
        signed = _sign(sam, row, documents)
        return _release(sam, row, documents, signed)
    except _BREAKS as error:
        _fail(sam, row.tx, error.code)
        raise refused.SigningFailedError(error.code) from error


def fail_interrupted(sam: Sam) -> None:
    """What is SIGNING while nobody signs has lost its owner: it ends, for good."""
    with sam.database.begin() as connection:
        for tx, owner in store.left_signing(connection):
            store.fail(connection, tx, owner=owner, reason="interrupted")
            store.end_keys_of(connection, tx, "lost with its process")
            _record_failure(sam, connection, tx, "interrupted")


def _begin(sam: Sam, row: Row[Any]) -> None:
    sam.fault("before-signing")
    with sam.database.begin() as connection:  # 1
        if not store.begin_signing(
            connection,
            row.tx,
            owner=sam.owner,
            approved_after=sam.clock() - APPROVAL_LIFETIME,
        ):
            raise _not_signable(row)
        audit.append(
            connection, audit.Event.SIGNING_STARTED, now=sam.clock(), tx=row.tx
        )
    sam.fault("after-signing")


def _not_signable(row: Row[Any]) -> refused.SamError:
    if row.purpose != m.Purpose.SIGN or row.state == m.State.OPEN:
        return refused.NotVerifiedError("no approval has been verified")
    if row.state == m.State.FAILED:
        return refused.SigningFailedError(row.reason or "failed")
    return refused.TransactionClosedError(f"the transaction is {row.state}")


def _sign(sam: Sam, row: Row[Any], documents: Sequence[Row[Any]]) -> _Signed:
    key_id = KeyId(secrets.token_bytes(KEY_ID_BYTES))
    with sam.database.begin() as connection:  # 2
        store.plan_key(connection, row.tx, key_id, owner=sam.owner, now=sam.clock())
    sam.fault("after-key-plan")
    sam.tally.signer_key_operations += 1
    public_key = sam.device.generate_one_time_key(key_id)  # 3
    try:
        key = _p256(public_key)
        sam.fault("after-key")
        chain = _certify(sam, row, key_id, public_key)  # 4
        sam.fault("after-certificate")
        attributes = [signed_attributes(d.sdr, chain[0]) for d in documents]  # 5
        _intend(sam, row, attributes)  # 6
        signatures = [_signature(sam, key_id, a.dtbsr) for a in attributes]  # 7
        _verify(key, attributes, signatures)
        sam.fault("after-signature")
    finally:
        _destroy(sam, key_id)  # 8
    sam.fault("after-destruction")
    return _Signed(
        key_id=key_id, chain=chain, attributes=attributes, signatures=signatures
    )


def _destroy(sam: Sam, key_id: KeyId) -> None:
    """The reply of one call is no proof: the device is asked what is left."""
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
    return chain


def _intend(sam: Sam, row: Row[Any], attributes: list[SignedAttributes]) -> None:
    # The CA may have taken its time: the approval must still be fresh.
    if sam.clock() - row.verified_at >= APPROVAL_LIFETIME:
        raise CeremonyError("approval_too_old")
    sam.fault("before-intent")
    with sam.database.begin() as connection:
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


def _release(
    sam: Sam, row: Row[Any], documents: Sequence[Row[Any]], signed: _Signed
) -> m.Finished:
    now = sam.clock()
    dtbsrs = [a.dtbsr for a in signed.attributes]
    sam.fault("before-result")
    with sam.database.begin() as connection:  # 9
        number = store.add_release(
            connection, row.tx, now=now, signatures=len(signed.signatures)
        )
        stated = evidence.statement(
            row,
            documents,
            dtbsrs=dtbsrs,
            certificate=signed.chain[0],
            release=number,
            now=now,
        )
        # This record leaves with the evidence, so it does not name the signer: the
        # record of the verified answer does, under the same tx.
        record = audit.append(
            connection,
            audit.Event.SIGNATURE_RELEASED,
            now=now,
            tx=row.tx,
            release=number,
            key_id=signed.key_id.hex(),
            certificate_sha256=hashlib.sha256(signed.chain[0]).hexdigest(),
            dtbsrs=[dtbsr.hex() for dtbsr in dtbsrs],
            answer_sha256=row.answer_sha256.hex(),
            statement_sha256=hashlib.sha256(stated.encode()).hexdigest(),
        )
        finished = m.Finished(
            release=number,
            signer_name=common_name(row.subject),
            signatures=tuple(
                m.Signature(signed_attributes=_text(a.der), signature=_text(s))
                for a, s in zip(signed.attributes, signed.signatures, strict=True)
            ),
            certificate_chain=tuple(_text(der) for der in signed.chain),
            evidence=evidence.files(row, stated, signed.chain, record),
        )
        store.end_key(connection, signed.key_id, "destroyed")
        if not store.record_result(
            connection, row.tx, owner=sam.owner, result=finished.model_dump_json()
        ):
            raise CeremonyError("no_longer_the_owner")
    sam.fault("after-result")
    return finished


def _fail(sam: Sam, tx: str, reason: str) -> None:
    with sam.database.begin() as connection:
        if store.fail(connection, tx, owner=sam.owner, reason=reason):
            left = reason == KEY_NOT_PROVEN_GONE
            store.end_keys_of(connection, tx, reason if left else "destroyed")
            _record_failure(sam, connection, tx, reason)


def _record_failure(sam: Sam, connection: Any, tx: str, reason: str) -> None:
    audit.append(
        connection,
        audit.Event.SIGNING_FAILED,
        now=sam.clock(),
        tx=tx,
        reason=reason,
    )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")

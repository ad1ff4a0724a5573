"""Turn one verified approval into one set of signatures, or into nothing.

    1. VERIFIED → SIGNING, with owner and the approval's deadline in the same statement
    2. the key's row, before the key
    3. a one-time key in the HSM
    4. its certificate: requested here for the verified subject, then checked
    5. the signed attributes, from the stored sdr and this certificate
    6. the intent: every dtbsr, before the first is signed
    7. sign all, verify all
    8. destroy the key, prove it gone
    9. result, audit record and release number in one commit, if still the owner's, and
       its lease has not ended (``sam.owners``)

Steps 2 to 8 are ``sam.ceremony``, for a key that is kept ``sam.credentials.using``.
Steps 1, 2, 6 and 9 are commits of their own, so that a process killed anywhere leaves a
state that says what may have happened. SIGNING without a result, its owner dead, turns
FAILED and is never signed again: a crash costs the signer another approval, and can
never yield a second signature. A stored result is returned byte for byte for ever.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from hsm.errors import HsmError
from openid4vp.transaction_data import signing_credential_of
from sam import audit, certificates, evidence, owners, store
from sam import errors as refused
from sam import messages as m
from sam.ceremony import KEY_NOT_PROVEN_GONE, CeremonyError, Signed, perform
from sam.config import APPROVAL_LIFETIME
from sam.credentials import using
from sam.module import Sam
from sam.ocsp import NotGoodError
from sam.subjects import common_name
from sam.transactions import known

_BREAKS = (
    HsmError,
    CeremonyError,
    certificates.UnfitCertificateError,
    refused.SamUnavailableError,
    NotGoodError,
)


def finish(sam: Sam, call: m.Finish) -> m.Finished:
    """Sign what was approved. Raises ``SigningFailedError`` if nothing was released."""
    with sam.database.begin() as connection:
        row = known(store.transaction(connection, call.tx))
    if row.state == m.State.SIGNED:
        return m.Finished.model_validate_json(row.result)
    _require_algorithm(sam, row)
    row, documents = _begin(sam, row)
    try:
        signed = _performed(sam, row, documents)
        return _release(sam, row, documents, signed)
    except _BREAKS as error:
        _fail(sam, row.tx, error.code)
        raise refused.SigningFailedError(error.code) from error


def _require_algorithm(sam: Sam, row: Row[Any]) -> None:
    """Before anything moves: what is past its end costs nobody an approval."""
    if row.credential_id is None:
        sam.algorithms.require_one_time_key(sam.clock())
    else:
        using.require_algorithm(sam, row.credential_id, row.scheme)


def _performed(sam: Sam, row: Row[Any], documents: Sequence[Row[Any]]) -> Signed:
    if row.credential_id is None and signing_credential_of(row.transaction_data):
        raise CeremonyError("another_credential_approved")
    if row.credential_id is None:
        return perform(sam, row, documents)
    return using.perform(sam, row, documents)


def fail_interrupted(sam: Sam) -> None:
    """What is SIGNING and has lost its owner ends, for good. Between two calls only."""
    sam.fault("before-interrupted")
    with sam.database.begin() as connection:
        left = store.left_signing(connection, sam.owner)
    for tx, owner in left:
        with sam.database.begin() as connection:
            if store.fail(connection, tx, owner=owner, reason="interrupted"):
                store.end_keys_of(connection, tx, "lost with its process")
                _record_failure(sam, connection, tx, "interrupted")
    sam.fault("after-interrupted")


def _begin(sam: Sam, row: Row[Any]) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """Return transaction and documents as they were when the state moved."""
    sam.fault("before-signing")
    with sam.database.begin() as connection:  # 1
        if not store.begin_signing(
            connection,
            row.tx,
            owner=sam.owner,
            approved_after=sam.clock() - APPROVAL_LIFETIME,
        ):
            raise _not_signable(known(store.transaction(connection, row.tx)))
        _take_lease(sam, connection)
        audit.append(
            connection, audit.Event.SIGNING_STARTED, now=sam.clock(), tx=row.tx
        )
        begun = known(store.transaction(connection, row.tx))
        documents = store.documents_of(connection, row.tx)
    sam.fault("after-signing")
    return begun, documents


def _take_lease(sam: Sam, connection: Connection) -> None:
    if not owners.take(connection, sam.owner, sam.config.lease):
        raise refused.SamUnavailableError("another process has this one's name")


def _not_signable(row: Row[Any]) -> refused.SamError:
    if row.purpose != m.Purpose.SIGN or row.state == m.State.OPEN:
        return refused.NotVerifiedError("no approval has been verified")
    if row.state == m.State.FAILED:
        return refused.SigningFailedError(row.reason or "failed")
    if row.state in {m.State.SIGNING, m.State.SIGNED}:  # by another: it will end
        return refused.SamUnavailableError("it is being signed: ask again")
    return refused.TransactionClosedError(f"the transaction is {row.state}")


def _release(
    sam: Sam, row: Row[Any], documents: Sequence[Row[Any]], signed: Signed
) -> m.Finished:
    now = sam.clock()
    dtbsrs = [a.dtbsr for a in signed.attributes]
    sam.fault("before-result")
    with sam.database.begin() as connection:  # 9
        store.lock(connection, row.tx)
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
            **_key_of(signed),
            certificate_sha256=hashlib.sha256(signed.chain[0]).hexdigest(),
            dtbsrs=[dtbsr.hex() for dtbsr in dtbsrs],
            answer_sha256=row.answer_sha256.hex(),
            statement_sha256=hashlib.sha256(stated.encode()).hexdigest(),
        )
        finished = m.Finished(
            release=number,
            signer_name=common_name(row.subject),
            scheme=signed.scheme,
            signatures=tuple(
                m.Signature(signed_attributes=_text(a.der), signature=_text(s))
                for a, s in zip(signed.attributes, signed.signatures, strict=True)
            ),
            certificate_chain=tuple(_text(der) for der in signed.chain),
            evidence=evidence.files(row, stated, signed.chain, record),
        )
        if signed.key_id is not None:
            store.end_key(connection, signed.key_id, "destroyed")
        if not store.record_result(
            connection, row.tx, owner=sam.owner, result=finished.model_dump_json()
        ):
            raise CeremonyError("no_longer_the_owner")
    sam.fault("after-result")
    return finished


def _key_of(signed: Signed) -> dict[str, str]:
    if signed.key_id is not None:
        return {"key_id": signed.key_id.hex()}
    return {"credential_id": str(signed.credential_id), "scheme": signed.scheme.value}


def _fail(sam: Sam, tx: str, reason: str) -> None:
    sam.fault("before-failure")
    with sam.database.begin() as connection:
        if store.fail(connection, tx, owner=sam.owner, reason=reason):
            left = reason == KEY_NOT_PROVEN_GONE
            store.end_keys_of(connection, tx, reason if left else "destroyed")
            _record_failure(sam, connection, tx, reason)
    sam.fault("after-failure")


def _record_failure(sam: Sam, connection: Connection, tx: str, reason: str) -> None:
    audit.append(
        connection,
        audit.Event.SIGNING_FAILED,
        now=sam.clock(),
        tx=tx,
        reason=reason,
    )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")

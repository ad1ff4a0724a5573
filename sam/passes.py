"""Issue the signing pass: once per identification, to a key that proves itself.

    1. the handle is known, fresh, and was granted a pass
    2. the proof holds (``sam.pass_proofs``)
    3. its key is not the PID's, and no pass was ever given to it
    4. its nonces are ours, not past their end, and used here for the only time

The same handle with the same key gets the same pass again, unless it was taken back. A
pass never moves: another key, after a fresh identification, gets another pass. The pass
alone has no power: an approval needs the PID beside it (``sam.approvals``).
"""

import hmac
import secrets
from typing import Any

from sqlalchemy import Connection, Row

from sam import (
    audit,
    handle_store,
    pass_nonces,
    pass_proofs,
    pass_status,
    pass_store,
    store,
)
from sam import errors as refused
from sam import messages as m
from sam.config import PASS_LIFETIME
from sam.module import Sam


def issue_pass(sam: Sam, call: m.IssuePass) -> m.IssuedPass:
    now = sam.clock()
    with sam.database.begin() as connection:
        handle = handle_store.handle_row(connection, call.handle, now)
        issued = pass_store.pass_of_handle(connection, call.handle)
    if handle is None:
        raise refused.UnknownHandleError("no such handle, or its time is over")
    if m.Grant.PASS not in handle.grants:
        raise refused.NotGrantedError("the identification was not opened for a pass")
    proven = pass_proofs.verify(sam, call.proof, now)
    if issued is not None:
        return _same_again(issued, proven.thumbprint)
    if hmac.compare_digest(proven.thumbprint, handle.pid_key_thumbprint):
        raise refused.ProofRefusedError("the PID's key cannot hold a pass")
    ends = {str(n): pass_nonces.end_of(sam, n, now) for n in proven.nonces}
    with sam.database.begin() as connection:
        place = pass_status.free_place(connection)
    pass_id = secrets.token_urlsafe(24)
    credential = sam.pass_issuer.issue(
        pass_id, proven.jwk, now, status=pass_status.reference(sam, place)
    )
    sam.fault("before-pass")
    with sam.database.begin() as connection:
        for nonce, end in ends.items():
            pass_nonces.use(connection, nonce, end)
        _keep(
            connection,
            call.handle,
            pass_id=pass_id,
            signer_id=handle.signer_id,
            key_thumbprint=proven.thumbprint,
            credential=credential,
            issued_at=now,
            expires_at=now + PASS_LIFETIME,
            status_list=place.number,
            status_index=place.index,
        )
        audit.append(
            connection,
            audit.Event.PASS_ISSUED,
            now=now,
            tx=handle.tx,
            signer_id=handle.signer_id.hex(),
            pass_id=pass_id,
            key_thumbprint=proven.thumbprint,
        )
    sam.fault("after-pass")
    return m.IssuedPass(credential=credential)


def _same_again(issued: Row[Any], thumbprint: str) -> m.IssuedPass:
    if not hmac.compare_digest(issued.key_thumbprint, thumbprint):
        raise refused.PassAlreadyIssuedError("this handle's pass is for another key")
    if issued.revoked_at is not None:
        raise refused.PassAlreadyIssuedError("this handle's pass was taken back")
    return m.IssuedPass(credential=issued.credential)


def _keep(connection: Connection, handle: str, **values: object) -> None:
    try:
        pass_store.add_pass(connection, handle, **values)
    except store.OnceOnlyError as error:
        raise refused.ProofRefusedError("the key, or the handle, has a pass") from error

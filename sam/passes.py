"""Issue the signing pass: once per identification, to a key that proves itself.

    pass_nonce   a challenge that holds its own end and our MAC; nothing is stored
    issue_pass   1. the handle is known, fresh, and was granted a pass
                 2. the proof is an openid4vci-proof+jwt signed by its own ``jwk``
                 3. it is meant for this issuer and made now
                 4. its key is not the PID's, and no pass was ever given to it
                 5. its nonce is ours, not past its end, and used here for the only time

The same handle with the same key gets the same pass again. The pass alone has no power:
an approval needs the PID beside it (``sam.approvals``).
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from hsm.port import MacKey
from openid4vp import base64url, jwk, jws
from openid4vp.errors import Openid4vpError
from sam import audit, store
from sam import errors as refused
from sam import messages as m
from sam.config import NONCE_LIFETIME, PASS_LIFETIME
from sam.module import Sam

PROOF_TYPE = "openid4vci-proof+jwt"
PROOF_PAST = timedelta(minutes=5)
PROOF_FUTURE = timedelta(minutes=1)
_TIME, _RANDOM, _MAC = 8, 16, 16


def pass_nonce(sam: Sam, _call: m.Nothing) -> m.PassNonce:
    """OpenID4VCI 1.0 §7: fresh, unpredictable, ours to recognise."""
    ends = int((sam.clock() + NONCE_LIFETIME).timestamp())
    content = ends.to_bytes(_TIME, "big") + secrets.token_bytes(_RANDOM)
    return m.PassNonce(
        c_nonce=base64url.encode(content + _nonce_mac(sam, content)),
        expires_in=int(NONCE_LIFETIME.total_seconds()),
    )


def issue_pass(sam: Sam, call: m.IssuePass) -> m.IssuedPass:
    now = sam.clock()
    with sam.database.begin() as connection:
        handle = store.handle_row(connection, call.handle, now)
        issued = store.pass_of_handle(connection, call.handle)
    if handle is None:
        raise refused.UnknownHandleError("no such handle, or its time is over")
    if m.Grant.PASS not in handle.grants:
        raise refused.NotGrantedError("the identification was not opened for a pass")
    proof, holder_key = _parse_proof(sam, call.proof, now)
    thumbprint = jwk.thumbprint(holder_key)
    if issued is not None:
        return _same_again(issued, thumbprint)
    if hmac.compare_digest(thumbprint, handle.pid_key_thumbprint):
        raise refused.ProofRefusedError("the PID's key cannot hold a pass")
    nonce_ends = _nonce_end(sam, str(proof.payload.get("nonce", "")), now)
    pass_id = secrets.token_urlsafe(24)
    credential = sam.pass_issuer.issue(pass_id, holder_key, now)
    with sam.database.begin() as connection:
        _once(connection, str(proof.payload["nonce"]), nonce_ends)
        _keep(
            connection,
            call.handle,
            pass_id=pass_id,
            signer_id=handle.signer_id,
            key_thumbprint=thumbprint,
            credential=credential,
            issued_at=now,
            expires_at=now + PASS_LIFETIME,
        )
        audit.append(
            connection,
            audit.Event.PASS_ISSUED,
            now=now,
            tx=handle.tx,
            signer_id=handle.signer_id.hex(),
            pass_id=pass_id,
            key_thumbprint=thumbprint,
        )
    return m.IssuedPass(credential=credential)


def _parse_proof(
    sam: Sam, text: str, now: datetime
) -> tuple[jws.UnverifiedJws, dict[str, str]]:
    """OpenID4VCI 1.0 App. F.1 and F.4, for a proof with ``jwk`` in its header."""
    try:
        proof = jws.parse(text, typ=PROOF_TYPE, what="proof")
        stated = proof.header.get("jwk")
        if not isinstance(stated, dict):
            raise refused.ProofRefusedError("the proof names no jwk")
        key = jwk.public_key(stated, "proof jwk")
        jws.verify_signature(proof, key)
    except Openid4vpError as error:
        raise refused.ProofRefusedError(error.code) from error
    if proof.payload.get("aud") != sam.config.base_url:
        raise refused.ProofRefusedError("the proof is for another issuer")
    made = proof.payload.get("iat")
    if type(made) is not int or not _recent(made, now):
        raise refused.ProofRefusedError("the proof is not of now")
    # RFC 7638's members only: nothing a wallet wrote beside its key is signed.
    return proof, jwk.minimal(key)


def _recent(made: int, now: datetime) -> bool:
    age = now.timestamp() - made
    return -PROOF_FUTURE.total_seconds() <= age <= PROOF_PAST.total_seconds()


def _same_again(issued: Row[Any], thumbprint: str) -> m.IssuedPass:
    if not hmac.compare_digest(issued.key_thumbprint, thumbprint):
        raise refused.PassAlreadyIssuedError("this handle's pass is for another key")
    return m.IssuedPass(credential=issued.credential)


def _nonce_end(sam: Sam, nonce: str, now: datetime) -> datetime:
    try:
        raw = base64url.decode(nonce, "c_nonce")
    except Openid4vpError as error:
        raise refused.NonceRefusedError("not a nonce of ours") from error
    content, mac = raw[: _TIME + _RANDOM], raw[_TIME + _RANDOM :]
    if not hmac.compare_digest(mac, _nonce_mac(sam, content)):
        raise refused.NonceRefusedError("not a nonce of ours")
    ends = datetime.fromtimestamp(int.from_bytes(content[:_TIME], "big"), UTC)
    if ends <= now:
        raise refused.NonceRefusedError("the nonce is past its end")
    return ends


def _nonce_mac(sam: Sam, content: bytes) -> bytes:
    return sam.device.mac(MacKey.HANDLE, b"c_nonce:" + content)[:_MAC]


def _once(connection: Connection, nonce: str, ends: datetime) -> None:
    try:
        store.use_nonce(connection, nonce, ends)
    except store.OnceOnlyError as error:
        raise refused.NonceRefusedError("the nonce was used before") from error


def _keep(connection: Connection, handle: str, **values: object) -> None:
    try:
        store.add_pass(connection, handle, **values)
    except store.OnceOnlyError as error:
        raise refused.ProofRefusedError("the key, or the handle, has a pass") from error

"""Take the wallet's answer: the first that verifies moves the transaction, once.

The answer is decrypted and verified here with the SAM's own key, anchors and clock. One
that fails, comes second or comes from another person changes nothing. The same bytes
again get the same reply. A wallet's error is reported and never recorded: anyone can
send one.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, Row

from hsm.port import MacKey, SigningDevice
from openid4vp import base64url
from openid4vp.errors import Openid4vpError, WalletRefusedError
from openid4vp.request import Transaction
from openid4vp.verify import (
    VerificationPolicy,
    VerifiedCredential,
    VerifiedPresentation,
    verify_response,
)
from sam import (
    approvals,
    audit,
    handle_store,
    identification_alone,
    kept_files,
    pass_store,
    store,
)
from sam import errors as refused
from sam import messages as m
from sam.config import HANDLE_LIFETIME
from sam.module import Sam
from sam.pass_status import OwnPassesAside
from sam.pid import accepted_types, common_claims, pid_of
from sam.transactions import known, still_open

AUDITED_REFUSALS = 5  # per transaction: a stranger's answers cannot fill the log

TOLD: Final[Mapping[str, type[refused.AnswerRefusedError]]] = MappingProxyType(
    {
        "credential_revoked": refused.CredentialRevokedError,
        "credential_expired": refused.CredentialExpiredError,
        "issuer_not_trusted": refused.IssuerNotTrustedError,
        "no_unique_identifier": refused.NoIdentifierError,
        "unfit_name": refused.UnfitNameError,
        "another_signer": refused.AnotherPersonError,
        "pass_of_another_signer": refused.AnotherPersonError,
        "pass_unknown_or_expired": refused.PassRefusedError,
        "pass_revoked": refused.PassRefusedError,
        "pass_not_as_issued": refused.PassRefusedError,
        "pass_key_mismatch": refused.PassRefusedError,
    }
)
"""Why an answer did not hold, where the person can do something about it (ADR 21)."""


def submit(sam: Sam, call: m.Submit) -> m.Submitted:
    """Verify the wallet's answer; at most one answer moves the transaction."""
    body = call.body.encode()
    with sam.database.begin() as connection:
        row = known(store.transaction(connection, call.tx))
    if row.state != m.State.OPEN:
        return _reply_again(sam, row, body)
    row = still_open(sam, row)
    try:
        if row.purpose == m.Purpose.IDENTIFY_ALONE:
            return _accept_alone(sam, row, body)
        presentation = _verify(sam, row, body)
        return _accept(sam, row, body, presentation)
    except WalletRefusedError as error:
        return m.Submitted(
            outcome="wallet_error",
            error=error.error,
            error_description=error.description,
        )
    except (Openid4vpError, approvals.NotAnApprovalError) as error:
        _record_refusal(sam, call.tx, body, error.code)
        raise _refusal(error) from error


def _refusal(
    error: Openid4vpError | approvals.NotAnApprovalError,
) -> refused.AnswerRefusedError:
    if isinstance(error, kept_files.ListNotHeldError):
        return refused.StatusUnknownError("a status list is not at hand")
    kind = TOLD.get(error.code, refused.AnswerRefusedError)
    return kind("the answer does not hold")


def handle_of(device: SigningDevice, tx: str) -> str:
    """256 bit, derived from the transaction so that a repeated answer gets it again."""
    return base64url.encode(device.mac(MacKey.HANDLE, b"handle:" + tx.encode()))


def _verify(sam: Sam, row: Row[Any], body: bytes) -> VerifiedPresentation:
    asked = Transaction.from_json(row.protocol)
    return verify_response(
        asked,
        body,
        sam.trust,
        policy=VerificationPolicy(
            accept_absent_status=True,  # a PID may live a day without one
            status=OwnPassesAside(
                sam.pass_issuer.certificate_chain[0], kept_files.KeptLists(sam)
            ),
            accepted_types={
                **accepted_types(asked.profile),
                approvals.PASS: frozenset({sam.config.pass_type}),
            },
            kb_iat_past=asked.profile.answer.iat_past,
            kb_iat_future=asked.profile.answer.iat_future,
        ),
        now=sam.clock(),
    )


def _accept(
    sam: Sam, row: Row[Any], body: bytes, presentation: VerifiedPresentation
) -> m.Submitted:
    pid = pid_of(presentation)
    identity = approvals.identify(sam.device, pid)
    match = _match(row, pid)
    approval = _approval(sam, row, presentation, identity)
    now = sam.clock()
    handle = _handle(sam, row)
    sam.fault("before-verified")
    with sam.database.begin() as connection:
        moved = store.mark_verified(
            connection,
            row.tx,
            answer=body,
            identity=identity,
            now=now,
            match=match,
            **approval,
        )
        if moved:
            if handle is not None:
                _add_handle(connection, handle, row, identity, now)
            _record_verified(connection, row, identity, body, now)
    sam.fault("after-verified")
    if moved:
        return _reply(handle, identity.display_name, match)
    return _reply_of_the_first(sam, row.tx, body)


def _accept_alone(sam: Sam, row: Row[Any], body: bytes) -> m.Submitted:
    """No signer is looked for, and no handle made: there is nothing to use one for."""
    pid = identification_alone.verified(sam, row, body)
    sam.fault("before-verified")
    with sam.database.begin() as connection:
        identification_alone.record(connection, row.tx, pid, body, sam.clock())
    sam.fault("after-verified")
    return _reply_of_the_first(sam, row.tx, body)


def _reply_of_the_first(sam: Sam, tx: str, body: bytes) -> m.Submitted:
    with sam.database.begin() as connection:
        answered = known(store.transaction(connection, tx))
    return _reply_again(sam, answered, body)


def _approval(
    sam: Sam,
    row: Row[Any],
    presentation: VerifiedPresentation,
    identity: store.Identity,
) -> dict[str, str]:
    """The columns an approval fills; an identification has none."""
    if row.purpose != m.Purpose.SIGN:
        return {}
    pass_id = str(presentation.credentials[approvals.PASS].claims["pass_id"])
    with sam.database.begin() as connection:
        issued = pass_store.pass_by_id(connection, pass_id)
    signing_pass = approvals.approve(row, presentation, identity, issued, sam.clock())
    return {"pass_id": pass_id, "pass_presentation": signing_pass.presentation}


def _match(row: Row[Any], pid: VerifiedCredential) -> bool | None:
    if not row.match_rules:
        return None
    rules = [m.MatchRule(**rule) for rule in row.match_rules]
    return approvals.matches(common_claims(pid), rules)


def _handle(sam: Sam, row: Row[Any]) -> str | None:
    """Only an identification yields one."""
    if row.purpose != m.Purpose.IDENTIFY:
        return None
    return handle_of(sam.device, row.tx)


def _add_handle(
    connection: Connection,
    handle: str,
    row: Row[Any],
    identity: store.Identity,
    now: datetime,
) -> None:
    handle_store.add_handle(
        connection,
        handle,
        tx=row.tx,
        identity=identity,
        grants=row.grants,
        expires_at=now + HANDLE_LIFETIME,
    )


def _record_verified(
    connection: Connection,
    row: Row[Any],
    identity: store.Identity,
    body: bytes,
    now: datetime,
) -> None:
    audit.append(
        connection,
        audit.Event.ANSWER_VERIFIED,
        now=now,
        tx=row.tx,
        purpose=row.purpose,
        signer_id=identity.signer_id.hex(),
        pid_provider=identity.provider,
        pid_presentation_sha256=identity.presentation_sha256.hex(),
        answer_sha256=hashlib.sha256(body).hexdigest(),
        match_rules=sorted(rule["claim"] for rule in row.match_rules),
    )


def _reply_again(sam: Sam, row: Row[Any], body: bytes) -> m.Submitted:
    """The reply to the answer that was accepted, and to no other."""
    if row.answer_sha256 is None or row.state == m.State.CLOSED:
        raise refused.TransactionClosedError("the transaction is not open")
    if row.answer_sha256 != hashlib.sha256(body).digest():
        raise refused.AlreadyAnsweredError("another answer was verified")
    if row.purpose == m.Purpose.IDENTIFY_ALONE:
        return m.Submitted(
            outcome="identified_alone",
            display_name=row.display_name,
            issued_by=row.pid_provider,
        )
    return _reply(_handle(sam, row), row.display_name, row.match)


def _reply(handle: str | None, display_name: str, match: bool | None) -> m.Submitted:
    """A signing transaction has no handle, and its reply holds nothing."""
    if handle is None:
        return m.Submitted(outcome="approved")
    return m.Submitted(
        outcome="identified", handle=handle, display_name=display_name, match=match
    )


def _record_refusal(sam: Sam, tx: str, body: bytes, reason: str) -> None:
    sam.fault("before-refusal")
    with sam.database.begin() as connection:
        if store.count_refusal(connection, tx) <= AUDITED_REFUSALS:
            audit.append(
                connection,
                audit.Event.ANSWER_REFUSED,
                now=sam.clock(),
                tx=tx,
                reason=reason,
                answer_sha256=hashlib.sha256(body).hexdigest(),
            )
    sam.fault("after-refusal")

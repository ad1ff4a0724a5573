"""A transaction while it waits: its request, its state, its end.

    OPEN → VERIFIED → SIGNING → SIGNED | FAILED        OPEN, VERIFIED → CLOSED

Opening is ``sam.opening``, the wallet's answer ``sam.answers``, signing ``sam.finish``.
Fetching the request is no event: wallets and the conformance suite fetch it twice.
"""

from typing import Any

from sqlalchemy import Connection, Row

from openid4vp import wallet_metadata
from openid4vp.errors import InvalidRequestError
from openid4vp.request import Transaction, echo_of, sign_request_object
from sam import audit, handle_store, store
from sam import errors as refused
from sam import messages as m
from sam.config import APPROVAL_LIFETIME, CLOCKS_APART
from sam.module import Sam


def request(sam: Sam, call: m.Request) -> m.SignedRequest:
    """The request object; repeatable while OPEN, with the same nonce, key and data."""
    now = sam.clock()
    with sam.database.begin() as connection:
        row = still_open(sam, known(store.transaction(connection, call.tx)))
    _check_wallet_nonce(call.wallet_nonce)
    signed = sign_request_object(
        Transaction.from_json(row.protocol),
        sam.request_signer,
        wallet_nonce=call.wallet_nonce,
        now=now,
        wallet_metadata=wallet_metadata.parse(call.wallet_metadata),
    )
    sam.fault("before-request")
    with sam.database.begin() as connection:
        store.keep_request_object(connection, call.tx, signed)
    sam.fault("after-request")
    return m.SignedRequest(request_object=signed)


def _check_wallet_nonce(sent: str | None) -> None:
    """Anybody can send one: what is none is that caller's mistake and not ours."""
    try:
        echo_of(sent)
    except InvalidRequestError as error:
        raise refused.MalformedCallError(str(error)) from error


def status(sam: Sam, call: m.ByTransaction) -> m.Status:
    with sam.database.begin() as connection:
        row = known(store.transaction(connection, call.tx))
    return _status(row)


def abort(sam: Sam, call: m.ByTransaction) -> m.Status:
    """Before SIGNING only; afterwards it reports and changes nothing.

    An aborted identification takes its handle along; one that merely grew old leaves
    it to its own thirty minutes.
    """
    sam.fault("before-closing")
    with sam.database.begin() as connection:
        known(store.transaction(connection, call.tx))
        handle_store.end_handle(connection, call.tx, sam.clock())
        _close(sam, connection, call.tx, "aborted")
        ended = _status(known(store.transaction(connection, call.tx)))
    sam.fault("after-closing")
    return ended


def sweep(sam: Sam) -> None:
    """End what nobody will answer or finish any more."""
    now = sam.clock()
    sam.fault("before-sweep")
    with sam.database.begin() as connection:
        ended = store.expired(connection, now=now, window=APPROVAL_LIFETIME)
        handle_store.forget_spent(connection, now - CLOCKS_APART)
    for tx in ended:
        with sam.database.begin() as connection:  # each its own: see ``sam.heads``
            _close(sam, connection, tx, "expired")
    sam.fault("after-sweep")


def known(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise refused.UnknownTransactionError("no such transaction")
    return row


def still_open(sam: Sam, row: Row[Any]) -> Row[Any]:
    if row.state != m.State.OPEN or row.expires_at <= sam.clock():
        raise refused.TransactionClosedError("the transaction is not open")
    return row


def _close(sam: Sam, connection: Connection, tx: str, reason: str) -> None:
    if store.close(connection, tx, reason):
        audit.append(
            connection,
            audit.Event.TRANSACTION_CLOSED,
            now=sam.clock(),
            tx=tx,
            reason=reason,
        )


def _status(row: Row[Any]) -> m.Status:
    return m.Status(
        state=m.State(row.state),
        purpose=m.Purpose(row.purpose),
        expires_at=row.expires_at,
        reason=row.reason,
    )

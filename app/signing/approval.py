"""Asking for an approval, and taking the question back.

The prepared file is streamed to the SAM, which hashes it by itself and says what the
wallet will be shown. What it says must be what the preparation found: a file that was
exchanged on the way shows here, before any wallet is asked.
"""

import io
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, cast

from app.database import Database
from app.signers.sessions import BrowserSessions
from app.signers.store import BrowserSession, Exchange
from app.signing import store
from app.signing.files import DocumentFiles
from app.signing.reasons import Reason
from app.signing.states import (
    Event,
    IllegalTransitionError,
    State,
    next_state,
)
from app.signing.store import SigningRequest
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient


class DocumentMismatchError(Exception):
    """The SAM hashed something else than what was prepared and shown."""

    code: ClassVar[str] = "document_mismatch"


class IdentificationOverError(Exception):
    """The SAM no longer knows who this browser identified as."""

    code: ClassVar[str] = "identification_over"


class Approvals:
    def __init__(
        self,
        database: Database,
        files: DocumentFiles,
        sam: SamClient,
        sessions: BrowserSessions,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._files = files
        self._sam = sam
        self._sessions = sessions
        self._clock = clock

    def ask(self, request: SigningRequest, browser: BrowserSession) -> None:
        """``ready`` → ``awaiting_wallet``, with an exchange the wallet can answer."""
        next_state(State(request.state), Event.APPROVAL_REQUESTED)
        handle = browser.live_handle(self._clock())
        opened = self._open(request, handle, browser)
        try:
            document = shown_document(opened, request)
            self._record(request, browser, opened, document, handle)
        except (DocumentMismatchError, IllegalTransitionError):
            self.abort(opened.tx)
            raise

    def withdraw(self, request: SigningRequest, event: Event, reason: Reason) -> None:
        """Back to ``ready``: the SAM's transaction is closed first.

        A SAM that is away is a reason to come back, not one to stay: it ends the
        transaction by itself, and we never ``finish`` one that is not current.
        """
        state = State(request.state)
        next_state(state, event)
        if reason is Reason.SAM_UNAVAILABLE:
            self._abort_if_possible(request)
        elif request.tx is not None:
            self.abort(request.tx)
        with self._database.write() as db:
            store.move(
                db,
                request.id,
                state,
                event,
                self._clock(),
                only_tx=request.tx,
                reason=reason,
            )

    def end(self, request: SigningRequest, event: Event, reason: Reason) -> None:
        """Stopped, cancelled or out of time: this holds even when the SAM is away.

        ``finish`` is only ever called for a request in ``signing``.
        """
        with self._database.write() as db:
            store.move(
                db,
                request.id,
                State(request.state),
                event,
                self._clock(),
                reason=reason,
            )
        self._abort_if_possible(request)

    def abort(self, tx: str) -> None:
        try:
            self._sam.abort(tx)
        except (sam_errors.TransactionClosedError, sam_errors.UnknownTransactionError):
            return  # it ended by itself

    def _abort_if_possible(self, request: SigningRequest) -> None:
        if request.tx is None:
            return
        try:
            self.abort(request.tx)
        except sam_errors.SamUnavailableError:
            return  # it expires by itself

    def _open(
        self, request: SigningRequest, handle: str | None, browser: BrowserSession
    ) -> m.SigningOpened:
        call = m.OpenSign(
            documents=(
                m.PreparedDocument(
                    name=request.name,
                    byte_range=cast(
                        "tuple[int, int, int, int]", tuple(request.byte_range)
                    ),
                    original_length=request.original_length,
                    length=request.length,
                ),
            ),
            handle=handle,
        )
        content = io.BytesIO(self._files.get(request.id, request.prepared))
        try:
            return self._sam.open_sign(call, [content])
        except sam_errors.UnknownHandleError as error:
            self._sessions.forget_signer(browser)
            raise IdentificationOverError(request.id) from error

    def _record(
        self,
        request: SigningRequest,
        browser: BrowserSession,
        opened: m.SigningOpened,
        document: m.OpenedDocument,
        handle: str | None,
    ) -> None:
        now = self._clock()
        exchange = Exchange(
            tx=opened.tx,
            browser_id=browser.id,
            request_id=request.id,
            purpose=m.Purpose.SIGN,
            client_id=opened.client_id,
            for_handle=handle,
            transaction_data=opened.transaction_data,
            opened_at=now,
            expires_at=opened.expires_at,
        )
        with self._database.write() as db:
            store.move(
                db,
                request.id,
                State.READY,
                Event.APPROVAL_REQUESTED,
                now,
                tx=opened.tx,
                label=document.label,
                code=document.code,
                reason=None,
            )
            db.add(exchange)


def shown_document(
    opened: m.SigningOpened, request: SigningRequest
) -> m.OpenedDocument:
    """The one document of the answer, equal to ours, or ``DocumentMismatchError``."""
    if len(opened.documents) != 1:
        raise DocumentMismatchError("not one document")
    document = opened.documents[0]
    said = (document.sdr, document.sodr, document.checksum)
    if said != (request.sdr, request.sodr, request.prepared):
        raise DocumentMismatchError("the SAM hashed other bytes")
    return document

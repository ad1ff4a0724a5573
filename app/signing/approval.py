"""Asking for an approval, and taking the question back.

The prepared files are streamed to the SAM, which hashes them by itself and says what
the wallet will be shown. What it says must be what the preparation found: a file that
was exchanged on the way shows here, before any wallet is asked.
"""

import io
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from app.database import Database
from app.faults import fault
from app.plans.free_tier import FreeTier
from app.signers import store as signers
from app.signers.exchanges import Exchanges
from app.signers.sessions import BrowserSessions
from app.signers.store import BrowserSession
from app.signers.wallet_kinds import WalletKinds
from app.signing import store
from app.signing.files import DocumentFiles
from app.signing.reasons import Reason
from app.signing.states import (
    Event,
    IllegalTransitionError,
    State,
    next_state,
)
from app.signing.tables import SigningRequest
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
        *,
        database: Database,
        files: DocumentFiles,
        sam: SamClient,
        sessions: BrowserSessions,
        exchanges: Exchanges,
        free_tier: FreeTier,
        kinds: WalletKinds,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._files = files
        self._sam = sam
        self._sessions = sessions
        self._exchanges = exchanges
        self._free_tier = free_tier
        self._kinds = kinds
        self._clock = clock

    def ask(
        self, request: SigningRequest, browser: BrowserSession, terms_version: str
    ) -> None:
        """``ready`` → ``awaiting_wallet``, with an exchange the wallet can answer."""
        next_state(State(request.state), Event.APPROVAL_REQUESTED)
        handle = browser.live_handle(self._clock())
        opened = self._open(request, browser, handle, terms_version)
        try:
            require_same_documents(opened, request)
            fault("before-approval-asked")
            self._record(request, browser, opened, handle, terms_version)
            fault("after-approval-asked")
        except (DocumentMismatchError, IllegalTransitionError):
            self._exchanges.abort(opened.tx)
            raise

    def withdraw(self, request: SigningRequest, event: Event, reason: Reason) -> None:
        """Back to ``ready``: the SAM's transaction is closed first.

        A SAM that is away is a reason to come back, not one to stay: it ends the
        transaction by itself, and we never ``finish`` one that is not current.
        """
        state = State(request.state)
        next_state(state, event)
        if request.tx is not None:
            if reason is Reason.SAM_UNAVAILABLE:
                self._exchanges.abort_if_possible(request.tx)
            else:
                self._exchanges.abort(request.tx)
        now = self._clock()
        with self._database.write() as db:
            store.move(
                db, request.id, state, event, now, only_tx=request.tx, reason=reason
            )
            if request.tx is not None:
                signers.close_exchange(db, request.tx, now)

    def end(self, request: SigningRequest, event: Event, reason: Reason) -> None:
        """Stopped, cancelled or out of time: this holds even when the SAM is away.

        ``finish`` is only ever called for a request in ``signing``.
        """
        state, now = State(request.state), self._clock()
        with self._database.write() as db:
            store.move(db, request.id, state, event, now, reason=reason)
            if request.tx is not None:
                signers.close_exchange(db, request.tx, now)
        if request.tx is not None:
            self._exchanges.abort_if_possible(request.tx)

    def _open(
        self,
        request: SigningRequest,
        browser: BrowserSession,
        handle: str | None,
        terms_version: str,
    ) -> m.SigningOpened:
        call = m.OpenSign(
            documents=tuple(
                m.PreparedDocument(
                    name=document.name,
                    byte_range=document.span,
                    original_length=document.original_length,
                    length=document.length,
                    structure_checked_by=document.structure_checked_by,
                )
                for document in request.documents
            ),
            handle=handle,
            purpose=self._free_tier.purpose(),
            terms_version=terms_version,
            profile=self._kinds.of(browser),
        )
        contents = [
            io.BytesIO(self._files.get(request.id, document.prepared))
            for document in request.documents
        ]
        try:
            return self._sam.open_sign(call, contents)
        except sam_errors.UnknownHandleError as error:
            self._sessions.forget_signer(browser)
            raise IdentificationOverError(request.id) from error

    def _record(
        self,
        request: SigningRequest,
        browser: BrowserSession,
        opened: m.SigningOpened,
        handle: str | None,
        terms_version: str,
    ) -> None:
        exchange = self._exchanges.of(
            opened,
            browser=browser,
            request_id=request.id,
            purpose=m.Purpose.SIGN,
            for_handle=handle,
            transaction_data=opened.transaction_data,
        )
        with self._database.write() as db:
            store.move(
                db,
                request.id,
                State.READY,
                Event.APPROVAL_REQUESTED,
                self._clock(),
                tx=opened.tx,
                terms_version=terms_version,
                reason=None,
            )
            labels = [(d.label, d.code) for d in opened.documents]
            store.set_labels(db, request.id, labels)
            db.add(exchange)


def require_same_documents(opened: m.SigningOpened, request: SigningRequest) -> None:
    """The SAM hashed exactly what was prepared, or ``DocumentMismatchError``."""
    said = [(d.sdr, d.sodr, d.checksum) for d in opened.documents]
    ours = [(d.sdr, d.sodr, d.prepared) for d in request.documents]
    if said != ours:
        raise DocumentMismatchError("the SAM hashed other bytes")

"""From a confirmed approval to a signed document in the right hands.

    1. ``confirmed``: the approval is fresh, a place is held, the TSA answers
    2. ``deliver`` claims the request: one process at a time
    3. ``finish``: the SAM signs, at most once; asked again it gives the same bytes
    4. time-stamped, embedded, validated by our own validator, stored → ``signed``

Whatever breaks after step 3 is repeated from the SAM's stored result until the
certificate ends. Whatever the SAM itself gives up is final: nothing was released.
"""

import base64
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509

from app.ades.errors import AdesError, TimestampUnavailableError
from app.database import Database
from app.faults import fault
from app.plans.free_tier import FreeTier, QuotaUsedUpError
from app.signing import store
from app.signing.approval import Approvals
from app.signing.completion import Completion, NotValidError
from app.signing.evidence import EvidenceError, evidence_archive
from app.signing.files import DocumentChangedError, DocumentFiles
from app.signing.reasons import Reason
from app.signing.states import Event, IllegalTransitionError, State
from app.signing.tables import SigningRequest
from app.signing.time_stamps import TimeStamps
from app.verification.validation_trust import ValidationTrustError
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

APPROVAL_LIFETIME: Final = timedelta(minutes=10)
CLAIM: Final = timedelta(minutes=2)
BROWSER_GOES_FIRST: Final = timedelta(seconds=5)
LONGEST_CERTIFICATE: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(minutes=1)

SAM_GAVE_UP: Final = (
    sam_errors.SigningFailedError,
    sam_errors.TransactionClosedError,
    sam_errors.NotVerifiedError,
    sam_errors.UnknownTransactionError,
)
NOT_NOW: Final = (
    AdesError,
    DocumentChangedError,
    NotValidError,
    EvidenceError,
    ValidationTrustError,
)

log = logging.getLogger(__name__)


def entering_signing(now: datetime) -> dict[str, datetime]:
    """Columns set with the state; the worker leaves the returning browser a moment."""
    return {
        "due_at": now + BROWSER_GOES_FIRST,
        "deliver_until": now + LONGEST_CERTIFICATE,
    }


class Delivery:
    def __init__(
        self,
        *,
        database: Database,
        files: DocumentFiles,
        sam: SamClient,
        approvals: Approvals,
        completion: Completion,
        time_stamps: TimeStamps,
        free_tier: FreeTier,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._files = files
        self._sam = sam
        self._approvals = approvals
        self._completion = completion
        self._time_stamps = time_stamps
        self._free_tier = free_tier
        self._clock = clock

    def confirmed(self, request_id: str, tx: str) -> None:
        """The browser that asked for ``tx`` is confirmed → ``signing``; repeatable.

        Of an older exchange it says nothing about the approval that waits now. The
        signature is made by the next look at the page, or by the worker: the browser
        shall have its new cookie first.
        """
        request = self._request(request_id)
        if request.state == State.AWAITING_CONFIRMATION and request.tx == tx:
            self._begin(request)

    def lend_a_hand(self, request: SigningRequest) -> None:
        """The first attempt is for whoever looks at the page; more are the worker's."""
        if request.state == State.SIGNING and request.attempts == 0:
            self.deliver(request.id)

    def deliver(self, request_id: str) -> None:
        """Does nothing unless the request is in ``signing`` and nobody is at it."""
        now = self._clock()
        fault("before-claimed")
        with self._database.write() as db:
            if not store.claim(db, request_id, now, now + CLAIM):
                return
        fault("after-claimed")
        request = self._request(request_id)
        try:
            fault("before-finish")
            finished = self._sam.finish(m.Finish(tx=request.tx or ""))
            fault("after-finish")
        except SAM_GAVE_UP as error:
            log.warning("signing %s ended: %s", request.id, error.code)
            self._free_tier.give_back(request.tx or "")
            self._move(request, Event.SAM_FAILED, reason=Reason.SIGNING_FAILED)
        except sam_errors.SamError as error:
            self._later(request, error.code)
        else:
            self._hand_over(request, finished)

    def _begin(self, request: SigningRequest) -> None:
        obstacle = self._obstacle(request)
        if obstacle is not None:
            self._approvals.withdraw(request, Event.CONFIRMATION_LOST, obstacle)
            return
        now = self._clock()
        try:
            fault("before-confirmed")
            self._move(request, Event.BROWSER_CONFIRMED, **entering_signing(now))
            fault("after-confirmed")
        except IllegalTransitionError:
            self._give_back_unless_signing(request)

    def _give_back_unless_signing(self, request: SigningRequest) -> None:
        """The same return a moment earlier keeps its count; a stop gives it back."""
        now = self._request(request.id)
        if now.tx != request.tx or now.state not in {State.SIGNING, State.SIGNED}:
            self._free_tier.give_back(request.tx or "")

    def _obstacle(self, request: SigningRequest) -> Reason | None:
        if self._clock() >= request.changed_at + APPROVAL_LIFETIME:
            return Reason.APPROVAL_TOO_OLD
        try:
            status = self._sam.status(request.tx or "")
            if status.state is not m.State.VERIFIED:
                return Reason.APPROVAL_CLOSED
            self._time_stamps.probe()
            self._free_tier.reserve(request.tx or "", len(request.documents))
        except (sam_errors.UnknownTransactionError, sam_errors.NotVerifiedError):
            return Reason.APPROVAL_CLOSED
        except sam_errors.SamError:
            return Reason.SAM_UNAVAILABLE
        except TimestampUnavailableError:
            return Reason.TSA_UNAVAILABLE
        except QuotaUsedUpError:
            return Reason.QUOTA_USED_UP
        return None

    def _hand_over(self, request: SigningRequest, finished: m.Finished) -> None:
        until = certificate_end(finished)
        with self._database.write() as db:
            store.set_deliver_until(db, request.id, until)
        request.deliver_until = until
        try:
            completed = self._completion.complete(request, finished)
            fault("before-files")
            signed = [self._files.put(request.id, c) for c in completed.contents]
            archive = evidence_archive(finished.evidence)
            evidence = self._files.put(request.id, archive)
            fault("after-files")
        except NOT_NOW as error:
            self._later(request, error.code)
            return
        fault("before-delivered")
        with self._database.write() as db:
            store.set_signed(db, request.id, signed)
            store.move(
                db,
                request.id,
                State.SIGNING,
                Event.DELIVERED,
                self._clock(),
                reason=None,
                signer_name=finished.signer_name,
                signed_at=completed.signed_at,
                release=finished.release,
                evidence=evidence,
            )
        fault("after-delivered")

    def _later(self, request: SigningRequest, why: str) -> None:
        now = self._clock()
        if request.deliver_until is not None and now >= request.deliver_until:
            log.error("signing %s undeliverable: %s", request.id, why)
            self._free_tier.give_back(request.tx or "")
            self._move(request, Event.UNDELIVERABLE, reason=Reason.UNDELIVERABLE)
            return
        log.warning("signing %s: attempt %d: %s", request.id, request.attempts, why)
        with self._database.write() as db:
            store.reschedule(db, request.id, now + pause(request.attempts))

    def _request(self, request_id: str) -> SigningRequest:
        with self._database.read() as db:
            request = store.by_id(db, request_id)
        if request is None:
            raise IllegalTransitionError(f"no request {request_id}")
        return request

    def _move(self, request: SigningRequest, event: Event, **values: Any) -> None:
        with self._database.write() as db:
            store.move(
                db, request.id, State(request.state), event, self._clock(), **values
            )


def pause(attempts: int) -> timedelta:
    """2, 4, 8 … seconds, at most a minute."""
    return min(timedelta(seconds=2 ** min(attempts, 10)), LONGEST_PAUSE)


def certificate_end(finished: m.Finished) -> datetime:
    """``notAfter`` of the signer's certificate, as the SAM delivered it."""
    leaf = base64.b64decode(finished.certificate_chain[0])
    return x509.load_der_x509_certificate(leaf).not_valid_after_utc

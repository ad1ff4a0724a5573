"""What the trust services refuse, and who must act.

TrustServicesError
├─ MalformedRequestError         400  the peer sent something that is not the protocol
├─ ProofOfPossessionError        400  the CSR is not signed by the key it carries
├─ RequesterNotAuthorisedError   403  not a registered, valid registration authority
├─ ProfileRefusedError           403  well-formed, but the profile forbids it
├─ AlreadyCertifiedError         403  this public key has its certificate
├─ NotYoursError                 403  not a certificate that this authority asked for
├─ TransactionConflictError      403  this transaction asked for something else before
├─ LedgerUnavailableError        503  the ledger is not readable or not writable
├─ ProfileConfigError                 a profile that must not exist (programmer)
└─ SetupError                         files missing, unsafe or foreign (operator)

Each class has a stable ``code``; messages are for engineers and hold no personal data.
"""

from typing import ClassVar


class TrustServicesError(Exception):
    """The root: ``status`` is the HTTP status of the refusal."""

    code: ClassVar[str] = "trust_services_error"
    status: ClassVar[int] = 500


class MalformedRequestError(TrustServicesError):
    code = "malformed_request"
    status = 400


class ProofOfPossessionError(TrustServicesError):
    code = "proof_of_possession_failed"
    status = 400


class RequesterNotAuthorisedError(TrustServicesError):
    code = "requester_not_authorised"
    status = 403


class ProfileRefusedError(TrustServicesError):
    code = "profile_refused"
    status = 403


class AlreadyCertifiedError(TrustServicesError):
    code = "already_certified"
    status = 403


class NotYoursError(TrustServicesError):
    code = "not_yours"
    status = 403


class TransactionConflictError(TrustServicesError):
    code = "transaction_conflict"
    status = 403


class LedgerUnavailableError(TrustServicesError):
    code = "ledger_unavailable"
    status = 503


class ProfileConfigError(TrustServicesError):
    code = "profile_config"


class SetupError(TrustServicesError):
    code = "set_up"

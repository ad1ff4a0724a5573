"""What the SAM answers when it refuses; each class crosses the socket by its code.

::

    SamError
    ├─ MalformedCallError           400  the call itself is not of the contract
    ├─ AnswerRefusedError           400  the wallet's answer failed verification
    │   ├─ StatusUnknownError       400  a list is not at hand: fetch it, ask again
    │   ├─ CredentialRevokedError   400  PID or pass is withdrawn or suspended
    │   ├─ CredentialExpiredError   400  PID or pass is past its end
    │   ├─ IssuerNotTrustedError    400  no anchor of ours vouches for the issuer
    │   ├─ NoIdentifierError        400  the PID names nobody uniquely
    │   ├─ UnfitNameError           400  the PID's name fits no certificate
    │   ├─ AnotherPersonError       400  not who identified, or not their pass
    │   └─ PassRefusedError         400  the pass is not, or no longer, one of ours
    ├─ FileRefusedError             400  a fetched file does not hold
    ├─ ProofRefusedError            400  the key proof for a pass failed
    ├─ NonceRefusedError            400  the proof's c_nonce is unknown, old or used
    ├─ NotGrantedError              403  the transaction was opened without that grant
    ├─ NotOfferedError              403  this SAM's settings do not allow it
    ├─ UnknownTransactionError      404
    ├─ UnknownHandleError           404  also when it is past its thirty minutes
    ├─ UnknownCredentialError       404  none of this handle's person's
    ├─ UnknownPassError             404  none of this handle's passes is meant
    ├─ UnknownStatusListError       404  no pass has a place in such a list
    ├─ UnknownProfileError          404  not one of this SAM's kinds of wallets
    ├─ NoPolicyError                404  this SAM has no free-tier policy of that id
    ├─ FileNotWantedError           404  nobody asked for this file
    ├─ AlreadyAnsweredError         409  another answer was verified before this one
    ├─ NotVerifiedError             409  no approval has been verified
    ├─ TransactionClosedError       409  expired, aborted, failed
    ├─ PassAlreadyIssuedError       409  a handle yields one pass, for one key
    ├─ CredentialAlreadyMadeError   409  a handle yields one credential
    ├─ CredentialEndedError         409  revoked, replaced or deleted
    ├─ PeriodOverError              409  not the period of the policy that is now
    ├─ CredentialAlteredError       502  a stored credential is not as it was written
    ├─ SigningFailedError           502  the ceremony broke; nothing was released
    └─ SamUnavailableError          503  no SAM, no HSM or no CA behind it
        └─ AlgorithmEndedError      503  the algorithm policy accepts it no longer

The message is for engineers and holds no personal data. Of a refused answer the web
tier learns that a check failed and, in the few cases above, the kind of reason, because
the person can then do something (ADR 21); all others are in the audit log only.
"""

from typing import ClassVar


class SamError(Exception):
    """Root of everything the SAM refuses."""

    code: ClassVar[str] = "sam_error"
    status: ClassVar[int] = 500


class MalformedCallError(SamError):
    code = "malformed_call"
    status = 400


class AnswerRefusedError(SamError):
    code = "answer_refused"
    status = 400


class StatusUnknownError(AnswerRefusedError):
    code = "status_unknown"


class CredentialRevokedError(AnswerRefusedError):
    code = "credential_revoked"


class CredentialExpiredError(AnswerRefusedError):
    code = "credential_expired"


class IssuerNotTrustedError(AnswerRefusedError):
    code = "issuer_not_trusted"


class NoIdentifierError(AnswerRefusedError):
    code = "no_unique_identifier"


class UnfitNameError(AnswerRefusedError):
    code = "unfit_name"


class AnotherPersonError(AnswerRefusedError):
    code = "another_person"


class PassRefusedError(AnswerRefusedError):
    code = "pass_refused"


class FileRefusedError(SamError):
    code = "file_refused"
    status = 400


class ProofRefusedError(SamError):
    code = "invalid_proof"
    status = 400


class NonceRefusedError(SamError):
    code = "invalid_nonce"
    status = 400


class NotGrantedError(SamError):
    code = "not_granted"
    status = 403


class NotOfferedError(SamError):
    code = "not_offered"
    status = 403


class UnknownTransactionError(SamError):
    code = "unknown_transaction"
    status = 404


class UnknownHandleError(SamError):
    code = "unknown_handle"
    status = 404


class UnknownCredentialError(SamError):
    code = "unknown_credential"
    status = 404


class UnknownPassError(SamError):
    code = "unknown_pass"
    status = 404


class UnknownStatusListError(SamError):
    code = "unknown_status_list"
    status = 404


class UnknownProfileError(SamError):
    code = "unknown_profile"
    status = 404


class NoPolicyError(SamError):
    code = "no_policy"
    status = 404


class FileNotWantedError(SamError):
    code = "file_not_wanted"
    status = 404


class AlreadyAnsweredError(SamError):
    code = "already_answered"
    status = 409


class NotVerifiedError(SamError):
    code = "not_verified"
    status = 409


class TransactionClosedError(SamError):
    code = "transaction_closed"
    status = 409


class PassAlreadyIssuedError(SamError):
    code = "pass_already_issued"
    status = 409


class CredentialAlreadyMadeError(SamError):
    code = "credential_already_made"
    status = 409


class CredentialEndedError(SamError):
    code = "credential_ended"
    status = 409


class PeriodOverError(SamError):
    code = "period_over"
    status = 409


class CredentialAlteredError(SamError):
    code = "credential_altered"
    status = 502


class SigningFailedError(SamError):
    code = "signing_failed"
    status = 502


class SamUnavailableError(SamError):
    code = "sam_unavailable"
    status = 503


class AlgorithmEndedError(SamUnavailableError):
    code = "algorithm_ended"


KINDS: tuple[type[SamError], ...] = (
    SamError,
    *SamError.__subclasses__(),
    *AnswerRefusedError.__subclasses__(),
    *SamUnavailableError.__subclasses__(),
)
BY_CODE: dict[str, type[SamError]] = {kind.code: kind for kind in KINDS}

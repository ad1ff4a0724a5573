"""Every refusal of this package, as one tree.

    Openid4vpError
    ├─ InvalidRequestError            what we were asked to send is no valid request
    │   ├─ InvalidQueryError
    │   ├─ InvalidTransactionDataError
    │   └─ RequestSigningError
    ├─ TransactionExpiredError
    ├─ MalformedResponseError         the wallet's bytes do not have the right shape
    │   ├─ MissingClaimError · WrongClaimTypeError
    │   ├─ HeaderNotAllowedError
    │   ├─ DecryptionError
    │   └─ DisclosureError
    ├─ UntrustedPresentationError     the shape is right, the content does not hold
    │   ├─ StateMismatchError · NonceMismatchError · AudienceMismatchError
    │   ├─ SignatureInvalidError · HolderBindingError · IssuerNotTrustedError
    │   ├─ TransactionDataMismatchError
    │   ├─ ExpiredError · NotYetValidError · StatusUnknownError · RevokedError
    │   └─ CredentialTypeError · QueryNotSatisfiedError
    └─ WalletRefusedError             a result, not a fault: access_denied …

Each class has a stable ``code``, safe to show and to store. Messages are for
engineers; they name claims and clauses, never values that came from a person.
"""

from typing import ClassVar


class Openid4vpError(Exception):
    """Root of all refusals; nothing else leaves the package for untrusted bytes."""

    code: ClassVar[str] = "openid4vp_error"


class InvalidRequestError(Openid4vpError):
    """The request to be sent breaks a rule of OpenID4VP 1.0 §5 or of this profile."""

    code = "invalid_request"


class InvalidQueryError(InvalidRequestError):
    """A DCQL query that OpenID4VP 1.0 §6 does not allow, or no wallet accepts."""

    code = "invalid_query"


class InvalidTransactionDataError(InvalidRequestError):
    """A transaction data string that a strict wallet would refuse."""

    code = "invalid_transaction_data"


class RequestSigningError(InvalidRequestError):
    """Certificate, client_id and signature of a request object do not fit."""

    code = "request_signing_failed"


class TransactionExpiredError(Openid4vpError):
    """The transaction is past ``expires_at``: nothing is signed or accepted for it."""

    code = "transaction_expired"


class MalformedResponseError(Openid4vpError):
    """The answer cannot be read as what OpenID4VP 1.0 §8 and RFC 9901 describe."""

    code = "malformed_response"


class MissingClaimError(MalformedResponseError):
    """A REQUIRED member is absent."""

    code = "missing_claim"

    def __init__(self, claim: str) -> None:
        super().__init__(f"{claim!r} is missing")
        self.claim = claim


class WrongClaimTypeError(MalformedResponseError):
    """A member has a JSON type the standard does not allow."""

    code = "wrong_claim_type"

    def __init__(self, claim: str, *, expected: str, got: object) -> None:
        super().__init__(f"{claim!r} must be {expected}, got {type(got).__name__}")
        self.claim = claim


class HeaderNotAllowedError(MalformedResponseError):
    """A JOSE header outside the fixed allow-list of algorithms, types and members."""

    code = "header_not_allowed"


class DecryptionError(MalformedResponseError):
    """The JWE was not made for this transaction's key, or was altered."""

    code = "response_not_decryptable"


class DisclosureError(MalformedResponseError):
    """A disclosure or digest that RFC 9901 §7.1 says MUST be rejected."""

    code = "disclosure_invalid"


class UntrustedPresentationError(Openid4vpError):
    """Well-formed, and not to be believed."""

    code = "untrusted_presentation"


class StateMismatchError(UntrustedPresentationError):
    """The answer belongs to another transaction."""

    code = "state_mismatch"


class NonceMismatchError(UntrustedPresentationError):
    """The holder proof is over another request: a replay."""

    code = "nonce_mismatch"


class AudienceMismatchError(UntrustedPresentationError):
    """The holder proof was made for another verifier: a relay."""

    code = "audience_mismatch"


class SignatureInvalidError(UntrustedPresentationError):
    """A signature does not verify with the only key it may verify with."""

    code = "signature_invalid"


class HolderBindingError(UntrustedPresentationError):
    """The presenter did not prove possession of the credential's key, now, for this."""

    code = "holder_binding_invalid"


class IssuerNotTrustedError(UntrustedPresentationError):
    """No path from the credential's certificate to a configured anchor."""

    code = "issuer_not_trusted"


class TransactionDataMismatchError(UntrustedPresentationError):
    """What was approved is not exactly what was asked."""

    code = "transaction_data_mismatch"


class ExpiredError(UntrustedPresentationError):
    """Past ``exp``."""

    code = "credential_expired"


class NotYetValidError(UntrustedPresentationError):
    """Before ``nbf``, or issued in the future."""

    code = "credential_not_yet_valid"


class StatusUnknownError(UntrustedPresentationError):
    """Whether the credential is revoked cannot be told; unknown means no."""

    code = "status_unknown"


class RevokedError(UntrustedPresentationError):
    """The status list says the credential is not valid."""

    code = "credential_revoked"


class CredentialTypeError(UntrustedPresentationError):
    """The ``vct`` is not one this query accepts."""

    code = "credential_type_not_accepted"


class QueryNotSatisfiedError(UntrustedPresentationError):
    """The answer does not contain exactly what the DCQL query asked for."""

    code = "query_not_satisfied"


class WalletRefusedError(Openid4vpError):
    """The wallet sent an error (OpenID4VP 1.0 §8.5). Unauthenticated: a hint only.

    ``error`` is a code of that clause or ``unrecognised``; ``description`` is cleaned,
    at most 200 characters, and still a stranger's text; ``encrypted`` says how it came.
    """

    code = "wallet_refused"

    def __init__(self, error: str, description: str | None, *, encrypted: bool) -> None:
        super().__init__(f"the wallet answered {error}")
        self.error = error
        self.description = description
        self.encrypted = encrypted

"""The credential issuer's front (OpenID4VCI 1.0): the SAM issues, this translates.

The key proof goes to the SAM as it came; nothing here verifies or signs anything.
Errors are those of §8.3.1.2 and §11.3, one class each.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.database import Database
from app.signers import store
from app.signers.access import Access, AccessRefusedError
from app.signers.offers import CONFIGURATION_ID
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

CREDENTIAL_IDENTIFIER: Final = "signing_pass"
MAX_PROOF: Final = 16 * 1024  # the SAM's own limit


class IssuanceError(Exception):
    """An OpenID4VCI error: ``code`` is its ``error`` member."""

    code: ClassVar[str]


class InvalidCredentialRequestError(IssuanceError):
    code = "invalid_credential_request"


class UnknownCredentialConfigurationError(IssuanceError):
    code = "unknown_credential_configuration"


class UnknownCredentialIdentifierError(IssuanceError):
    code = "unknown_credential_identifier"


class InvalidProofError(IssuanceError):
    code = "invalid_proof"


class InvalidNonceError(IssuanceError):
    code = "invalid_nonce"


class InvalidEncryptionParametersError(IssuanceError):
    code = "invalid_encryption_parameters"


class CredentialRequestDeniedError(IssuanceError):
    code = "credential_request_denied"


class InvalidNotificationIdError(IssuanceError):
    code = "invalid_notification_id"


class InvalidNotificationRequestError(IssuanceError):
    code = "invalid_notification_request"


Proof = Annotated[str, Field(min_length=1, max_length=MAX_PROOF)]


class Proofs(BaseModel):
    """§8.2: exactly one proof type, and one key: a person has one pass at a time.

    ``attestation`` and ``jwt`` need no label on their way to the SAM: their ``typ``
    tells them apart, and it is signed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    jwt: list[Proof] = Field(default=[], max_length=1)
    attestation: list[Proof] = Field(default=[], max_length=1)


class CredentialRequest(BaseModel):
    """§8.2. Members we do not know are ignored, as extensions may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    credential_configuration_id: str | None = None
    credential_identifier: str | None = None
    proofs: dict[str, Any] | None = None
    credential_response_encryption: Any = None


class Notification(BaseModel):
    """§11.1."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    notification_id: str
    event: Literal["credential_accepted", "credential_failure", "credential_deleted"]


def parse_credential_request(body: bytes, *, by_identifier: bool) -> Proofs:
    """The proofs of a request for a signing pass, or the error of §8.3.1.2."""
    try:
        request = CredentialRequest.model_validate_json(body)
    except ValidationError as error:
        raise InvalidCredentialRequestError("not a credential request") from error
    _check_name(request, by_identifier=by_identifier)
    if request.credential_response_encryption is not None:
        raise InvalidEncryptionParametersError("encryption is not supported")
    try:
        proofs = Proofs.model_validate(request.proofs)
    except ValidationError as error:
        raise InvalidProofError("exactly one proof") from error
    if len(proofs.jwt) + len(proofs.attestation) != 1:
        raise InvalidProofError("exactly one proof of one type")
    return proofs


def _check_name(request: CredentialRequest, *, by_identifier: bool) -> None:
    identifier = request.credential_identifier
    configuration = request.credential_configuration_id
    if (identifier is None) == (configuration is None):
        raise InvalidCredentialRequestError("one name of the credential is needed")
    if identifier is not None:
        if not by_identifier or identifier != CREDENTIAL_IDENTIFIER:
            raise UnknownCredentialIdentifierError("not one of this token's")
        return
    if by_identifier:
        raise InvalidCredentialRequestError("the token names credential_identifiers")
    if configuration != CONFIGURATION_ID:
        raise UnknownCredentialConfigurationError("not a configuration of ours")


class Issuance:
    def __init__(
        self, sam: SamClient, database: Database, clock: Callable[[], datetime]
    ) -> None:
        self._sam = sam
        self._database = database
        self._clock = clock

    def nonce(self) -> m.PassNonce:
        return self._sam.pass_nonce()

    def issue(self, access: Access, body: bytes) -> str:
        proofs = parse_credential_request(body, by_identifier=access.by_identifier)
        if proofs.attestation and not self._takes_attestations():
            raise InvalidProofError("the proof type is not supported")
        (proof,) = proofs.jwt or proofs.attestation
        try:
            issued = self._sam.issue_pass(
                m.IssuePass(handle=access.handle, proof=proof)
            )
        except sam_errors.ProofRefusedError as error:
            raise InvalidProofError("the SAM refused the proof") from error
        except sam_errors.NonceRefusedError as error:
            raise InvalidNonceError("the c_nonce is unknown, old or used") from error
        except sam_errors.UnknownHandleError as error:
            raise AccessRefusedError("the identification is over") from error
        except (
            sam_errors.PassAlreadyIssuedError,
            sam_errors.NotGrantedError,
        ) as error:
            raise CredentialRequestDeniedError(error.code) from error
        return issued.credential

    def notified(self, access: Access, body: bytes) -> None:
        """§11: recorded, for the person's page; nothing else follows from it."""
        try:
            said = Notification.model_validate_json(body)
        except ValidationError as error:
            raise InvalidNotificationRequestError("not a notification") from error
        if said.notification_id != access.notification_id:
            raise InvalidNotificationIdError("not the one of this token's pass")
        with self._database.write() as db:
            store.record_wallet_event(db, access.tx, said.event, self._clock())

    def _takes_attestations(self) -> bool:
        return self._sam.info().key_attestation is not m.KeyAttestationPolicy.OFF

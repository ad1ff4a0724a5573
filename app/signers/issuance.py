"""The credential issuer's front (OpenID4VCI 1.0): the SAM issues, this translates.

The key proof goes to the SAM as it came; nothing here verifies or signs anything.
Errors are those of §8.3.1.2, one class each.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.signers.offers import CONFIGURATION_ID
from sam import errors as sam_errors
from sam import messages as m
from sam.client import SamClient

MAX_PROOF: Final = 16 * 1024


class CredentialError(Exception):
    """An OpenID4VCI error: ``code`` is its ``error`` member."""

    code: ClassVar[str]
    status: ClassVar[int] = 400


class InvalidCredentialRequestError(CredentialError):
    code = "invalid_credential_request"


class UnknownCredentialConfigurationError(CredentialError):
    code = "unknown_credential_configuration"


class UnknownCredentialIdentifierError(CredentialError):
    code = "unknown_credential_identifier"


class InvalidProofError(CredentialError):
    code = "invalid_proof"


class InvalidNonceError(CredentialError):
    code = "invalid_nonce"


class CredentialRequestDeniedError(CredentialError):
    code = "credential_request_denied"


class InvalidTokenError(CredentialError):
    """RFC 6750 §3.1."""

    code = "invalid_token"
    status = 401


class Proofs(BaseModel):
    """§8.2: exactly one proof type, and we support ``jwt`` with one key."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    jwt: list[Annotated[str, Field(min_length=1, max_length=MAX_PROOF)]] = Field(
        min_length=1, max_length=1
    )


class CredentialRequest(BaseModel):
    """§8.2. Members we do not know are ignored, as extensions may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    credential_configuration_id: str | None = None
    credential_identifier: str | None = None
    proofs: dict[str, Any] | None = None
    credential_response_encryption: None = None


def parse_credential_request(body: bytes) -> str:
    """The key proof of a request for a signing pass, or the error of §8.3.1.2."""
    try:
        request = CredentialRequest.model_validate_json(body)
    except ValidationError as error:
        raise InvalidCredentialRequestError("not a credential request") from error
    if request.credential_identifier is not None:
        raise UnknownCredentialIdentifierError("none were issued")
    if request.credential_configuration_id is None:
        raise InvalidCredentialRequestError("credential_configuration_id is missing")
    if request.credential_configuration_id != CONFIGURATION_ID:
        raise UnknownCredentialConfigurationError(CONFIGURATION_ID)
    try:
        return Proofs.model_validate(request.proofs).jwt[0]
    except ValidationError as error:
        raise InvalidProofError("exactly one proof of type jwt") from error


class Issuance:
    def __init__(self, sam: SamClient, base_url: str) -> None:
        self._sam = sam
        self._base_url = base_url

    def nonce(self) -> m.PassNonce:
        return self._sam.pass_nonce()

    def issue(self, handle: str, body: bytes) -> str:
        proof = parse_credential_request(body)
        try:
            issued = self._sam.issue_pass(m.IssuePass(handle=handle, proof=proof))
        except sam_errors.ProofRefusedError as error:
            raise InvalidProofError("the SAM refused the proof") from error
        except sam_errors.NonceRefusedError as error:
            raise InvalidNonceError("the c_nonce is unknown, old or used") from error
        except sam_errors.UnknownHandleError as error:
            raise InvalidTokenError("the identification is over") from error
        except (
            sam_errors.PassAlreadyIssuedError,
            sam_errors.NotGrantedError,
        ) as error:
            raise CredentialRequestDeniedError(error.code) from error
        return issued.credential

    def issuer_metadata(self) -> Mapping[str, object]:
        """§12.2.4."""
        return {
            "credential_issuer": self._base_url,
            "credential_endpoint": f"{self._base_url}/oid4vci/credential",
            "nonce_endpoint": f"{self._base_url}/oid4vci/nonce",
            "display": [{"name": "Signing service (TEST)", "locale": "en"}],
            "credential_configurations_supported": {
                CONFIGURATION_ID: _configuration(self._sam.info().pass_type)
            },
        }

    def type_metadata(self) -> Mapping[str, object]:
        """SD-JWT VC type metadata, served under the URL that is the vct."""
        return {
            "vct": self._sam.info().pass_type,
            "name": "Signing pass",
            "description": "Approves single documents at the signing service (TEST).",
            "display": [{"locale": "en", "name": "Signing pass (TEST)"}],
            "claims": [
                {"path": ["purpose_of_use"], "sd": "never"},
                {"path": ["pass_id"], "sd": "never"},
            ],
        }


ES256: Literal["ES256"] = "ES256"


def _configuration(vct: str) -> dict[str, object]:
    return {
        "format": "dc+sd-jwt",
        "vct": vct,
        "scope": CONFIGURATION_ID,
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": [ES256],
        "proof_types_supported": {
            "jwt": {"proof_signing_alg_values_supported": [ES256]}
        },
        "credential_metadata": {
            "display": [{"name": "Signing pass (TEST)", "locale": "en"}],
        },
    }

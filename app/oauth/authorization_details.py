"""``authorization_details`` (RFC 9396) of type ``openid_credential``.

OpenID4VCI 1.0 §5.1.1. There is one credential to ask for, so one entry or none. A
token asked for in this way names the credential by identifier (§6.2), and then the
credential request must too.
"""

from typing import Annotated, Final, Literal

from authlib.oauth2.rfc6749.errors import OAuth2Error
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.signers.issuance import CREDENTIAL_IDENTIFIER
from app.signers.offers import CONFIGURATION_ID

TYPE: Final = "openid_credential"
MAX_LENGTH: Final = 4096


class InvalidAuthorizationDetailsError(OAuth2Error):  # type: ignore[misc]
    """RFC 9396 §5."""

    error = "invalid_authorization_details"


class Detail(BaseModel):
    """Fields we do not know are no fault (§5.1.1); ``claims`` we do not select."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    type: Literal["openid_credential"]
    credential_configuration_id: Literal["signing_pass"]


_ONE = TypeAdapter(Annotated[list[Detail], Field(min_length=1, max_length=1)])


def asks_by_identifier(text: str | None) -> bool:
    """Whether the pass is asked for in this way; the error of RFC 9396 otherwise."""
    if text is None:
        return False
    if len(text) > MAX_LENGTH:
        raise InvalidAuthorizationDetailsError("authorization_details is too long")
    try:
        _ONE.validate_json(text)
    except ValidationError as error:
        raise InvalidAuthorizationDetailsError(
            f"one entry of type {TYPE} for {CONFIGURATION_ID}"
        ) from error
    return True


def granted() -> list[dict[str, object]]:
    """The member of the token response (§6.2)."""
    return [
        {
            "type": TYPE,
            "credential_configuration_id": CONFIGURATION_ID,
            "credential_identifiers": [CREDENTIAL_IDENTIFIER],
        }
    ]

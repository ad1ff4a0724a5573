"""A person's own credentials, by handle: nobody else can be named here."""

import hmac
from typing import Final

from cryptography import x509

from sam import errors as refused
from sam import handle_store
from sam import messages as m
from sam.credentials import rows
from sam.credentials.record import AlteredCredentialError, Credential, State
from sam.credentials.schemes import SCHEMES_OF
from sam.module import Sam
from sam.service_keys import base64_der

LISTED: Final = 50


def list_credentials(sam: Sam, call: m.ListCredentials) -> m.Credentials:
    """The latest credentials of whoever the handle is, the youngest first."""
    signer_id = _signer_of(sam, call.handle)
    with sam.database.begin() as connection:
        ids = rows.ids_of(connection, signer_id, LISTED)
    found = [_loaded(sam, each) for each in ids]
    return m.Credentials(
        credentials=tuple(told(sam, each) for each in found if each is not None)
    )


def owned(sam: Sam, handle: str, credential_id: str) -> Credential:
    """The credential, if it is this handle's person's.

    Raises ``UnknownCredentialError`` if it is not: another's and none look alike.
    """
    credential = of_signer(sam, _signer_of(sam, handle), credential_id)
    if credential is None or credential.state == State.DELETED:
        raise refused.UnknownCredentialError("none of this person's credentials")
    return credential


def of_signer(sam: Sam, signer_id: bytes, credential_id: str) -> Credential | None:
    credential = _loaded(sam, credential_id)
    if credential is None:
        return None
    mine = hmac.compare_digest(credential.signer_id, signer_id)
    return credential if mine else None


def require_active(sam: Sam, credential: Credential) -> None:
    state = told(sam, credential).state
    if state != m.CredentialState.ACTIVE:
        raise refused.CredentialEndedError(f"the credential is {state}")


def told(sam: Sam, credential: Credential) -> m.HeldCredential:
    leaf = x509.load_der_x509_certificate(credential.chain[0])
    return m.HeldCredential(
        credential_id=credential.credential_id,
        state=_state(sam, credential, leaf),
        algorithm=credential.algorithm,
        schemes=SCHEMES_OF[credential.algorithm],
        created_at=credential.created_at,
        expires_at=leaf.not_valid_after_utc,
        replaces=credential.replaces,
        certificate_chain=tuple(
            base64_der(x509.load_der_x509_certificate(der)) for der in credential.chain
        ),
    )


def _state(
    sam: Sam, credential: Credential, leaf: x509.Certificate
) -> m.CredentialState:
    if credential.state == State.ACTIVE and leaf.not_valid_after_utc <= sam.clock():
        return m.CredentialState.EXPIRED
    return m.CredentialState(credential.state.value)


def _loaded(sam: Sam, credential_id: str) -> Credential | None:
    try:
        return rows.load(sam, credential_id)
    except AlteredCredentialError as error:
        raise refused.CredentialAlteredError(str(error)) from error


def _signer_of(sam: Sam, handle: str) -> bytes:
    with sam.database.begin() as connection:
        row = handle_store.handle_row(connection, handle, sam.clock())
    if row is None:
        raise refused.UnknownHandleError("no such handle, or its time is over")
    signer_id: bytes = row.signer_id
    return signer_id

"""End a credential for good: the key is destroyed, the certificate revoked.

The blob is the only thing that is left of the key, so the key ends with it: it is
overwritten in the commit that ends the credential. In that commit the SAM revokes the
certificate too; the CA is told after it (``sam.revocation``).
"""

from dataclasses import replace
from typing import Final

from cryptography import x509
from sqlalchemy import Connection

from sam import audit, revocation
from sam import errors as refused
from sam import messages as m
from sam.credentials import ledger, listing, rows
from sam.credentials.record import Credential, State
from sam.module import Sam

REASONS: Final = {
    m.RevocationReason.UNSPECIFIED: x509.ReasonFlags.cessation_of_operation,
    m.RevocationReason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    m.RevocationReason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
    m.RevocationReason.SUPERSEDED: x509.ReasonFlags.superseded,
    m.RevocationReason.CESSATION: x509.ReasonFlags.cessation_of_operation,
}
_EVENTS: Final = {
    State.REVOKED: audit.Event.CREDENTIAL_REVOKED,
    State.REPLACED: audit.Event.CREDENTIAL_REPLACED,
    State.DELETED: audit.Event.CREDENTIAL_DELETED,
}


def revoke_credential(sam: Sam, call: m.RevokeCredential) -> m.EndedCredential:
    """In force when this returns; once more changes nothing.

    Raises ``UnknownCredentialError`` if it is none of this person's.
    """
    credential = listing.owned(sam, call.handle, call.credential_id)
    if credential.state == State.ACTIVE:
        _end(sam, credential, State.REVOKED, REASONS[call.reason])
    return m.EndedCredential(credential_id=call.credential_id)


def delete_credential(sam: Sam, call: m.DeleteCredential) -> m.EndedCredential:
    """The key is gone and the person's name with it; the row says only that it was.

    Raises as ``revoke_credential``: also once it is deleted.
    """
    credential = listing.owned(sam, call.handle, call.credential_id)
    _end(sam, credential, State.DELETED, x509.ReasonFlags.cessation_of_operation)
    return m.EndedCredential(credential_id=call.credential_id)


def change(
    sam: Sam, credential: Credential, state: State, reason: x509.ReasonFlags
) -> ledger.Change:
    """How ``credential`` ends, to be recorded; ``OvertakenError`` if it did before."""
    ended = replace(
        credential,
        state=state,
        blob=b"",
        chain=() if state == State.DELETED else credential.chain,
        version=credential.version + 1,
    )

    def write(connection: Connection, mac: bytes) -> None:
        rows.replace(connection, ended, mac)
        revocation.record(connection, credential.chain, reason, now=sam.clock())

    return ledger.Change(
        credential=ended,
        event=_EVENTS[state],
        write=write,
        detail={"reason": reason.value},
    )


def _end(
    sam: Sam, credential: Credential, state: State, reason: x509.ReasonFlags
) -> None:
    """Raises ``CredentialEndedError`` if another call changed it in between."""
    try:
        ledger.record(sam, change(sam, credential, state, reason))
    except rows.OvertakenError as error:
        raise refused.CredentialEndedError("it was changed in between") from error
    revocation.tell_the_ca(sam)

"""Make a credential, once per identification; or make one in the place of an older.

    1. the handle is known, fresh, and was granted a credential
    2. the row, before the key
    3. the key: made, wrapped and destroyed on the device in one call
    4. its certificate, requested here for the identified subject, then checked
    5. row, ledger entry and audit record in one commit; of a renewed one the end, too

The same handle gets the same credential again. What fails after 2 leaves nothing; a
process that dies there leaves a row without a key, which ``sweep`` removes. A
certificate for a key that did not come to be is revoked, if anybody is left to do it.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Final

from cryptography import x509
from sqlalchemy import Row

from hsm.key_ids import KeyId
from hsm.wrapped import WrappedKey
from sam import audit, certificates, handle_store, revocation, store
from sam import errors as refused
from sam import messages as m
from sam.algorithms.policy import Use
from sam.credentials import ending, ledger, listing, rows
from sam.credentials.record import POLICY, Credential, State
from sam.credentials.schemes import (
    ALGORITHMS,
    CSR_SCHEMES,
    SCHEMES_OF,
    device_scheme,
)
from sam.module import Sam

HALF_MADE_AFTER: Final = timedelta(minutes=10)
_ID_BYTES: Final = 16


def make_credential(sam: Sam, call: m.MakeCredential) -> m.HeldCredential:
    """Raises ``CredentialAlreadyMadeError`` if the handle made another one."""
    return _make(sam, call, replaced=None)


def renew_credential(sam: Sam, call: m.RenewCredential) -> m.HeldCredential:
    """A new key and certificate; from the same moment on the older one has ended.

    Raises ``UnknownCredentialError`` if it is none of this person's,
    ``CredentialEndedError`` if it cannot be used any more.
    """
    replaced = listing.owned(sam, call.handle, call.credential_id)
    return _make(sam, call, replaced=replaced)


def sweep(sam: Sam) -> None:
    """Forget what nobody is making any more; the device holds nothing of it."""
    with sam.database.begin() as connection:
        rows.forget_planned(connection, sam.clock() - HALF_MADE_AFTER)


def _make(
    sam: Sam, call: m.MakeCredential | m.RenewCredential, replaced: Credential | None
) -> m.HeldCredential:
    handle = _granted(sam, call.handle)
    replaces = None if replaced is None else replaced.credential_id
    made = _made_by(sam, call, replaces)
    if made is not None:
        return listing.told(sam, made)
    if replaced is not None:
        listing.require_active(sam, replaced)
    algorithm = _algorithm(sam, call.algorithm)
    credential_id = secrets.token_urlsafe(_ID_BYTES)
    sam.fault("before-credential-plan")
    try:
        with sam.database.begin() as connection:  # 2
            rows.plan(
                connection,
                credential_id,
                handle=call.handle,
                signer_id=handle.signer_id,
                algorithm=algorithm,
                replaces=replaces,
                now=sam.clock(),
            )
    except store.OnceOnlyError as error:
        raise _already_made() from error
    sam.fault("after-credential-plan")
    try:
        made = _keyed(sam, credential_id, handle, algorithm, replaced)
    except Exception:
        with sam.database.begin() as connection:
            rows.forget(connection, credential_id)
        raise
    return listing.told(sam, made)


def _algorithm(sam: Sam, asked: m.CredentialAlgorithm | None) -> m.CredentialAlgorithm:
    """Raises ``AlgorithmEndedError`` if the policy accepts no key of that kind."""
    now = sam.clock()
    if asked is None:
        return m.CredentialAlgorithm(sam.algorithms.for_a_new_key(now)[0].value)
    scheme = device_scheme(SCHEMES_OF[asked][0])
    sam.algorithms.require_scheme(ALGORITHMS[asked], scheme, now)
    return asked


def _keyed(
    sam: Sam,
    credential_id: str,
    handle: Row[Any],
    algorithm: m.CredentialAlgorithm,
    replaced: Credential | None,
) -> Credential:
    sam.tally.signer_key_operations += 1
    sam.fault("before-credential-key")
    wrapped = sam.device.generate_wrapped_key(ALGORITHMS[algorithm])  # 3
    sam.fault("after-credential-key")
    sam.fault("before-credential-certificate")
    chain = _certified(sam, credential_id, handle.subject, wrapped, algorithm)  # 4
    sam.fault("after-credential-certificate")
    made = Credential(
        credential_id=credential_id,
        signer_id=handle.signer_id,
        state=State.ACTIVE,
        algorithm=algorithm,
        policy=POLICY,
        created_at=sam.clock(),
        replaces=None if replaced is None else replaced.credential_id,
        public_key=wrapped.public_key,
        blob=wrapped.blob,
        wrapping_key=KeyId(wrapped.wrapping_key),
        chain=chain,
        version=1,
    )
    try:
        _record(sam, made, replaced, handle.tx)  # 5
    except Exception:
        _take_back(sam, chain)
        raise
    if replaced is not None:
        revocation.tell_the_ca(sam)
    return made


def _record(sam: Sam, made: Credential, replaced: Credential | None, tx: str) -> None:
    change = ledger.Change(
        credential=made,
        event=audit.Event.CREDENTIAL_MADE,
        write=lambda connection, mac: rows.replace(connection, made, mac),
        detail={
            "tx": tx,
            "algorithm": made.algorithm.value,
            "replaces": made.replaces,
            "public_key_sha256": hashlib.sha256(made.public_key).hexdigest(),
            "certificate_sha256": hashlib.sha256(made.chain[0]).hexdigest(),
        },
    )
    ends = [] if replaced is None else [_replaced(sam, replaced)]
    try:
        ledger.record(sam, change, *ends)
    except rows.OvertakenError as error:
        raise refused.CredentialEndedError("it, or the older one, ended") from error


def _replaced(sam: Sam, older: Credential) -> ledger.Change:
    return ending.change(sam, older, State.REPLACED, x509.ReasonFlags.superseded)


def _take_back(sam: Sam, chain: tuple[bytes, ...]) -> None:
    with sam.database.begin() as connection:
        revocation.record(
            connection,
            chain,
            x509.ReasonFlags.cessation_of_operation,
            now=sam.clock(),
        )


def _certified(
    sam: Sam,
    credential_id: str,
    subject: bytes,
    wrapped: WrappedKey,
    algorithm: m.CredentialAlgorithm,
) -> tuple[bytes, ...]:
    scheme = CSR_SCHEMES[algorithm]

    def sign(info: bytes) -> bytes:
        sam.tally.signer_key_operations += 1
        digest = hashlib.new(scheme.hash_name, info).digest()
        return sam.device.sign_with_wrapped_key(wrapped, scheme.scheme, [digest])[0]

    request = certificates.request(
        subject, wrapped.public_key, sign, algorithm=scheme.csr_algorithm
    )
    number = int.from_bytes(hashlib.sha256(credential_id.encode()).digest()[:16], "big")
    answered = sam.issuer.certify(request, number, lasting=True)
    try:
        chain = certificates.chain_of(answered, wrapped.public_key)
        certificates.check(
            chain,
            subject=subject,
            public_key=wrapped.public_key,
            anchor=sam.ca_anchor,
            now=sam.clock(),
        )
        path = (*chain, sam.ca_anchor)
        sam.algorithms.require_path(Use.ISSUING, path, sam.clock())
    except certificates.UnfitCertificateError as error:
        raise refused.SamUnavailableError(
            "the CA certified something other than what was asked"
        ) from error
    return chain


def _granted(sam: Sam, handle: str) -> Row[Any]:
    with sam.database.begin() as connection:
        row = handle_store.handle_row(connection, handle, sam.clock())
    if row is None:
        raise refused.UnknownHandleError("no such handle, or its time is over")
    if m.Grant.CREDENTIAL not in row.grants or row.subject is None:
        raise refused.NotGrantedError("the identification was not for a credential")
    return row


def _made_by(
    sam: Sam, call: m.MakeCredential | m.RenewCredential, replaces: str | None
) -> Credential | None:
    """What the very same call made before; None if the handle made nothing yet."""
    with sam.database.begin() as connection:
        row = rows.of_handle(connection, call.handle)
    if row is None:
        return None
    made = rows.load(sam, row.credential_id)
    if made is None or made.state != State.ACTIVE:
        raise _already_made()
    if made.replaces != replaces or call.algorithm not in (None, made.algorithm):
        raise _already_made()
    return made


def _already_made() -> refused.CredentialAlreadyMadeError:
    return refused.CredentialAlreadyMadeError("a handle makes one credential")

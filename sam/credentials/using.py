"""Sign with a credential: what ``sam.ceremony`` is for a one-time key.

    1. the row: its MAC holds and the ledger knows nothing newer
    2. it is the credential that was approved, and its owner is who approved
    3. it is active, and its algorithm still accepted
    4. its certificate: of this key and this subject, in time, and not revoked
    5. the signed attributes, from the stored digests and this certificate
    6. the intent: every dtbsr, before the first is signed
    7. unwrap, sign all, destroy, prove it gone: one call of the device
    8. verify each signature

1 to 4 are done before the blob is handed to the device at all.
"""

import hmac
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from hsm.errors import DeviceRefusedError
from hsm.verifying import require_signature
from openid4vp.transaction_data import signing_credential_of
from sam import audit, certificates, revocation
from sam import errors as refused
from sam import messages as m
from sam.ceremony import CeremonyError, Signed, intend
from sam.credentials import listing, rows
from sam.credentials.record import AlteredCredentialError, Credential, State
from sam.credentials.schemes import ALGORITHMS, SCHEMES_OF, device_scheme, hash_name
from sam.dtbs import SignedAttributes, signed_attributes
from sam.module import Sam


def chosen_scheme(
    sam: Sam,
    signer_id: bytes | None,
    credential_id: str,
    asked: m.SignatureScheme | None,
) -> m.SignatureScheme:
    """How the credential would sign, if this signer may have a document signed with it.

    For ``open_sign``: what it refuses here is refused again at the end. Raises
    ``UnknownCredentialError``, ``CredentialEndedError`` or ``MalformedCallError``.
    """
    mine = signer_id and listing.of_signer(sam, signer_id, credential_id)
    if not mine or mine.state == State.DELETED:
        raise refused.UnknownCredentialError("none of this person's credentials")
    listing.require_active(sam, mine)
    schemes = SCHEMES_OF[mine.algorithm]
    if asked is not None and asked not in schemes:
        raise refused.MalformedCallError("the credential does not sign so")
    scheme = asked or schemes[0]
    _require_accepted(sam, mine, scheme)
    return scheme


def require_algorithm(sam: Sam, credential_id: str, scheme: str) -> None:
    """Raises ``AlgorithmEndedError`` if the credential may not sign by it any more."""
    try:
        credential = rows.load(sam, credential_id)
    except AlteredCredentialError:
        return  # ``perform`` refuses it, and says so in the log
    if credential is not None:
        _require_accepted(sam, credential, m.SignatureScheme(scheme))


def _require_accepted(
    sam: Sam, credential: Credential, scheme: m.SignatureScheme
) -> None:
    algorithm = ALGORITHMS[credential.algorithm]
    sam.algorithms.require_scheme(algorithm, device_scheme(scheme), sam.clock())


def claim_session(
    sam: Sam, connection: Connection, credential_id: str, tx: str
) -> None:
    """``tx`` voids every other transaction of the credential that does not sign yet."""
    for voided in rows.begin_session(connection, credential_id, tx):
        audit.append(
            connection,
            audit.Event.TRANSACTION_CLOSED,
            now=sam.clock(),
            tx=voided,
            reason="superseded",
        )


def perform(sam: Sam, row: Row[Any], documents: Sequence[Row[Any]]) -> Signed:
    """All signatures, or a ``CeremonyError``, ``NotGoodError`` or ``HsmError``."""
    credential = _loaded(sam, row.credential_id)  # 1
    scheme = m.SignatureScheme(row.scheme)
    _require_approved(row, credential)  # 2
    _require_usable(sam, credential, scheme)  # 3
    _require_certificate(sam, row, credential)  # 4
    name = hash_name(scheme)
    attributes = [  # 5
        signed_attributes(d.message_digest or d.sdr, credential.chain[0], name)
        for d in documents
    ]
    intend(sam, row, attributes)  # 6
    sam.fault("before-signature")
    signatures = _signatures(sam, credential, scheme, attributes)  # 7
    _verify(credential, scheme, attributes, signatures)  # 8
    sam.fault("after-signature")
    return Signed(
        key_id=None,
        credential_id=credential.credential_id,
        scheme=scheme,
        chain=credential.chain,
        attributes=attributes,
        signatures=signatures,
    )


def _loaded(sam: Sam, credential_id: str) -> Credential:
    try:
        credential = rows.load(sam, credential_id)
    except AlteredCredentialError as error:
        raise CeremonyError(error.code) from error
    if credential is None:
        raise CeremonyError("credential_unknown")
    return credential


def _require_approved(row: Row[Any], credential: Credential) -> None:
    """The wallet was shown one credential; the row of the transaction may say another
    by now (csc-sam checks 24 and 27)."""
    if signing_credential_of(row.transaction_data) != credential.credential_id:
        raise CeremonyError("another_credential_approved")
    if not hmac.compare_digest(credential.signer_id, row.signer_id):
        raise CeremonyError("credential_of_another_signer")


def _require_usable(
    sam: Sam, credential: Credential, scheme: m.SignatureScheme
) -> None:
    if credential.state != State.ACTIVE or not credential.blob:
        raise CeremonyError(f"credential_{credential.state.value}")
    _require_accepted(sam, credential, scheme)


def _require_certificate(sam: Sam, row: Row[Any], credential: Credential) -> None:
    now = sam.clock()
    certificates.check(
        credential.chain,
        subject=row.subject,
        public_key=credential.public_key,
        anchor=sam.ca_anchor,
        now=now,
    )
    revocation.still_good(sam, credential.chain, now)


def _signatures(
    sam: Sam,
    credential: Credential,
    scheme: m.SignatureScheme,
    attributes: list[SignedAttributes],
) -> list[bytes]:
    sam.tally.signer_key_operations += len(attributes)
    digests = [each.dtbsr for each in attributes]
    signed = sam.device.sign_with_wrapped_key(
        credential.wrapped, device_scheme(scheme), digests
    )
    return list(signed)


def _verify(
    credential: Credential,
    scheme: m.SignatureScheme,
    attributes: list[SignedAttributes],
    signatures: list[bytes],
) -> None:
    """A wrong signature from the device never leaves (csc-sam check 40)."""
    for each, signature in zip(attributes, signatures, strict=True):
        try:
            require_signature(
                credential.public_key, device_scheme(scheme), each.dtbsr, signature
            )
        except DeviceRefusedError:
            raise CeremonyError("device_signature_wrong") from None

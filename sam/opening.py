"""Open a transaction: what is asked is fixed here, before any wallet is involved.

Nonce, response key, query, label, code and transaction data are made by the SAM; the
caller gives grants, or the prepared files themselves. From here on the transaction's
purpose, grants and digests never change.
"""

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from openid4vp import dc_api
from openid4vp.dcql import DcqlQuery
from openid4vp.profile import Dialect, Profile
from openid4vp.request import Transaction, begin
from openid4vp.transaction_data import DocumentDigest, QesApprovalRequest
from sam import approvals, asking, audit, handle_store, identification_alone, store
from sam import errors as refused
from sam import messages as m
from sam.additions import UnfitDocumentError
from sam.config import REQUEST_LIFETIME
from sam.credentials import using
from sam.credentials.schemes import hash_name
from sam.labels import document_code, label
from sam.module import Sam
from sam.prepared import Digests, digest

QUALIFIER = "eu_eidas_aes"  # eu_eidas_qes belongs to production mode


def open_identify(sam: Sam, call: m.OpenIdentify) -> m.Opened:
    profile = asking.profile_named(sam, call.profile)
    if call.alone:
        purpose, query = m.Purpose.IDENTIFY_ALONE, identification_alone.query_of(sam)
    else:
        purpose = m.Purpose.IDENTIFY
        query = asking.identification_query(sam, profile, call.match_rules)
    begin_so = _begin_in_browser if call.dc_api else _begin
    tx, asked = begin_so(sam, query, profile, purpose)
    sam.fault("before-opening")
    with sam.database.begin() as connection:
        store.add_transaction(
            connection,
            _columns(tx, asked)
            | {
                "purpose": purpose,
                "grants": [grant.value for grant in call.grants],
                "match_rules": [rule.model_dump() for rule in call.match_rules],
            },
        )
        _opened(sam, connection, tx, purpose, profile)
    sam.fault("after-opening")
    return m.Opened(**_told(tx, asked))


def open_sign(
    sam: Sam, call: m.OpenSign, read: Callable[[int], bytes]
) -> m.SigningOpened:
    """``read`` yields the prepared files one after the other."""
    profile = asking.profile_named(sam, call.profile)
    signer = _signer_of(sam, call.handle)
    scheme = _scheme(sam, call, signer)
    hashed_by = "sha256" if scheme is None else hash_name(scheme)
    try:
        digests = [digest(each, read, hashed_by) for each in call.documents]
    except UnfitDocumentError as error:
        raise refused.MalformedCallError(str(error)) from error
    if read(1):
        raise refused.MalformedCallError("more bytes than the documents state")
    query = asking.approval_query(sam, profile)
    tx, asked = _begin(sam, query, profile, m.Purpose.SIGN)
    listed = [
        _listed(document.name, found, asked.nonce, private=call.purpose == "private")
        for document, found in zip(call.documents, digests, strict=True)
    ]
    request = _approval_request(listed, profile.transaction_data, call.credential)
    asked = asked.with_transaction_data(request)
    sam.fault("before-opening")
    with sam.database.begin() as connection:
        store.add_transaction(
            connection,
            _columns(tx, asked)
            | {
                "purpose": m.Purpose.SIGN,
                "grants": [],
                "match_rules": [],
                "expected_signer": signer,
                "purpose_of_use": call.purpose,
                "terms_version": call.terms_version,
                "transaction_data": asked.transaction_data[0],
                "credential_id": call.credential,
                "scheme": scheme,
            },
            [
                _row(*document)
                for document in zip(call.documents, listed, digests, strict=True)
            ],
        )
        if call.credential is not None:
            using.claim_session(sam, connection, call.credential, tx)
        _opened(sam, connection, tx, m.Purpose.SIGN, profile)
    sam.fault("after-opening")
    return m.SigningOpened(
        **_told(tx, asked),
        documents=tuple(listed),
        transaction_data=asked.transaction_data[0],
    )


def _begin(
    sam: Sam, query: DcqlQuery, profile: Profile, purpose: m.Purpose
) -> tuple[str, Transaction]:
    tx = secrets.token_urlsafe(24)
    asked = begin(
        client_id=sam.client_id_for(profile),
        response_uri=f"{sam.config.base_url}/oid4vp/response/{tx}",
        query=query,
        lifetime=REQUEST_LIFETIME,
        now=sam.clock(),
    )
    return tx, asking.in_the_manner_of(profile, asked, sam, purpose)


def _begin_in_browser(
    sam: Sam, query: DcqlQuery, profile: Profile, purpose: m.Purpose
) -> tuple[str, Transaction]:
    """The origin is our own by the settings, whoever calls."""
    if not sam.config.dc_api:
        raise refused.NotOfferedError("the Digital Credentials API is off")
    asked = dc_api.begin(
        client_id=sam.client_id_for(profile),
        origin=dc_api.origin_of(sam.config.base_url),
        query=query,
        lifetime=REQUEST_LIFETIME,
        now=sam.clock(),
    )
    asked = asking.in_the_manner_of(profile, asked, sam, purpose)
    return secrets.token_urlsafe(24), asked


def _told(tx: str, asked: Transaction) -> dict[str, Any]:
    return {
        "tx": tx,
        "client_id": asked.client_id,
        "expires_at": asked.expires_at,
        "link_scheme": asked.profile.link_scheme,
        "request_uri_method": asked.profile.request_uri_method,
    }


def _columns(tx: str, asked: Transaction) -> dict[str, object]:
    return {
        "tx": tx,
        "created_at": asked.created_at,
        "expires_at": asked.expires_at,
        "protocol": asked.to_json(),
        "client_id": asked.client_id,
        "nonce": asked.nonce,
    }


def _opened(
    sam: Sam, connection: Connection, tx: str, purpose: m.Purpose, profile: Profile
) -> None:
    audit.append(
        connection,
        audit.Event.TRANSACTION_OPENED,
        now=sam.clock(),
        tx=tx,
        purpose=purpose.value,
        profile=profile.name,
    )


def _signer_of(sam: Sam, handle: str | None) -> bytes | None:
    if handle is None:
        return None
    with sam.database.begin() as connection:
        row = handle_store.handle_row(connection, handle, sam.clock())
    if row is None:
        raise refused.UnknownHandleError("no such handle, or its time is over")
    signer: bytes = row.signer_id
    return signer


def _scheme(
    sam: Sam, call: m.OpenSign, signer: bytes | None
) -> m.SignatureScheme | None:
    """How the chosen credential signs; None if a key is made for this signature."""
    if call.credential is None:
        sam.algorithms.require_one_time_key(sam.clock())
        return None
    return using.chosen_scheme(sam, signer, call.credential, call.scheme)


def _listed(
    name: str, found: Digests, nonce: str, *, private: bool
) -> m.OpenedDocument:
    code = document_code(nonce, found.sdr)
    return m.OpenedDocument(
        label=label(name, code, test=True, private=private),
        code=code,
        sdr=found.sdr.hex(),
        sodr=found.sodr.hex(),
        checksum=found.checksum.hex(),
    )


def _row(
    brought: m.PreparedDocument, document: m.OpenedDocument, found: Digests
) -> dict[str, object]:
    return {
        "label": document.label,
        "code": document.code,
        "sdr": bytes.fromhex(document.sdr),
        "sodr": bytes.fromhex(document.sodr),
        "checksum": bytes.fromhex(document.checksum),
        "message_digest": found.message_digest,
        "structure_checked_by": brought.structure_checked_by,
    }


def _approval_request(
    listed: list[m.OpenedDocument], dialect: Dialect, credential: str | None
) -> str:
    return QesApprovalRequest(
        credential_ids=(approvals.PASS,),
        qualifier=QUALIFIER,
        documents=tuple(
            DocumentDigest(
                label=document.label,
                hash=bytes.fromhex(document.sdr),
                hash_type="sdr",
                checksum=bytes.fromhex(document.checksum),
            )
            for document in listed
        ),
        dialect=dialect,
        credential_id=credential,
    ).encode()

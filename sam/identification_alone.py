"""Identification alone: a PID is verified, a name comes back, and nothing more can.

For callers who only want to know who is there, and for test suites of verifiers, which
ask for exactly one credential. It has no grants and no handle, knows no signer, and
no later call takes its transaction: it never becomes an approval, a pass or a
certificate. So its PIDs may come from anchors of their own, which identify no signer.
"""

import hashlib
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row

from openid4vp import strict_json
from openid4vp.dcql import SD_JWT_VC, ClaimsQuery, CredentialQuery, DcqlQuery
from openid4vp.errors import Openid4vpError
from openid4vp.request import Transaction
from openid4vp.verify import VerificationPolicy, VerifiedCredential, verify_response
from sam import audit, kept_files, store
from sam import messages as m
from sam.approvals import NotAnApprovalError
from sam.module import Sam
from sam.pid import PID_DOCTYPE, PID_NAMESPACE, PID_VCT, common_claims

SHOWN: Final = ("given_name", "family_name")
TYPES: Final = frozenset({PID_VCT, PID_DOCTYPE})
MAX_NAME: Final = 300

DEFAULT_QUERY: Final = CredentialQuery(
    id="identification",
    format=SD_JWT_VC,
    vct_values=(PID_VCT,),
    claims=tuple(ClaimsQuery(path=(name,)) for name in reversed(SHOWN)),
)


class UnusableQueryError(Exception):
    """The operator's query is none that identification alone may ask."""

    code = "identification_query"


def load_query(file: Path | None) -> CredentialQuery:
    """The operator's, or the default. Raises ``UnusableQueryError`` with the reason."""
    if file is None:
        return DEFAULT_QUERY
    try:
        stated = strict_json.parse_object(file.read_bytes(), "query")
        query = CredentialQuery.from_json(stated)
    except (OSError, Openid4vpError) as error:
        raise UnusableQueryError(f"{file}: {error}") from error
    _check(query, file)
    return query


def query_of(sam: Sam) -> DcqlQuery:
    return DcqlQuery(credentials=(sam.identification_query,))


def verified(sam: Sam, row: Row[Any], body: bytes) -> VerifiedCredential:
    """The PID of an answer to what this transaction asked.

    Raises ``Openid4vpError``; ``NotAnApprovalError`` where its name cannot be shown.
    """
    asked = Transaction.from_json(row.protocol)
    (query,) = asked.query.credentials
    presentation = verify_response(
        asked,
        body,
        {query.id: sam.identification_trust},
        policy=VerificationPolicy(
            accept_absent_status=True,
            status=kept_files.KeptLists(sam),
            accepted_types={query.id: TYPES},
            kb_iat_past=asked.profile.answer.iat_past,
            kb_iat_future=asked.profile.answer.iat_future,
        ),
        now=sam.clock(),
    )
    return presentation.credentials[query.id]


def record(
    connection: Connection, tx: str, pid: VerifiedCredential, body: bytes, now: datetime
) -> bool:
    """OPEN → VERIFIED with a name and a provider, and no signer; once."""
    presented = hashlib.sha256(pid.presentation.encode()).digest()
    moved = store.mark_answered(
        connection,
        tx,
        answer=body,
        now=now,
        display_name=display_name(pid),
        pid_provider=pid.provider,
        pid_presentation_sha256=presented,
    )
    if moved:
        audit.append(
            connection,
            audit.Event.ANSWER_VERIFIED,
            now=now,
            tx=tx,
            purpose=m.Purpose.IDENTIFY_ALONE.value,
            pid_provider=pid.provider,
            pid_presentation_sha256=presented.hex(),
            answer_sha256=hashlib.sha256(body).hexdigest(),
        )
    return moved


def display_name(pid: VerifiedCredential) -> str:
    """Given and family name, as a page may show them."""
    claims = common_claims(pid)
    name = " ".join(str(claims[part]).strip() for part in SHOWN)
    if len(name) > MAX_NAME or not all(type(claims[part]) is str for part in SHOWN):
        raise NotAnApprovalError("unfit_name")
    if any(unicodedata.category(c)[0] == "C" for c in name):
        raise NotAnApprovalError("unfit_name")
    return unicodedata.normalize("NFC", name)


def _check(query: CredentialQuery, file: Path) -> None:
    if not TYPES.issuperset(query.vct_values or (query.doctype_value,)):
        raise UnusableQueryError(f"{file}: asks for something else than a PID")
    if query.multiple:
        raise UnusableQueryError(f"{file}: one PID is asked for, not several")
    ids = {claim.path: claim.id for claim in query.claims}
    for name in SHOWN:
        path = (name,) if query.format == SD_JWT_VC else (PID_NAMESPACE, name)
        if path not in ids or not all(ids[path] in o for o in query.claim_sets):
            raise UnusableQueryError(f"{file}: does not always ask for {name}")

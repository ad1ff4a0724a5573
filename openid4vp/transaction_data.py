"""What a signer approves: transaction data (OpenID4VP 1.0 §5.1, §8.4, B.3.3).

A wallet hashes the base64url *text* it received, so the text is made once, stored,
and compared; JSON is never serialised again. The hash of a string in a verified
key-binding JWT is the approval of that string and of nothing else.
"""

import base64
import hashlib
import hmac
from collections.abc import Collection, Sequence

from openid4vp import base64url, members, qes_approval, strict_json
from openid4vp.dcql import SD_JWT_VC, DcqlQuery
from openid4vp.errors import (
    InvalidTransactionDataError,
    MalformedResponseError,
    TransactionDataMismatchError,
)
from openid4vp.key_binding import KbJwtClaims
from openid4vp.profile import AnswerRules, Dialect
from openid4vp.qes_approval import (
    HASH_ALG,
    MAX_TEXT,
    DocumentDigest,
    QesApprovalRequest,
)

__all__ = [
    "HASH_ALG",
    "DocumentDigest",
    "QesApprovalRequest",
    "approved_strings",
    "check_request",
    "credential_id_of",
    "hash_of",
    "signing_credential_of",
]

_PID_TYPES = ("urn:eudi:pid:", "urn:eu.europa.ec.eudi:pid:")


def hash_of(string: str) -> str:
    """``transaction_data_hashes`` of one string, as a wallet computes it (B.3.3.1)."""
    return base64url.encode(hashlib.sha256(string.encode("ascii")).digest())


def credential_id_of(string: str) -> str:
    """The query id that a checked transaction data string addresses."""
    return _credential_ids(_decode(string))[0]


def signing_credential_of(string: str) -> str | None:
    """The ``credentialID`` of a checked transaction data string, if it states one."""
    return members.optional(_decode(string), qes_approval.CREDENTIAL_ID, str)


def check_request(strings: Sequence[str], query: DcqlQuery, dialect: Dialect) -> None:
    """Refuse strings that wallets refuse or that would leave open who approved.

    Each addresses one credential: several ids are alternatives (§5.1), and the
    choice would be the wallet's. None addresses a PID (PID Rulebook 1.7 §5). All are
    of one dialect.
    """
    if not strings or len(set(strings)) != len(strings):
        raise InvalidTransactionDataError("transaction data is empty or repeated")
    for string in strings:
        if len(string) > MAX_TEXT:
            raise InvalidTransactionDataError(f"longer than {MAX_TEXT} characters")
        try:
            _check_one(_decode(string), query, dialect)
        except MalformedResponseError as error:
            raise InvalidTransactionDataError(str(error)) from None


def approved_strings(
    claims: KbJwtClaims, query_id: str, sent: Sequence[str], rules: AnswerRules
) -> tuple[str, ...]:
    """Return the strings of ``sent`` that this holder proof approves.

    That is all that address ``query_id``, or an error; none when none does. Some
    wallets put every hash into every presentation: harmless if we sent it, and
    never counted as an approval.
    """
    addressed = tuple(s for s in sent if credential_id_of(s) == query_id)
    hashes = claims.transaction_data_hashes or ()
    if addressed:
        _check_hashes(hashes, addressed)
        _check_complete(claims, rules)
    _check_nothing_foreign(claims, sent, rules)
    return addressed


def _check_complete(claims: KbJwtClaims, rules: AnswerRules) -> None:
    if claims.transaction_data_hashes_alg is None and rules.hashes_alg == "required":
        raise TransactionDataMismatchError("transaction_data_hashes_alg is missing")
    if claims.qes_approval is None and rules.qes_approval == "required":
        raise TransactionDataMismatchError("qesApproval is missing")


def _check_hashes(hashes: Sequence[str], strings: Sequence[str]) -> None:
    # §B.3.3.1 fixes no order, so the two are compared as multisets
    if sorted(hashes) != sorted(map(hash_of, strings)):
        raise TransactionDataMismatchError("the hashes are not those of what was asked")


def _check_nothing_foreign(
    claims: KbJwtClaims, sent: Sequence[str], rules: AnswerRules
) -> None:
    hashes = claims.transaction_data_hashes or ()
    if not set(hashes) <= {hash_of(string) for string in sent}:
        raise TransactionDataMismatchError("a hash is of something never asked")
    if claims.transaction_data_hashes_alg not in (HASH_ALG, None):
        raise TransactionDataMismatchError("transaction_data_hashes_alg is wrong")
    if not sent and claims.transaction_data_hashes_alg is not None:
        raise TransactionDataMismatchError("transaction data was never asked")
    if claims.qes_approval is not None:
        _check_qes_approval(claims.qes_approval, sent, rules.qes_approval_input)


def _check_qes_approval(value: str, strings: Collection[str], of: str) -> None:
    # CSC hashes the string, ETSI TS 119 432 B.6.3 its decoded JSON: both are met
    admissible = [
        base64.b64encode(hashlib.sha256(preimage).digest())
        for string in strings
        for kind, preimage in (
            ("string", string.encode("ascii")),
            ("json", _decode_text(string)),
        )
        if of in ("either", kind)
    ]
    given = value.encode("utf-8")
    if not any([hmac.compare_digest(given, digest) for digest in admissible]):
        raise TransactionDataMismatchError("qesApproval is of something never asked")


def _check_one(body: dict[str, object], query: DcqlQuery, dialect: Dialect) -> None:
    ids = _credential_ids(body)
    credential = query.credential(ids[0])
    if len(ids) != 1 or credential is None:
        raise InvalidTransactionDataError(
            "credential_ids must hold one id of the query"
        )
    if credential.format != SD_JWT_VC or credential.multiple:
        # B.2.1: an mdoc approves only in ways that each type defines for itself
        raise InvalidTransactionDataError("one SD-JWT VC approves transaction data")
    if any(vct.startswith(_PID_TYPES) for vct in credential.vct_values):
        raise InvalidTransactionDataError("a PID may not approve transaction data")
    algorithms = members.strings(body, "transaction_data_hashes_alg")
    if algorithms != ((HASH_ALG,) if dialect.hashes_alg == "sent" else None):
        raise InvalidTransactionDataError(f'hash algorithms must be ["{HASH_ALG}"]')
    qes_approval.check(body, dialect)  # no type is sent that has no schema


def _credential_ids(body: dict[str, object]) -> tuple[str, ...]:
    return members.strings(body, "credential_ids") or ("",)


def _decode(string: str) -> dict[str, object]:
    return strict_json.parse_object(_decode_text(string), "transaction data")


def _decode_text(string: str) -> bytes:
    return base64url.decode(string, "transaction data")

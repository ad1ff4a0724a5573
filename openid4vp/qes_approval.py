"""The request to approve a signature: built in one dialect, checked in the same.

CSC Data Model Bindings 1.0 §7.1, ETSI TS 119 432 B.6.2. Strict wallets answer a member
they do not know with an error, so the schema of a dialect is closed: what is not in it
is not sent, and what is in it is always sent. Each has one request beside: of a certain
signing credential, which states its ``credentialID``.
"""

import base64
import json
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from openid4vp import base64url, members
from openid4vp.errors import InvalidTransactionDataError, MalformedResponseError
from openid4vp.profile import STANDARD_DIALECT, Dialect

HASH_ALG: Final = "sha-256"
SHA256_OID: Final = "2.16.840.1.101.3.4.2.1"
MAX_DOCUMENTS: Final = 50
MAX_LABEL: Final = 200
MAX_CREDENTIAL_ID: Final = 128
MAX_TEXT: Final = 32 * 1024
"""Characters of the encoded string."""
CREDENTIAL_ID: Final = "credentialID"
_HASH_SIZE: Final = 32
_CHECKSUM_PREFIX: Final = "sha256-"
_QUALIFIERS: Final = ("eu_eidas_qes", "eu_eidas_aes", "eu_eidas_aesqc")
_HASH_TYPES: Final = ("sdr", "dtbsr")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDigest:
    """One document: ``label`` shown by the wallet, ``hash`` raw SHA-256 bytes.

    ``checksum``: SHA-256 of the whole file, for dialects that state one.
    """

    label: str
    hash: bytes
    hash_type: Literal["sdr", "dtbsr"]
    checksum: bytes | None = None

    def __post_init__(self) -> None:
        if len(self.hash) != _HASH_SIZE or not self.label:
            raise InvalidTransactionDataError("a document has a label and 32 bytes")

    def to_json(self, dialect: Dialect) -> dict[str, object]:
        """The item of the dialect's list; ``hash`` is base64 with padding."""
        item: dict[str, object] = {
            "label": self.label,
            "hash": _base64(self.hash),
            "hashType": self.hash_type,
        }
        if dialect.checksum != "omit":
            item["checksum"] = self._checksum(dialect)
        return item

    def _checksum(self, dialect: Dialect) -> object:
        if self.checksum is None:
            raise InvalidTransactionDataError("this dialect states a file's checksum")
        value = _base64(self.checksum)
        if dialect.checksum == "string":
            return f"{_CHECKSUM_PREFIX}{value}"
        return {"value": value, "algorithmOID": SHA256_OID}


@dataclass(frozen=True, slots=True, kw_only=True)
class QesApprovalRequest:
    """What a wallet is asked to approve, before it is text.

    ``credential_id``: which signing credential (CSC API v2.2 §11.9) is to be used; None
    leaves a key to be made for this signature alone.
    """

    TYPE: ClassVar[str] = "https://cloudsignatureconsortium.org/2025/qes-approval"
    SHA256_OID: ClassVar[str] = SHA256_OID

    credential_ids: tuple[str, ...]
    qualifier: str
    documents: tuple[DocumentDigest, ...]
    dialect: Dialect = STANDARD_DIALECT
    credential_id: str | None = None

    def encode(self) -> str:
        """The string sent to the wallet. Keep it: hashes are over it, not its JSON."""
        text = json.dumps(self.to_json(), separators=(",", ":"), ensure_ascii=False)
        return base64url.encode(text.encode("utf-8"))

    def to_json(self) -> dict[str, object]:
        sent = self.dialect.hashes_alg == "sent"
        one = self.credential_id is not None
        return {
            "type": self.TYPE,
            "credential_ids": list(self.credential_ids),
            **({"transaction_data_hashes_alg": [HASH_ALG]} if sent else {}),
            **({CREDENTIAL_ID: self.credential_id} if one else {}),
            "signatureQualifier": self.qualifier,
            "numSignatures": len(self.documents),
            "hashAlgorithmOID": SHA256_OID,
            self.dialect.digest_member: [
                document.to_json(self.dialect) for document in self.documents
            ],
        }


def check(body: dict[str, object], dialect: Dialect) -> None:
    """Refuse what is not exactly this dialect; raises ``Openid4vpError``.

    ``credential_ids`` is judged with the query, in ``transaction_data``.
    """
    asked = body.keys() & {CREDENTIAL_ID}
    _check_members(body, _members(dialect) | asked)
    if asked:
        _check_credential_id(body)
    _check_one_of(body, "type", (QesApprovalRequest.TYPE,))
    _check_one_of(body, "signatureQualifier", _QUALIFIERS)
    _check_one_of(body, "hashAlgorithmOID", (SHA256_OID,))
    documents: list[object] = members.required(body, dialect.digest_member, list)
    if not 1 <= len(documents) <= MAX_DOCUMENTS:
        raise InvalidTransactionDataError(f"1 to {MAX_DOCUMENTS} documents")
    if members.required(body, "numSignatures", int) != len(documents):
        raise InvalidTransactionDataError("numSignatures must count the documents")
    for document in documents:
        _check_document(document, dialect)


def _members(dialect: Dialect) -> frozenset[str]:
    always = ("type", "credential_ids", "signatureQualifier", "numSignatures")
    alg = ("transaction_data_hashes_alg",) if dialect.hashes_alg == "sent" else ()
    return frozenset((*always, "hashAlgorithmOID", dialect.digest_member, *alg))


def _check_credential_id(body: dict[str, object]) -> None:
    stated = members.required(body, CREDENTIAL_ID, str)
    if not stated.strip() or len(stated) > MAX_CREDENTIAL_ID:
        raise InvalidTransactionDataError(
            f"{CREDENTIAL_ID} has 1 to {MAX_CREDENTIAL_ID} characters"
        )


def _check_document(document: object, dialect: Dialect) -> None:
    if not isinstance(document, dict):
        raise InvalidTransactionDataError("a document is an object")
    stated = {"checksum"} if dialect.checksum != "omit" else set()
    _check_members(document, frozenset({"label", "hash", "hashType", *stated}))
    label = members.required(document, "label", str)
    if not label.strip() or len(label) > MAX_LABEL:
        raise InvalidTransactionDataError(f"a label has 1 to {MAX_LABEL} characters")
    _check_digest(members.required(document, "hash", str))
    _check_one_of(document, "hashType", _HASH_TYPES)
    if dialect.checksum == "string":
        text = members.required(document, "checksum", str)
        if not text.startswith(_CHECKSUM_PREFIX):
            raise InvalidTransactionDataError("a checksum names its algorithm")
        _check_digest(text.removeprefix(_CHECKSUM_PREFIX))
    elif dialect.checksum == "object":
        checksum: dict[str, object] = members.required(document, "checksum", dict)
        _check_members(checksum, frozenset({"value", "algorithmOID"}))
        _check_one_of(checksum, "algorithmOID", (SHA256_OID,))
        _check_digest(members.required(checksum, "value", str))


def _check_members(body: dict[str, object], known: frozenset[str]) -> None:
    if body.keys() != known:
        odd = ", ".join(sorted(body.keys() ^ known))
        raise InvalidTransactionDataError(f"missing, or unknown to this dialect: {odd}")


def _check_one_of(body: dict[str, object], name: str, allowed: tuple[str, ...]) -> None:
    if members.required(body, name, str) not in allowed:
        raise InvalidTransactionDataError(f"{name} is not one of {', '.join(allowed)}")


def _check_digest(text: str) -> None:
    try:
        size = len(base64url.decode_padded(text, "digest"))
    except MalformedResponseError:
        size = 0
    if size != _HASH_SIZE:
        raise InvalidTransactionDataError("a digest is 32 bytes, as padded base64")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")

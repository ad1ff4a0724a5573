"""``transaction_data`` of type qes-approval, read as strictly as EUDI wallets do.

One unknown, missing or ill-typed member and the whole request is refused with
``invalid_transaction_data`` (OpenID4VP 1.0 §5.1, §8.5): a person must never approve
something the wallet understood only in part. CSC Data Model Bindings 1.0 §7.1.

The PID never approves (PID Rulebook ch. 5): data bound to a PID query is refused.

The list of documents has two spellings, a checksum two shapes: which of them is known
depends on the kind of wallet, and never are both in one request.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wallet_emulator.dcql import Query
from wallet_emulator.encoding import (
    b64,
    b64_decode,
    b64url_decode,
    parse_json_object,
    text_member,
)
from wallet_emulator.errors import MalformedError, RequestRefusedError
from wallet_emulator.pid_provider import PID_VCT
from wallet_emulator.sd_jwt import digest
from wallet_emulator.wallet import SD_JWT_FORMAT
from wallet_emulator.wallet_kinds import EMULATOR, WalletKind

QES_APPROVAL: Final = "https://cloudsignatureconsortium.org/2025/qes-approval"
HASHES_ALG: Final = "sha-256"
QUALIFIERS: Final = ("eu_eidas_qes", "eu_eidas_aes", "eu_eidas_aesqc")
_SHA256_SIZE: Final = 32
HASH_TYPES: Final = ("sdr", "dtbsr", "sodr")
HASHES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "2.16.840.1.101.3.4.2.1": lambda data: hashlib.sha256(data).digest(),
    "2.16.840.1.101.3.4.2.2": lambda data: hashlib.sha384(data).digest(),
    "2.16.840.1.101.3.4.2.3": lambda data: hashlib.sha512(data).digest(),
}
_MEMBERS: Final = frozenset(
    {
        "type",
        "credential_ids",
        "transaction_data_hashes_alg",
        "locations",
        "credentialID",
        "signatureQualifier",
        "numSignatures",
        "hashAlgorithmOID",
    }
)
_DOCUMENT_MEMBERS: Final = frozenset(
    {"label", "hash", "hashType", "href", "access", "checksum"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentToApprove:
    """One document as the verifier describes it; ``digest`` is raw bytes."""

    label: str
    digest: bytes
    hash_type: str
    href: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QesApproval:
    """One request for approval; ``encoded`` is the exact string that was received."""

    encoded: str
    credential_ids: tuple[str, ...]
    credential_id: str | None  # of the signing certificate; None: one is made for it
    qualifier: str
    hash_oid: str
    documents: tuple[DocumentToApprove, ...]

    def transaction_data_hash(self) -> str:
        """OpenID4VP 1.0 B.3.3.1: over the received string, never re-encoded."""
        return digest(self.encoded)

    def qes_approval(self) -> str:
        """CSC DMB §7.2.1.2: over the received string, by ``hashAlgorithmOID``."""
        return b64(HASHES[self.hash_oid](self.encoded.encode("ascii")))


def parse_transaction_data(
    parameters: Mapping[str, object], query: Query, kind: WalletKind = EMULATOR
) -> tuple[QesApproval, ...]:
    """The approvals asked for; none if the request has no ``transaction_data``.

    Raises:
        RequestRefusedError: ``invalid_transaction_data``.
    """
    if "transaction_data" not in parameters:
        return ()
    if not kind.approves:
        raise RequestRefusedError("invalid_transaction_data", "is not known here")
    try:
        return (_parse(_only(parameters["transaction_data"]), query, kind),)
    except MalformedError as error:
        raise RequestRefusedError("invalid_transaction_data", str(error)) from error


def _only(value: object) -> object:
    """The one element: a presentation has room for one qesApproval only."""
    if not isinstance(value, list) or len(value) != 1:
        raise MalformedError("transaction_data must list exactly one object")
    return value[0]


def _parse(encoded: object, query: Query, kind: WalletKind) -> QesApproval:
    if not isinstance(encoded, str):
        raise MalformedError("transaction_data must hold strings")
    members = parse_json_object(b64url_decode(encoded))
    if members.get("type") != QES_APPROVAL:
        raise MalformedError(f"unknown type {members.get('type')!r}")
    spelling = _spelling(members, kind)
    _refuse_unknown(members, _MEMBERS | {spelling})
    oid = text_member(members, "hashAlgorithmOID")
    if oid not in HASHES:
        raise MalformedError(f"hash algorithm {oid} is unknown or too weak")
    _require_hashes_alg(members)
    _require_locations(members)
    return QesApproval(
        encoded=encoded,
        credential_ids=_credential_ids(members, query),
        credential_id=(
            text_member(members, "credentialID") if "credentialID" in members else None
        ),
        qualifier=_one_of(text_member(members, "signatureQualifier"), QUALIFIERS),
        hash_oid=oid,
        documents=_documents(members, spelling, oid, kind),
    )


def _credential_ids(members: Mapping[str, object], query: Query) -> tuple[str, ...]:
    """Ids of queries for a device-bound SD-JWT VC that is no PID."""
    ids = _texts(members.get("credential_ids"), "credential_ids")
    for query_id in ids:
        asked = query.by_id(query_id)
        if asked is None:
            raise MalformedError(f"credential_ids names no query: {query_id!r}")
        if asked.format != SD_JWT_FORMAT or not asked.holder_binding:
            raise MalformedError("approval needs an SD-JWT VC with holder binding")
        if PID_VCT in asked.types:
            raise MalformedError("a PID must not approve (PID Rulebook ch. 5)")
    return ids


def _spelling(members: Mapping[str, object], kind: WalletKind) -> str:
    """The name under which this wallet finds the documents; one, never two."""
    found = [name for name in kind.spellings if name in members]
    if len(found) != 1:
        raise MalformedError(f"no {' or '.join(kind.spellings)}, or both")
    return found[0]


def _require_hashes_alg(members: Mapping[str, object]) -> None:
    if "transaction_data_hashes_alg" in members:
        algs = _texts(members["transaction_data_hashes_alg"], "hashes_alg")
        if HASHES_ALG not in algs:
            raise MalformedError("transaction_data_hashes_alg must offer sha-256")


def _require_locations(members: Mapping[str, object]) -> None:
    if "locations" in members:
        _texts(members["locations"], "locations")


def _documents(
    members: Mapping[str, object], spelling: str, oid: str, kind: WalletKind
) -> tuple[DocumentToApprove, ...]:
    entries = members[spelling]
    if not isinstance(entries, list) or not entries:
        raise MalformedError(f"{spelling} must be a non-empty array")
    if type(members.get("numSignatures")) is not int:
        raise MalformedError("numSignatures must be an integer")
    if members["numSignatures"] != len(entries):
        raise MalformedError("numSignatures is not the number of documents")
    return tuple(_document(entry, oid, kind) for entry in entries)


def _document(entry: object, oid: str, kind: WalletKind) -> DocumentToApprove:
    if not isinstance(entry, dict):
        raise MalformedError("documents must be objects")
    _refuse_unknown(entry, _DOCUMENT_MEMBERS)
    value = b64_decode(text_member(entry, "hash"))
    if len(value) != len(HASHES[oid](b"")):
        raise MalformedError("a hash does not have the length of its algorithm")
    _require_access(entry)
    _require_checksum(entry, kind)
    return DocumentToApprove(
        label=text_member(entry, "label") if "label" in entry else "",
        digest=value,
        hash_type=_one_of(str(entry.get("hashType", "dtbsr")), HASH_TYPES),
        href=text_member(entry, "href") if "href" in entry else None,
    )


def _require_access(entry: Mapping[str, object]) -> None:
    if "access" in entry:
        if not isinstance(entry["access"], dict):
            raise MalformedError("access must be an object")
        text_member(entry["access"], "type")


def _require_checksum(entry: Mapping[str, object], kind: WalletKind) -> None:
    """An object with its algorithm (ETSI), or one string that names it (CSC)."""
    if "checksum" not in entry:
        return
    value = entry["checksum"]
    if isinstance(value, str) and kind.checksum != "object":
        algorithm, _, digest_text = value.partition("-")
        if algorithm != "sha256" or len(b64_decode(digest_text)) != _SHA256_SIZE:
            raise MalformedError("a checksum must be sha256- and 32 bytes")
    elif isinstance(value, dict) and kind.checksum != "string":
        text_member(value, "value")
    else:
        raise MalformedError("checksum has a shape this wallet does not know")


def _refuse_unknown(members: Mapping[str, object], known: frozenset[str]) -> None:
    for name in members:
        if name not in known:
            raise MalformedError(f"unknown member {name!r}")


def _texts(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise MalformedError(f"{name} must be a non-empty array")
    if not all(isinstance(item, str) and item for item in value):
        raise MalformedError(f"{name} must hold strings")
    return tuple(value)


def _one_of(value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise MalformedError(f"{value!r} is not one of {', '.join(allowed)}")
    return value

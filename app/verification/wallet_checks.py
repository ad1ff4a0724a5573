"""What was asked and what the wallet answered: request, transaction data, pass.

OpenID4VP 1.0 §5 and B.3.3.1, RFC 9101, RFC 9901 §4 and §7.3, CSC Data Model Bindings
1.0 §7.1. Written from those texts alone.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from app.verification import chains, jose
from app.verification.report import NotShownError

QES_APPROVAL_TYPE: Final = "https://cloudsignatureconsortium.org/2025/qes-approval"
QES_APPROVAL_CLAIM: Final = "org.cloudsignatureconsortium.dm.1.qesApproval"
SHA256_OID: Final = "2.16.840.1.101.3.4.2.1"
SKEW_SECONDS: Final = 300
_X509_HASH: Final = "x509_hash:"
_X509_SAN_DNS: Final = "x509_san_dns:"
_MEMBERS: Final = {
    "type",
    "credential_ids",
    "signatureQualifier",
    "numSignatures",
    "hashAlgorithmOID",
}
_LISTS: Final = ("documentDigests", "documentInfos")
"""The two spellings of one member (CSC data model, CSC bindings)."""
_HASHES_ALG: Final = "transaction_data_hashes_alg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request object whose signature verifies. Times are NumericDates."""

    client_id: str
    nonce: str
    response_uri: str
    issued: int
    expires: int
    transaction_data: tuple[object, ...]
    vcts: Mapping[str, tuple[object, ...]]
    chain: chains.Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedDocument:
    """``digest``: SHA-256, 32 bytes, named ``sdr`` in the transaction data."""

    label: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionData:
    """The exact string, and what it says."""

    string: str
    credential_id: str
    qualifier: str
    documents: tuple[ApprovedDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPass:
    """An issuer-signed JWT whose signature verifies, and its unread holder proof."""

    pass_id: str
    issued: int
    expires: int
    holder_key: object
    chain: chains.Chain
    presented: str
    key_binding_jwt: str


def request(content: bytes) -> Request:
    """Signature under the first certificate of x5c, and client_id of that one."""
    jws = jose.parse(jose.text(content), typ="oauth-authz-req+jwt")
    chain = jose.x5c(jws.header)
    jose.verify(jws, jose.leaf_key(chain))
    payload = jws.payload
    client_id = jose.member(payload, "client_id")
    _check_client_id(client_id, chain)
    issued = jose.seconds(payload, "iat")
    chains.check(chain, moment(issued))
    data = payload.get("transaction_data")
    return Request(
        client_id=client_id,
        nonce=jose.member(payload, "nonce"),
        response_uri=jose.member(payload, "response_uri"),
        issued=issued,
        expires=jose.seconds(payload, "exp"),
        transaction_data=tuple(data) if isinstance(data, list) else (),
        vcts=_vcts(payload),
        chain=chain,
    )


def transaction_data(content: bytes, asked: Request) -> TransactionData:
    string = jose.text(content)
    if asked.transaction_data != (string,):
        raise NotShownError("is not the one transaction data of request-object.jwt")
    body = jose.json_object(jose.decoded(string))
    (spelling, *more) = [name for name in _LISTS if name in body] or [""]
    members = {*_MEMBERS, spelling, *({_HASHES_ALG} & body.keys())}
    if more or body.keys() != members or body["type"] != QES_APPROVAL_TYPE:
        raise NotShownError("is no QES approval request with the members it must have")
    ids, listed = body["credential_ids"], body[spelling]
    if not isinstance(ids, list) or len(ids) != 1 or not isinstance(ids[0], str):
        raise NotShownError("does not address exactly one credential")
    if not isinstance(listed, list) or not listed:
        raise NotShownError("lists no document")
    stated = (body["hashAlgorithmOID"], body.get(_HASHES_ALG, ["sha-256"]))
    if stated != (SHA256_OID, ["sha-256"]) or body["numSignatures"] != len(listed):
        raise NotShownError("does not count its documents, or does not use SHA-256")
    return TransactionData(
        string=string,
        credential_id=ids[0],
        qualifier=jose.member(body, "signatureQualifier"),
        documents=tuple(_document(one) for one in listed),
    )


def signing_pass(content: bytes, asked: Request, data: TransactionData) -> SigningPass:
    """The issuer-signed JWT of the presentation (RFC 9901 §7.1)."""
    presentation = jose.text(content)
    issuer_jwt, _, rest = presentation.partition("~")
    key_binding_jwt = rest.rpartition("~")[2]
    jws = jose.parse(issuer_jwt, typ="dc+sd-jwt")
    chain = jose.x5c(jws.header)
    jose.verify(jws, jose.leaf_key(chain))
    payload = jws.payload
    cnf = payload.get("cnf")
    if not isinstance(cnf, dict):
        raise NotShownError("is bound to no key")
    if payload.get("vct") not in asked.vcts.get(data.credential_id, ()):
        raise NotShownError("is of a type the request did not ask for")
    return SigningPass(
        pass_id=jose.member(payload, "pass_id"),
        issued=jose.seconds(payload, "iat"),
        expires=jose.seconds(payload, "exp"),
        holder_key=cnf.get("jwk"),
        chain=chain,
        presented=presentation.removesuffix(key_binding_jwt),
        key_binding_jwt=key_binding_jwt,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderProof:
    """A key-binding JWT that verifies and answers this request."""

    made: int
    transaction_data_hashes: tuple[object, ...]
    hash_alg: object
    qes_approval: object


def holder_proof(held: SigningPass, asked: Request) -> HolderProof:
    """Signed by the key in ``cnf``, over this presentation, for this request."""
    jws = jose.parse(held.key_binding_jwt, typ="kb+jwt")
    jose.verify(jws, jose.jwk_key(held.holder_key))
    claims = jws.payload
    if jose.member(claims, "nonce") != asked.nonce:
        raise NotShownError("has a holder proof over another nonce than the request's")
    if jose.member(claims, "aud") != asked.client_id:
        raise NotShownError("has a holder proof for another service")
    if jose.member(claims, "sd_hash") != _sha256_text(held.presented):
        raise NotShownError("has a holder proof over another presentation")
    made = jose.seconds(claims, "iat")
    if not asked.issued - SKEW_SECONDS <= made <= asked.expires + SKEW_SECONDS:
        raise NotShownError("has a holder proof made before or after the request")
    if not held.issued - SKEW_SECONDS <= made < held.expires:
        raise NotShownError("is a pass that was not valid when it was used")
    chains.check(held.chain, moment(made))
    hashes = claims.get("transaction_data_hashes")
    return HolderProof(
        made=made,
        transaction_data_hashes=tuple(hashes) if isinstance(hashes, list) else (),
        hash_alg=claims.get("transaction_data_hashes_alg"),
        qes_approval=claims.get(QES_APPROVAL_CLAIM),
    )


def check_approval(proof: HolderProof, data: TransactionData) -> None:
    """B.3.3.1: the SHA-256 of exactly this string, and of no other."""
    if proof.transaction_data_hashes != (_sha256_text(data.string),):
        raise NotShownError("approves something else than transaction-data.txt")
    if proof.hash_alg not in ("sha-256", None):
        raise NotShownError("names another hash algorithm than SHA-256")
    # CSC hashes the string, ETSI TS 119 432 B.6.3 the JSON in it: both are met
    preimages = (data.string.encode(), jose.decoded(data.string))
    admissible = [base64.b64encode(hashlib.sha256(p).digest()) for p in preimages]
    stated = proof.qes_approval
    if stated is not None and str(stated).encode() not in admissible:
        raise NotShownError("has a qesApproval of something else")


def moment(numeric_date: int) -> datetime:
    return datetime.fromtimestamp(numeric_date, UTC)


def _check_client_id(client_id: str, chain: chains.Chain) -> None:
    """OpenID4VP 1.0 §5.9.3."""
    leaf = chain[0]
    thumbprint = hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest()
    if client_id == _X509_HASH + jose.encoded(thumbprint):
        return
    name = client_id.removeprefix(_X509_SAN_DNS)
    if name != client_id and name in jose.dns_names(leaf):
        return
    raise NotShownError("has a client_id that is not of the certificate that signed it")


def _vcts(payload: Mapping[str, object]) -> Mapping[str, tuple[object, ...]]:
    """Credential query id → the types asked for (§6.1)."""
    query = payload.get("dcql_query")
    listed: object = query.get("credentials") if isinstance(query, dict) else None
    found: dict[str, tuple[object, ...]] = {}
    for one in listed if isinstance(listed, list) else ():
        match one:
            case {"id": str(query_id), "meta": {"vct_values": list(values)}}:
                found[query_id] = tuple(values)
    return found


def _document(listed: object) -> ApprovedDocument:
    match listed:
        case {"label": str(label), "hash": str(text), "hashType": "sdr", **rest}:
            if rest.keys() <= {"checksum"}:
                return ApprovedDocument(label=label, digest=_digest(text))
    raise NotShownError("lists a document that has not label, hash and type sdr")


def _digest(text: str) -> bytes:
    """Standard base64 with padding, of 32 bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != hashlib.sha256().digest_size:
        raise NotShownError("names a digest that is no SHA-256")
    if base64.b64encode(raw).decode() != text:
        raise NotShownError("names a digest that is not canonical base64")
    return raw


def _sha256_text(text: str) -> str:
    return jose.encoded(hashlib.sha256(text.encode()).digest())


def labels(documents: Sequence[ApprovedDocument]) -> str:
    return ", ".join(f"“{document.label}”" for document in documents)

"""The service's own words: certificate chain, statement and audit record.

Nothing signs the statement and the audit record. They are held to what *is* signed
(request, proof, certificate) and to each other; what only they say is the provider's
word.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.ades.signed_attributes import signed_attributes
from app.verification import chains, jose
from app.verification.report import NotShownError
from app.verification.wallet_checks import (
    HolderProof,
    Request,
    SigningPass,
    TransactionData,
    moment,
)

Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SEPARATOR: Final = " · "
CLOCK_SKEW: Final = timedelta(minutes=5)
README_SHA256: Final = frozenset(
    {"681d7855e84d3231777a6cae4a7e333b55b12ae2e7412a43d86830ba136eb3df"}
)
"""Digests of every text that was ever sent as README.txt."""


class _Model(BaseModel):
    """Strict in types; further members are allowed where a digest covers the file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class StatedPid(_Model):
    provider: str
    presentation_sha256: Sha256Hex


class StatedDocument(_Model):
    """Lower-case hexadecimal SHA-256 digests, as the glossary names them."""

    label: str
    sdr: Sha256Hex
    sodr: Sha256Hex
    checksum: Sha256Hex
    dtbsr: Sha256Hex


class Statement(_Model):
    test_mode: bool
    tx: str
    client_id: str
    nonce: str
    answer_sha256: Sha256Hex
    pid: StatedPid
    pass_id: str
    transaction_data_sha256: Sha256Hex
    purpose: Literal["private"] | None
    certificate_sha256: Sha256Hex
    documents: tuple[StatedDocument, ...] = Field(strict=False, min_length=1)
    verified_at: str
    signed_at: str
    release: int

    @property
    def verified(self) -> datetime:
        return _time(self.verified_at)

    @property
    def signed(self) -> datetime:
        return _time(self.signed_at)


class _Entry(_Model):
    model_config = ConfigDict(extra="forbid")

    sequence: int
    record: str
    previous_hash: Sha256Hex
    hash: Sha256Hex


class _Release(_Model):
    """The text of the record, of event ``signature_released``."""

    sequence: int
    at: str
    event: Literal["signature_released"]
    tx: str
    release: int
    certificate_sha256: Sha256Hex
    dtbsrs: tuple[Sha256Hex, ...] = Field(strict=False)
    answer_sha256: Sha256Hex
    statement_sha256: Sha256Hex


def check_readme(content: bytes) -> None:
    if sha256(content) not in README_SHA256:
        raise NotShownError("is not a text this service has published")


def statement(content: bytes) -> Statement:
    try:
        return Statement.model_validate(jose.json_object(content))
    except ValidationError as error:
        raise NotShownError(f"has no good {_where(error)}") from None


def check_chain(chain: chains.Chain, stated: Statement) -> None:
    """In order, linked up, valid when the signature was made, and the one stated."""
    if sha256(_der(chain)) != stated.certificate_sha256:
        raise NotShownError("begins with another certificate than statement.json names")
    chains.check(chain, stated.signed)


def check_statement(
    stated: Statement,
    asked: Request,
    data: TransactionData,
    held: SigningPass,
    proof: HolderProof,
) -> Statement:
    """Every value that can be had from what is signed is the value from there."""
    pairs = {
        "nonce": (stated.nonce, asked.nonce),
        "client_id": (stated.client_id, asked.client_id),
        "tx": (stated.tx, asked.response_uri.rpartition("/")[2]),
        "pass_id": (stated.pass_id, held.pass_id),
        "transaction_data_sha256": (
            stated.transaction_data_sha256,
            sha256(data.string.encode()),
        ),
        "documents": (
            [(d.label, d.sdr) for d in stated.documents],
            [(d.label, d.digest.hex()) for d in data.documents],
        ),
    }
    for name, (said, shown) in pairs.items():
        if said != shown:
            raise NotShownError(f"states another {name} than the signed files show")
    if not moment(proof.made) - CLOCK_SKEW <= stated.verified <= stated.signed:
        raise NotShownError("states times in an impossible order")
    return stated


def check_labels(stated: Statement) -> None:
    """The marks of each label say what the statement says, and the code is right."""
    marks = ["TEST"] * stated.test_mode + ["private"] * (stated.purpose == "private")
    for document in stated.documents:
        *shown, _name, code = document.label.split(SEPARATOR)
        if shown != marks:
            raise NotShownError("states another purpose or mode than the label shows")
        if code != _code(stated.nonce, bytes.fromhex(document.sdr)):
            raise NotShownError("has a label with a wrong document code")


def check_signature_inputs(stated: Statement, chain: chains.Chain) -> None:
    """Each dtbsr is that of a PAdES signature over this sdr by this certificate."""
    for document in stated.documents:
        attributes = _attributes(bytes.fromhex(document.sdr), _der(chain))
        if sha256(attributes) != document.dtbsr:
            raise NotShownError("states a dtbsr that is not of digest and certificate")


def check_audit(content: bytes, stated: Statement, statement_file: bytes) -> None:
    """Record and chain value are recomputed; the record is of this release.

    The file must be written exactly as expected, because no digest covers its form.
    """
    entry, release = _audit(content)
    chained = hashlib.sha256(bytes.fromhex(entry.previous_hash))
    chained.update(entry.record.encode())
    if chained.hexdigest() != entry.hash:
        raise NotShownError("has a chain value that is not of its record")
    if release.statement_sha256 != sha256(statement_file):
        raise NotShownError("records another statement.json")
    said = (
        release.tx,
        release.release,
        release.certificate_sha256,
        release.at,
        release.answer_sha256,
        release.sequence,
        release.dtbsrs,
    )
    shown = (
        stated.tx,
        stated.release,
        stated.certificate_sha256,
        stated.signed_at,
        stated.answer_sha256,
        entry.sequence,
        tuple(document.dtbsr for document in stated.documents),
    )
    if said != shown:
        raise NotShownError("records another release than statement.json states")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _attributes(sdr: bytes, certificate: bytes) -> bytes:
    try:
        own = asn1_x509.Certificate.load(certificate, strict=True)
        return signed_attributes(sdr, own)
    except (LookupError, TypeError, ValueError):  # asn1crypto parses late
        raise NotShownError("names a certificate that cannot be read") from None


def _audit(content: bytes) -> tuple[_Entry, _Release]:
    raw = jose.json_object(content)
    try:
        entry = _Entry.model_validate(raw)
        record = entry.record.encode()
        release = _Release.model_validate(jose.json_object(record))
    except ValidationError as error:
        raise NotShownError(f"has no good {_where(error)}") from None
    if (json.dumps(entry.model_dump(), indent=2) + "\n").encode() != content:
        raise NotShownError("is not written as this service writes it")
    return entry, release


def _code(nonce: str, sdr: bytes) -> str:
    """First 8 bytes of SHA-256(nonce ‖ sdr) mod 10⁸, printed 4 + 4."""
    digest = hashlib.sha256(nonce.encode() + sdr).digest()
    digits = f"{int.from_bytes(digest[:8], 'big') % 10**8:08d}"
    return f"{digits[:4]} {digits[4:]}"


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise NotShownError("states a time that is none") from None
    if time.tzinfo is None:
        raise NotShownError("states a time without zone")
    return time


def _der(chain: chains.Chain) -> bytes:
    return chain[0].public_bytes(Encoding.DER)


def _where(error: ValidationError) -> str:
    return ".".join(str(part)[:40] for part in error.errors()[0]["loc"])

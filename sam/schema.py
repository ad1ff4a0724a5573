"""The SAM's tables: what was asked, what was approved, what was released.

Whatever may happen once is a UNIQUE constraint here or a conditional UPDATE in
``sam.store``. Personal data is confined to four columns of ``transactions``
(``display_name``, ``subject``, ``match_rules``, ``result``), of which ``sam.store``
empties the first three when a transaction ends; to ``handles.subject``, for as long as
the handle lives; and to certificates, which ``credentials.chain`` keeps until a
credential is deleted and ``revoked_certificates`` for as long as there is one.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


transactions = Table(
    "transactions",
    metadata,
    Column("tx", String(64), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("reason", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    # The protocol's own record with the response key: erased once it is answered.
    Column("protocol", Text),
    Column("client_id", String(128), nullable=False),
    Column("nonce", String(128), nullable=False, unique=True),
    Column("request_object", Text),
    Column("grants", JSON, nullable=False),
    Column("match_rules", JSON, nullable=False),
    Column("expected_signer", LargeBinary(32)),
    Column("purpose_of_use", String(16)),
    Column("terms_version", String(64)),
    Column("transaction_data", Text),
    # What the verified answer yielded.
    Column("refusals", Integer, nullable=False, default=0),
    Column("answer_sha256", LargeBinary(32)),
    Column("verified_at", UtcDateTime),
    Column("signer_id", LargeBinary(32), index=True),
    Column("display_name", Text),
    Column("match", Boolean),
    Column("subject", LargeBinary),
    Column("pid_provider", String(128)),
    Column("pid_presentation_sha256", LargeBinary(32)),
    Column("pass_id", String(64)),
    Column("pass_presentation", Text),
    # Which credential signs, and how; both empty for a one-time key.
    Column("credential_id", String(22), index=True),
    Column("scheme", String(32)),
    # Who is signing, and what came of it.
    Column("owner", String(64)),
    Column("epoch", Integer),
    Column("result", Text),
)

documents = Table(
    "documents",
    metadata,
    Column("tx", ForeignKey("transactions.tx"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("label", Text, nullable=False),
    Column("code", String(9), nullable=False),
    Column("sdr", LargeBinary(32), nullable=False),
    Column("sodr", LargeBinary(32), nullable=False),
    Column("checksum", LargeBinary(32), nullable=False),
    # Where the signature's hash is another than sdr's: over the same ByteRange.
    Column("message_digest", LargeBinary(64)),
    # The web tier's word that only a signature was added: what it says found so.
    Column("structure_checked_by", String(120)),
    # Written before the key is used, so that no signature is without its intent.
    Column("dtbsr", LargeBinary(32)),
)

handles = Table(
    "handles",
    metadata,
    Column("handle_sha256", LargeBinary(32), primary_key=True),
    Column("tx", ForeignKey("transactions.tx"), nullable=False, unique=True),
    Column("signer_id", LargeBinary(32), nullable=False),
    Column("pid_key_thumbprint", String(64), nullable=False),
    Column("grants", JSON, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    # DER Name for a certificate, where the handle may get one.
    Column("subject", LargeBinary),
)

passes = Table(
    "passes",
    metadata,
    Column("pass_id", String(64), primary_key=True),
    Column("handle_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("signer_id", LargeBinary(32), nullable=False, index=True),
    Column("key_thumbprint", String(64), nullable=False, unique=True),
    Column("credential", Text, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    # Its place for good; passes of before there were lists have none.
    Column("status_list", Integer),
    Column("status_index", Integer),
    Column("revoked_at", UtcDateTime),
    Index("ix_passes_place", "status_list", "status_index", unique=True),
)

credentials = Table(
    "credentials",
    metadata,
    Column("credential_id", String(22), primary_key=True),
    # Of the identification that made it: each makes one.
    Column("handle_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("signer_id", LargeBinary(32), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("policy", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("replaces", String(22)),
    # Empty while it is being made. The blob is empty again once it has ended.
    Column("public_key", LargeBinary),
    Column("blob", LargeBinary),
    Column("wrapping_key", LargeBinary(16)),
    Column("chain", JSON),
    Column("version", Integer, nullable=False),
    # Over all of the above (``sam.credentials.record``).
    Column("mac", LargeBinary(32)),
    # The one transaction that may sign with it.
    Column("current_tx", String(64)),
)

credential_ledger = Table(
    "credential_ledger",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("credential_id", String(22), nullable=False),
    Column("version", Integer, nullable=False),
    Column("row_mac", LargeBinary(32), nullable=False),
    Column("previous_mac", LargeBinary(32), nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
    UniqueConstraint("credential_id", "version"),
)

credential_heads = Table(
    "credential_heads",
    metadata,
    # One row: how many entries the ledger has, and the MAC of the last.
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
)

used_nonces = Table(
    "used_nonces",
    metadata,
    Column("nonce_sha256", LargeBinary(32), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

key_plans = Table(
    "key_plans",
    metadata,
    Column("key_id", LargeBinary(16), primary_key=True),
    Column("tx", ForeignKey("transactions.tx"), nullable=False, unique=True),
    Column("owner", String(64), nullable=False),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("ended", String(32)),
)

quota_keys = Table(
    "quota_keys",
    metadata,
    Column("key_id", LargeBinary(16), primary_key=True),
    Column("policy", String(64), nullable=False),
    Column("period", String(16), nullable=False),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    # Whose plan it is (``sam.owners``).
    Column("owner", String(64)),
    Column("epoch", Integer),
    # Empty while it is planned, and while it lives: only then a key is on the device.
    Column("created_at", UtcDateTime),
    Column("destroyed_at", UtcDateTime),
    UniqueConstraint("policy", "period"),
)

kept_files = Table(
    "kept_files",
    metadata,
    # SHA-256 over kind, URI and trust point (``sam.kept_store``).
    Column("file_id", LargeBinary(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("uri", Text, nullable=False),
    # Whose credentials it is for: its signer must be of the same category.
    Column("category", String(32), nullable=False, server_default="pid_providers"),
    # DER, where a credential's issuer named one for the signer of its list.
    Column("trust_point", LargeBinary),
    # The day it was last looked for, no finer: a list is shared, a time is not.
    Column("wanted_at", UtcDateTime, nullable=False, index=True),
    # Empty until a file that holds was handed over.
    Column("content", LargeBinary),
    Column("content_sha256", LargeBinary(32)),
    Column("issued_at", UtcDateTime),
    Column("usable_until", UtcDateTime),
    Column("fetch_at", UtcDateTime),
)

trust_lists = Table(
    "trust_lists",
    metadata,
    # The name that the operator gave it; another URI under it is another list.
    Column("source", String(64), primary_key=True),
    Column("uri", Text, nullable=False),
    # Empty until a list that holds was handed over.
    Column("content", LargeBinary),
    Column("content_sha256", LargeBinary(32)),
    Column("received_at", UtcDateTime),
    Column("fetch_at", UtcDateTime),
    # What was wrong with the last one handed over, if anything was.
    Column("problem", String(64)),
    Column("problem_at", UtcDateTime),
)

revoked_certificates = Table(
    "revoked_certificates",
    metadata,
    # In force from this row on; what follows is about the CA.
    Column("certificate_sha256", LargeBinary(32), primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
    Column("issuer", LargeBinary, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("revoked_at", UtcDateTime, nullable=False),
    # When the CA is to be told, or told again.
    Column("ask_at", UtcDateTime, nullable=False),
    # When the CA's responder first said so.
    Column("shown_at", UtcDateTime),
)

owners = Table(
    "owners",
    metadata,
    Column("owner", String(64), primary_key=True),
    # Counts the starts under this name; never goes back.
    Column("epoch", Integer, nullable=False),
    # Milliseconds since 1970, by the database's clock.
    Column("lease_until", BigInteger, nullable=False),
)

# One row (``sam.heads``).
heads = Table(
    "heads",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("audit_sequence", Integer, nullable=False),
    Column("audit_hash", LargeBinary(32), nullable=False),
    Column("release_number", Integer, nullable=False),
)

releases = Table(
    "releases",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tx", ForeignKey("transactions.tx"), nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Column("signatures", Integer, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
    Column("previous_hash", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
)

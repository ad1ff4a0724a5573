"""Tables and statements of authorizations and of proofs that were used.

An authorization is one row from its push to its token: ``request_hash`` and
``code_hash`` are SHA-256, each step is one conditional update, and what is over is
deleted when the next one comes. It goes with its exchange.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, String, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.database import Base, UtcDateTime, changed_rows
from app.oauth.dpop import OnceOnly

MAX_PROOFS: Final = 100
"""Of one key within the minutes in which a proof is accepted."""


class Authorization(Base):
    """A pushed request (RFC 9126), the person's decision, and the code it gave."""

    __tablename__ = "authorizations"

    request_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    tx: Mapped[str] = mapped_column(
        ForeignKey("exchanges.tx", ondelete="CASCADE"), index=True
    )
    client_id: Mapped[str] = mapped_column(String(256))
    client_key: Mapped[str | None] = mapped_column(String(43))
    redirect_uri: Mapped[str] = mapped_column(String(1000))
    scope: Mapped[str | None] = mapped_column(String(1000))
    state: Mapped[str | None] = mapped_column(String(1000))
    code_challenge: Mapped[str] = mapped_column(String(43))
    thumbprint: Mapped[str | None] = mapped_column(String(43))
    by_identifier: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    redeemed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # What Authlib's code grant and its PKCE extension ask of a code.
    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str | None:
        return self.scope


class UsedProof(Base):
    """A DPoP or attestation proof that was accepted; nobody may use it again."""

    __tablename__ = "used_proofs"

    proof_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    thumbprint: Mapped[str] = mapped_column(String(43), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def count_waiting(db: Session, tx: str, now: datetime) -> int:
    """Pushed for this offer, neither decided nor over."""
    return (
        db.scalar(
            select(func.count())
            .select_from(Authorization)
            .where(Authorization.tx == tx)
            .where(Authorization.decided_at.is_(None))
            .where(Authorization.expires_at > now)
        )
        or 0
    )


def waiting(db: Session, request_hash: str, now: datetime) -> Authorization | None:
    return db.scalar(
        select(Authorization)
        .where(Authorization.request_hash == request_hash)
        .where(Authorization.decided_at.is_(None))
        .where(Authorization.expires_at > now)
    )


def decide(
    db: Session,
    request_hash: str,
    now: datetime,
    *,
    code_hash: str | None,
    until: datetime,
) -> bool:
    """Once; with a code hash it was allowed, and the code works until ``until``."""
    change = (
        update(Authorization)
        .where(Authorization.request_hash == request_hash)
        .where(Authorization.decided_at.is_(None))
        .where(Authorization.expires_at > now)
        .values(decided_at=now, code_hash=code_hash, expires_at=until)
    )
    return changed_rows(db, change) == 1


def by_code(db: Session, code_hash: str) -> Authorization | None:
    return db.scalar(select(Authorization).where(Authorization.code_hash == code_hash))


def redeem(db: Session, code_hash: str, now: datetime) -> bool:
    """Once, and in time."""
    change = (
        update(Authorization)
        .where(Authorization.code_hash == code_hash)
        .where(Authorization.redeemed_at.is_(None))
        .where(Authorization.expires_at > now)
        .values(redeemed_at=now)
    )
    return changed_rows(db, change) == 1


def forget_authorizations(db: Session, over_before: datetime) -> None:
    db.execute(delete(Authorization).where(Authorization.expires_at <= over_before))


def remember_proof(db: Session, proof: OnceOnly, now: datetime) -> bool:
    """False when it was used before, or its key has used too many lately."""
    db.execute(delete(UsedProof).where(UsedProof.expires_at <= now))
    used = db.scalar(
        select(func.count())
        .select_from(UsedProof)
        .where(UsedProof.thumbprint == proof.thumbprint)
    )
    if (used or 0) >= MAX_PROOFS:
        return False
    row = UsedProof(
        proof_hash=proof.proof_hash,
        thumbprint=proof.thumbprint,
        expires_at=proof.expires_at,
    )
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:
        return False
    return True

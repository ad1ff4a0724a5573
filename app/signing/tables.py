"""The tables of signing requests: one request, its documents, and its hand-overs.

``prepared``, ``signed`` and ``evidence`` are SHA-256 in hex and name files
(``signing.files``); ``sdr`` and ``sodr`` are digests in hex; ``byte_range`` is the
prepared file's own. A document's bytes are never in the database.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.ades.byte_range import ByteRange
from app.database import Base, UtcDateTime
from app.signing.findings import warnings
from app.signing.states import TERMINAL, State


class SigningRequest(Base):
    """Documents that wait for one approval: all of them are signed, or none.

    ``tx`` is the exchange under way, or the one that signed; ``started_on`` says in
    words in which browser it began ("Firefox on Windows").
    """

    __tablename__ = "signing_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    browser_id: Mapped[str] = mapped_column(
        ForeignKey("browser_sessions.id", ondelete="CASCADE"), index=True
    )
    started_on: Mapped[str] = mapped_column(String(60), default="a browser")
    state: Mapped[str] = mapped_column(String(24), index=True)
    reason: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    terms_version: Mapped[str | None] = mapped_column(String(64))

    tx: Mapped[str | None] = mapped_column(String(64))

    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deliver_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signer_name: Mapped[str | None] = mapped_column(String(400))
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    release: Mapped[int | None]
    evidence: Mapped[str | None] = mapped_column(String(64))
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    documents: Mapped[list["Document"]] = relationship(
        order_by="Document.position", lazy="selectin", passive_deletes=True
    )

    @property
    def is_open(self) -> bool:
        return State(self.state) not in TERMINAL

    @property
    def title(self) -> str:
        """The first document's name, and how many more there are."""
        first, *others = [document.name for document in self.documents]
        return f"{first} and {len(others)} more" if others else first

    def document(self, position: int) -> "Document | None":
        return next((d for d in self.documents if d.position == position), None)


class Document(Base):
    """One document of a request, as it was prepared, shown and signed.

    ``label`` and ``code`` are the SAM's, of the latest approval that was asked for.
    """

    __tablename__ = "documents"

    request_id: Mapped[str] = mapped_column(
        ForeignKey("signing_requests.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(120))
    prepared: Mapped[str] = mapped_column(String(64))
    length: Mapped[int]
    original_length: Mapped[int]
    byte_range: Mapped[list[int]] = mapped_column(JSON)
    sdr: Mapped[str] = mapped_column(String(64))
    sodr: Mapped[str] = mapped_column(String(64))
    page_count: Mapped[int]
    findings: Mapped[list[str]] = mapped_column(JSON)
    earlier_signatures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    structure_checked_by: Mapped[str | None] = mapped_column(String(120))
    label: Mapped[str | None] = mapped_column(String(400))
    code: Mapped[str | None] = mapped_column(String(16))
    signed: Mapped[str | None] = mapped_column(String(64))

    @property
    def span(self) -> ByteRange:
        return cast("ByteRange", tuple(self.byte_range))

    @property
    def warnings(self) -> list[str]:
        return warnings(self.findings)

    @property
    def earlier(self) -> list["EarlierSigner"]:
        return [
            EarlierSigner(
                name=each["name"],
                signed_at=each["at"] and datetime.fromisoformat(each["at"]),
            )
            for each in self.earlier_signatures
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierSigner:
    """Who signed before, as that signature claims; not verified."""

    name: str
    signed_at: datetime | None


class Handover(Base):
    """“Continue on your phone”: a ticket that takes a request along, once."""

    __tablename__ = "handovers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    ticket_hash: Mapped[str] = mapped_column(String(64), unique=True)
    request_id: Mapped[str] = mapped_column(
        ForeignKey("signing_requests.id", ondelete="CASCADE"), index=True
    )
    from_browser_id: Mapped[str] = mapped_column(
        ForeignKey("browser_sessions.id", ondelete="CASCADE")
    )
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

"""A document arrives: prepared in the child, stored, ready to be read and approved."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

from app.ades.documents import Documents
from app.database import Database
from app.signers.store import BrowserSession
from app.signing.files import DocumentFiles
from app.signing.names import document_name
from app.signing.states import State
from app.signing.store import SigningRequest


class NoFileError(Exception):
    """The form came without a file."""

    code: ClassVar[str] = "no_file"


class Intake:
    def __init__(
        self,
        database: Database,
        files: DocumentFiles,
        documents: Documents,
        clock: Callable[[], datetime],
        lifetime: timedelta,
    ) -> None:
        self._database = database
        self._files = files
        self._documents = documents
        self._clock = clock
        self._lifetime = lifetime

    def receive(
        self, browser: BrowserSession, upload_name: str | None, original: bytes
    ) -> str:
        """The id of a new request in ``ready``; raises what ``Documents`` raises."""
        now = self._clock()
        prepared = self._documents.prepare(original, signed_at=now)
        request_id = secrets.token_hex(16)
        request = SigningRequest(
            id=request_id,
            browser_id=browser.id,
            state=State.READY,
            created_at=now,
            changed_at=now,
            deadline=now + self._lifetime,
            name=document_name(upload_name),
            prepared=self._files.put(request_id, prepared.content),
            length=len(prepared.content),
            original_length=prepared.original_length,
            byte_range=list(prepared.byte_range),
            sdr=prepared.sdr.hex(),
            sodr=hashlib.sha256(original).hexdigest(),
            page_count=prepared.page_count,
            findings=[f"{f.kind}:{f.count}" for f in prepared.findings],
        )
        with self._database.write() as db:
            db.add(request)
        return request_id

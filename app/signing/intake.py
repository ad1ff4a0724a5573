"""Documents arrive: prepared in the child, stored, ready to be read and approved."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from app.ades.documents import Documents, Prepared
from app.ades.errors import UnsignableDocumentError
from app.database import Database
from app.faults import fault
from app.plans.free_tier import FreeTier
from app.signers.store import BrowserSession
from app.signing.files import DocumentFiles
from app.signing.names import document_name
from app.signing.states import State
from app.signing.tables import Document, SigningRequest


class NoFileError(Exception):
    """The form came without a file."""

    code: ClassVar[str] = "no_file"


class TooManyFilesError(Exception):
    """More documents than one approval may cover."""

    code: ClassVar[str] = "too_many_files"


class OneUnsignableError(Exception):
    """One document of several cannot be signed, so none was taken: ``name``, why."""

    code: ClassVar[str] = "one_unsignable"

    def __init__(self, name: str, cause: UnsignableDocumentError) -> None:
        super().__init__(f"{name}: {cause}")
        self.name, self.cause = name, cause


@dataclass(frozen=True, slots=True)
class Upload:
    name: str | None
    content: bytes


class Intake:
    def __init__(
        self,
        *,
        database: Database,
        files: DocumentFiles,
        documents: Documents,
        free_tier: FreeTier,
        clock: Callable[[], datetime],
        lifetime: timedelta,
        max_documents: int,
    ) -> None:
        self._database = database
        self._files = files
        self._documents = documents
        self._free_tier = free_tier
        self._clock = clock
        self._lifetime = lifetime
        self._max_documents = max_documents

    def receive(
        self, browser: BrowserSession, uploads: Sequence[Upload], started_on: str
    ) -> str:
        """The id of a new request in ``ready``; raises what ``Documents`` raises."""
        if not uploads:
            raise NoFileError
        if len(uploads) > self._max_documents:
            raise TooManyFilesError(len(uploads))
        self._free_tier.admit([len(upload.content) for upload in uploads])
        now = self._clock()
        prepared = [self._prepare(u, now, alone=len(uploads) == 1) for u in uploads]
        request_id = secrets.token_hex(16)
        request = SigningRequest(
            id=request_id,
            browser_id=browser.id,
            started_on=started_on,
            state=State.READY,
            created_at=now,
            changed_at=now,
            deadline=now + self._lifetime,
            documents=[
                self._document(request_id, position, upload, ready)
                for position, (upload, ready) in enumerate(
                    zip(uploads, prepared, strict=True), start=1
                )
            ],
        )
        fault("before-upload-stored")
        with self._database.write() as db:
            db.add(request)
        fault("after-upload-stored")
        return request_id

    def _prepare(self, upload: Upload, now: datetime, *, alone: bool) -> Prepared:
        try:
            return self._documents.prepare(upload.content, signed_at=now)
        except UnsignableDocumentError as error:
            if alone:
                raise
            raise OneUnsignableError(document_name(upload.name), error) from error

    def _document(
        self, request_id: str, position: int, upload: Upload, prepared: Prepared
    ) -> Document:
        return Document(
            request_id=request_id,
            position=position,
            name=document_name(upload.name),
            prepared=self._files.put(request_id, prepared.content),
            length=len(prepared.content),
            original_length=prepared.original_length,
            byte_range=list(prepared.byte_range),
            sdr=prepared.sdr.hex(),
            sodr=hashlib.sha256(upload.content).hexdigest(),
            page_count=prepared.page_count,
            structure_checked_by=prepared.checked_by,
            findings=[f"{f.kind}:{f.count}" for f in prepared.findings],
            earlier_signatures=[
                {
                    "name": earlier.signer_name,
                    "at": earlier.signed_at and earlier.signed_at.isoformat(),
                }
                for earlier in prepared.earlier_signatures
            ],
        )

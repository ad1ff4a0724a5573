"""Files for the browser that owns the request, and for nobody else.

Always an attachment, never sniffed, and a sandbox besides: a stranger's PDF shall not
run as a page of ours.
"""

import io
import zipfile
from dataclasses import dataclass

from flask import Blueprint, Response, send_file

from app.signing.files import DocumentFiles
from app.signing.names import prepared_name, signed_name, unique_names
from app.signing.reading_views import sandboxed
from app.signing.request_pages import SigningPages
from app.signing.store import RequestNotFoundError
from app.signing.tables import Document, SigningRequest

PDF = "application/pdf"
ZIP = "application/zip"


@dataclass(frozen=True, slots=True)
class Downloads:
    """Finds what may be given out; everything else is as unknown as never there."""

    pages: SigningPages
    files: DocumentFiles

    def request(self, request_id: str) -> SigningRequest:
        request = self.pages.owned(request_id)
        if request.purged_at is not None:
            raise RequestNotFoundError(request_id)
        return request

    def document(self, request_id: str, position: int) -> Document:
        found = self.request(request_id).document(position)
        if found is None:
            raise RequestNotFoundError(request_id)
        return found

    def stored(self, request_id: str, checksum: str | None) -> bytes:
        if checksum is None:
            raise RequestNotFoundError(request_id)
        return self.files.get(request_id, checksum)

    def all_signed(self, request_id: str) -> bytes:
        found = self.request(request_id).documents
        names = unique_names([signed_name(each.name) for each in found])
        contents = [self.stored(request_id, each.signed) for each in found]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in zip(names, contents, strict=True):
                archive.writestr(name, content)
        return buffer.getvalue()


def downloads_blueprint(pages: SigningPages, files: DocumentFiles) -> Blueprint:
    bp = Blueprint("downloads", __name__)
    found = Downloads(pages, files)

    @bp.get("/requests/<request_id>/documents/<int:position>/prepared.pdf")
    def prepared(request_id: str, position: int) -> Response:
        document = found.document(request_id, position)
        content = found.stored(request_id, document.prepared)
        return _file(content, prepared_name(document.name), PDF)

    @bp.get("/requests/<request_id>/documents/<int:position>/signed.pdf")
    def signed(request_id: str, position: int) -> Response:
        document = found.document(request_id, position)
        content = found.stored(request_id, document.signed)
        return _file(content, signed_name(document.name), PDF)

    @bp.get("/requests/<request_id>/signed.zip")
    def all_signed(request_id: str) -> Response:
        return _file(found.all_signed(request_id), "signed.zip", ZIP)

    @bp.get("/requests/<request_id>/evidence.zip")
    def evidence(request_id: str) -> Response:
        content = found.stored(request_id, found.request(request_id).evidence)
        return _file(content, "evidence.zip", ZIP)

    return bp


def _file(content: bytes, name: str, mimetype: str) -> Response:
    return sandboxed(
        send_file(io.BytesIO(content), mimetype, as_attachment=True, download_name=name)
    )

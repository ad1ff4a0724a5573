"""The document itself, to be read: page images, and the file for the page's reader.

Only for the browser the request belongs to; never sniffed, never run as a page.
"""

import io

from flask import Blueprint, Response, send_file

from app.signing.files import DocumentFiles
from app.signing.reading import PageNotFoundError, Reading
from app.signing.request_pages import SigningPages
from app.signing.tables import Document
from app.web.headers import CONTENT_SECURITY_POLICY

SANDBOX = f"{CONTENT_SECURITY_POLICY}; sandbox"


def reading_blueprint(
    pages: SigningPages, reading: Reading, files: DocumentFiles
) -> Blueprint:
    bp = Blueprint("reading", __name__)

    def owned(request_id: str, position: int) -> Document:
        request = pages.owned(request_id)
        document = request.document(position)
        if document is None or request.purged_at is not None:
            raise PageNotFoundError(position)
        return document

    @bp.get("/requests/<request_id>/documents/<int:position>/pages/<int:page>.png")
    def image(request_id: str, position: int, page: int) -> Response:
        png = reading.image(owned(request_id, position), page)
        return sandboxed(Response(png, mimetype="image/png"))

    @bp.get("/requests/<request_id>/documents/<int:position>/read.pdf")
    def pdf(request_id: str, position: int) -> Response:
        """For the reader's script; as an attachment, should someone open it."""
        document = owned(request_id, position)
        content = io.BytesIO(files.get(request_id, document.prepared))
        return sandboxed(
            send_file(
                content,
                "application/pdf",
                as_attachment=True,
                download_name="document.pdf",
            )
        )

    return bp


def sandboxed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = SANDBOX
    return response

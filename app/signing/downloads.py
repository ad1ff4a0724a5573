"""Files for the browser that owns the request, and for nobody else.

Always an attachment, never sniffed, and a sandbox besides: a stranger's PDF shall not
run as a page of ours.
"""

import io

from flask import Blueprint, Response, send_file

from app.signing.files import DocumentFiles
from app.signing.names import prepared_name, signed_name
from app.signing.store import RequestNotFoundError, SigningRequest
from app.signing.views import SigningPages
from app.web.headers import CONTENT_SECURITY_POLICY

PDF = "application/pdf"
ZIP = "application/zip"


def downloads_blueprint(pages: SigningPages, files: DocumentFiles) -> Blueprint:
    bp = Blueprint("downloads", __name__)

    def send(
        request: SigningRequest, checksum: str | None, name: str, mimetype: str
    ) -> Response:
        if checksum is None or request.purged_at is not None:
            raise RequestNotFoundError(request.id)
        content = io.BytesIO(files.get(request.id, checksum))
        response = send_file(content, mimetype, as_attachment=True, download_name=name)
        response.headers["Content-Security-Policy"] = (
            f"{CONTENT_SECURITY_POLICY}; sandbox"
        )
        return response

    @bp.get("/requests/<request_id>/prepared.pdf")
    def prepared(request_id: str) -> Response:
        request = pages.owned(request_id)
        return send(request, request.prepared, prepared_name(request.name), PDF)

    @bp.get("/requests/<request_id>/signed.pdf")
    def signed(request_id: str) -> Response:
        request = pages.owned(request_id)
        return send(request, request.signed, signed_name(request.name), PDF)

    @bp.get("/requests/<request_id>/evidence.zip")
    def evidence(request_id: str) -> Response:
        request = pages.owned(request_id)
        return send(request, request.evidence, "evidence.zip", ZIP)

    return bp

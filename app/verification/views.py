"""``/verify``: a person uploads a PDF and reads how sure its signatures are.

No account, and nothing of the file is kept. The page needs no script.
"""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.verification.signed_file import DOES_NOT_PROVE, SignedFiles, Verdict
from app.web.browser import BrowserDoor

MAX_PASTED: Final = 200
UNPROCESSABLE: Final = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPages:
    """``max_upload_bytes`` is shown; the application enforces it for every form."""

    door: BrowserDoor
    files: SignedFiles
    max_upload_bytes: int


def verification_blueprint(pages: VerificationPages) -> Blueprint:
    bp = Blueprint("verification", __name__)

    @bp.get("/verify")
    def verify() -> ResponseReturnValue:
        pages.door.current_or_new()
        return _form(missing=False)

    @bp.post("/verify")
    def judge() -> ResponseReturnValue:
        pages.door.current_or_new()  # a form from another time may be sent again
        pages.door.check_form()
        file = request.files.get("document")
        if file is None or not file.filename:
            return _form(missing=True), UNPROCESSABLE
        judgement = pages.files.judge(file.read())
        pasted = request.form.get("fingerprint", "")[:MAX_PASTED]
        page = render_template(
            "verify_result.html",
            judgement=judgement,
            Verdict=Verdict,
            name=file.filename[:MAX_PASTED],
            same=judgement.same_as(pasted),
            checked_at=pages.files.clock(),
            does_not_prove=DOES_NOT_PROVE,
        )
        read = judgement.verdict is not Verdict.UNREADABLE
        return page, 200 if read else UNPROCESSABLE

    def _form(*, missing: bool) -> str:
        return render_template(
            "verify.html",
            missing=missing,
            max_megabytes=pages.max_upload_bytes // 1_000_000,
        )

    return bp

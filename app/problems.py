"""Every refusal a person or a program can meet: one table, one place.

A page says three things in plain words: what happened, whether anything was signed,
what to do next. A program gets the same as problem+json (RFC 9457) with the stable
code. What is not in the table is our fault: 500, and no detail leaves.
"""

from dataclasses import dataclass, replace
from typing import Final

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)

from app.ades.errors import AdesError, UnsignableDocumentError
from app.plans.free_tier import OverFreeTierLimitError
from app.signers.session_kinds import OutOfReachError
from app.signers.sessions import ForgedFormError, UnknownBrowserError
from app.signers.wallet_kinds import UnknownWalletKindError
from app.signing.approval import DocumentMismatchError, IdentificationOverError
from app.signing.confirmation import (
    CodeOverError,
    ReturnTooLateError,
    WrongReturnCodeError,
)
from app.signing.exchange import UnknownExchangeError
from app.signing.files import DocumentChangedError
from app.signing.handover import HandoverOverError
from app.signing.intake import NoFileError, OneUnsignableError, TooManyFilesError
from app.signing.phone import TooLateToStopError
from app.signing.reading import PageNotFoundError
from app.signing.states import IllegalTransitionError
from app.signing.store import RequestNotFoundError
from app.signing.terms import TermsChangedError
from sam.errors import SamError

NOTHING: Final = "Nothing was signed."
FOR_PROGRAMS: Final = (
    "/oid4vp/request/",
    "/oid4vp/response/",
    "/oid4vci/",
    "/oauth2/",
    "/.well-known/",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """``code`` is stable; the rest is shown."""

    status: int
    code: str
    title: str
    happened: str
    next_step: str
    signed: str = NOTHING


_OTHER_FILE: Final = (
    "Choose another file, or print this one to a new PDF and try again."
)
_LATER: Final = "Please try again in a few minutes."
_START: Final = "Go back to the browser where you started, or start again here."
_RELOAD: Final = "Open your document's page again to see where it stands."

TABLE: Final[dict[type[Exception], Problem]] = {
    UnsignableDocumentError: Problem(
        422, "unsignable_document", "This file can't be signed", "", _OTHER_FILE
    ),
    NoFileError: Problem(
        422,
        NoFileError.code,
        "No file arrived",
        "You did not choose a file.",
        "Go back and choose a PDF.",
    ),
    OneUnsignableError: Problem(
        422,
        OneUnsignableError.code,
        "One of these files can't be signed",
        "",
        "Choose your documents again without that file, or with another one.",
        signed="Nothing was signed, and no file was kept.",
    ),
    TooManyFilesError: Problem(
        422,
        TooManyFilesError.code,
        "Too many files at once",
        "One approval can cover only a few documents.",
        "Choose fewer documents and sign the others afterwards.",
    ),
    OverFreeTierLimitError: Problem(
        422,
        OverFreeTierLimitError.code,
        "This is more than the free service takes",
        "",
        "The page about free signing names other ways.",
    ),
    RequestEntityTooLarge: Problem(
        413,
        "too_large",
        "This file is too large",
        "The file is larger than we accept.",
        "Choose a smaller PDF.",
    ),
    AdesError: Problem(
        503,
        "documents_unavailable",
        "We can't work on documents right now",
        "The part of this service that reads documents is busy.",
        _LATER,
    ),
    SamError: Problem(
        503,
        "sam_unavailable",
        "We can't sign right now",
        "The part of this service that signs does not answer.",
        _LATER,
    ),
    IdentificationOverError: Problem(
        409,
        IdentificationOverError.code,
        "Please identify again",
        "It is more than 30 minutes since you identified yourself.",
        "Go back to your document and identify again.",
    ),
    IllegalTransitionError: Problem(
        409,
        IllegalTransitionError.code,
        "That is no longer possible",
        "Your document has moved on since this page was shown.",
        _RELOAD,
        signed="This click changed nothing.",
    ),
    DocumentMismatchError: Problem(
        500,
        DocumentMismatchError.code,
        "We stopped for your safety",
        "The document to be signed is not the one we showed you.",
        "Upload the document again.",
    ),
    DocumentChangedError: Problem(
        500,
        DocumentChangedError.code,
        "We can't find your document",
        "The stored file is gone or damaged, so we do not use it.",
        "Upload the document again.",
        signed="Nothing new was signed.",
    ),
    UnknownBrowserError: Problem(
        403,
        UnknownBrowserError.code,
        "This is not the browser where you started",
        "We can't continue here, because this browser does not know your document.",
        _START,
        signed="Nothing was released and nothing was changed.",
    ),
    WrongReturnCodeError: Problem(
        403,
        WrongReturnCodeError.code,
        "This link does not belong to this browser",
        "Your wallet sent you to a browser in which nothing is waiting for it.",
        _START,
        signed="Nothing was released.",
    ),
    CodeOverError: Problem(
        409,
        CodeOverError.code,
        "This code no longer works",
        "There is nothing that a code could confirm right now.",
        _RELOAD,
    ),
    TooLateToStopError: Problem(
        409,
        TooLateToStopError.code,
        "It is too late to stop this",
        "Someone typed the code before you pressed the button.",
        "Was it not you? Keep this page's address. Tell this service and the police.",
        signed="The document has been signed, or is being signed right now.",
    ),
    TermsChangedError: Problem(
        409,
        TermsChangedError.code,
        "The terms have changed",
        "They are no longer the ones your page showed.",
        "Open your document's page again, read the terms, and go on.",
    ),
    HandoverOverError: Problem(
        410,
        HandoverOverError.code,
        "This link no longer works",
        "It was used, it is older than five minutes, or the document has moved on.",
        "Show a new code on the screen where you started.",
    ),
    OutOfReachError: Problem(
        403,
        OutOfReachError.code,
        "Not in this session",
        "You came in by typing a code. That opens your documents here, no more.",
        "Identify with a wallet on this very device.",
        signed="",
    ),
    ReturnTooLateError: Problem(
        410,
        ReturnTooLateError.code,
        "You came back too late",
        "It is more than ten minutes since your wallet answered.",
        "Open your document's page and try again.",
    ),
    ForgedFormError: Problem(
        403,
        ForgedFormError.code,
        "This page was out of date",
        "The button you pressed came from an old page or from another site.",
        _RELOAD,
        signed="This click changed nothing.",
    ),
    RequestNotFoundError: Problem(
        404,
        RequestNotFoundError.code,
        "We don't know this page",
        "There is no such document in this browser.",
        "Check the address, or start again.",
        signed="",
    ),
    PageNotFoundError: Problem(
        404,
        PageNotFoundError.code,
        "We don't know this page",
        "The document has no such page.",
        "Check the address, or open the document's first page.",
        signed="",
    ),
    UnknownWalletKindError: Problem(
        404,
        UnknownWalletKindError.code,
        "We don't know this wallet",
        "There is no such kind of wallet to choose here.",
        _RELOAD,
    ),
    UnknownExchangeError: Problem(
        404,
        UnknownExchangeError.code,
        "We don't know this page",
        "There is nothing at this address.",
        "Check the address, or start again.",
        signed="",
    ),
    NotFound: Problem(
        404,
        "not_found",
        "We don't know this page",
        "There is nothing at this address.",
        "Check the address, or start again.",
        signed="",
    ),
    MethodNotAllowed: Problem(
        405,
        "method_not_allowed",
        "That can't be done here",
        "This address does not accept that kind of request.",
        "Start again from the first page.",
        signed="",
    ),
    BadRequest: Problem(
        400,
        "bad_request",
        "We did not understand that",
        "The request was not complete.",
        "Go back and try again.",
    ),
    InternalServerError: Problem(
        500,
        "internal_error",
        "Something went wrong on our side",
        "We made a mistake and have recorded it.",
        _RELOAD,
        signed="If a signature was being made, your document's page tells.",
    ),
}


def problem_of(error: Exception) -> Problem:
    """The row of the nearest class; what was refused may have words of its own."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            break
    else:
        kind = InternalServerError
    row = TABLE[kind]
    if isinstance(error, UnsignableDocumentError):
        return replace(row, code=error.code, happened=str(error))
    if isinstance(error, OneUnsignableError | OverFreeTierLimitError):
        return replace(row, happened=str(error))
    return row


def init_problems(app: Flask) -> None:
    for kind in TABLE:
        app.register_error_handler(kind, show)
    app.register_error_handler(HTTPException, show_http)


def show(error: Exception) -> ResponseReturnValue:
    problem = problem_of(error)
    response = Response()
    if request.path.startswith(FOR_PROGRAMS):
        response = _for_program(problem)
    else:
        response.set_data(render_template("problem.html", problem=problem))
        response.mimetype = "text/html"
    response.status_code = problem.status
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def show_http(error: HTTPException) -> ResponseReturnValue:
    """An HTTP error without a row: redirects pass, others are the nearest row."""
    if error.code is None or error.code < BadRequest.code:
        return error
    return show(BadRequest() if error.code < InternalServerError.code else error)


def _for_program(problem: Problem) -> Response:
    response = jsonify(
        type="about:blank",
        title=problem.title,
        status=problem.status,
        code=problem.code,
        detail=problem.happened,
    )
    response.mimetype = "application/problem+json"
    return response

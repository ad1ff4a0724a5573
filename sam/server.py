"""The SAM's door: POSTs with JSON on a Unix socket, dispatched by name.

A WSGI callable without a framework. What cannot be parsed is refused before it reaches
a call; what a call refuses leaves as ``{code, detail}``; anything else is a 500 without
detail, and the traceback goes to the log. One thread, one call at a time.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from hsm.errors import HsmError
from sam import asking, audit, errors, kept_files, quota_keys, revocation, store
from sam import messages as m
from sam.answers import submit
from sam.credentials import making
from sam.credentials.ending import delete_credential, revoke_credential
from sam.credentials.listing import list_credentials
from sam.credentials.making import make_credential, renew_credential
from sam.finish import fail_interrupted, finish
from sam.issuer_metadata import signed_metadata
from sam.kept_files import keep_file, wanted_files
from sam.key_attestation import accepted
from sam.module import Sam
from sam.opening import open_identify, open_sign
from sam.pass_nonces import pass_nonce
from sam.pass_revocation import list_passes, revoke_pass
from sam.pass_status import pass_status_list
from sam.passes import issue_pass
from sam.quota import quota_tag
from sam.self_tests import DailySelfTest
from sam.service_keys import base64_der
from sam.transactions import abort, request, status, sweep
from sam.trust import reports, watching
from sam.trust.categories import Category

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIEnvironment

T = TypeVar("T", bound=m.Message)
log = logging.getLogger("sam")

Read = Callable[[int], bytes]

MAX_CALL = 512 * 1024
SWEEP_EVERY = timedelta(seconds=10)
_JSON = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


def releases(sam: Sam, call: m.Since) -> m.Releases:
    with sam.database.begin() as connection:
        rows = store.releases_after(connection, call.release)
    return m.Releases(releases=tuple(m.Release(**row._mapping) for row in rows))


def info(sam: Sam, _call: m.Nothing) -> m.Info:
    with sam.database.begin() as connection:
        head = audit.head(connection)
    request_chain = sam.request_signer.certificate_chain
    return m.Info(
        client_id=sam.client_id,
        response_uri_base=f"{sam.config.base_url}/oid4vp/response",
        request_certificate_chain=tuple(map(base64_der, request_chain)),
        pass_certificate_chain=tuple(
            map(base64_der, sam.pass_issuer.certificate_chain)
        ),
        pass_type=sam.config.pass_type,
        test_mode=True,
        device=sam.device_name,
        pid_providers=sam.anchors[Category.PID_PROVIDERS].providers(sam.clock()),
        audit_sequence=0 if head is None else head.sequence,
        audit_head=(audit.GENESIS if head is None else head.hash).hex(),
        signer_key_operations=sam.tally.signer_key_operations,
        wanted_files=wanted_files(sam),
        trust_sources=reports.sources(sam.trust_lists, sam.clock()),
        expiries=watching.expiries(sam),
        profiles=asking.offered(sam),
        registration=asking.registration_states(sam),
        key_attestation=sam.config.pass_key_attestation,
        key_storage=accepted(sam.config.pass_key_storage),
        user_authentication=accepted(sam.config.pass_user_authentication),
        signed_metadata=signed_metadata(sam),
    )


CALLS: dict[str, tuple[type[Any], Callable[[Sam, Any], m.Message]]] = {
    "open_identify": (m.OpenIdentify, open_identify),
    "request": (m.Request, request),
    "submit": (m.Submit, submit),
    "finish": (m.Finish, finish),
    "pass_nonce": (m.Nothing, pass_nonce),
    "issue_pass": (m.IssuePass, issue_pass),
    "list_passes": (m.ListPasses, list_passes),
    "revoke_pass": (m.RevokePass, revoke_pass),
    "pass_status_list": (m.StatusListNumber, pass_status_list),
    "make_credential": (m.MakeCredential, make_credential),
    "renew_credential": (m.RenewCredential, renew_credential),
    "list_credentials": (m.ListCredentials, list_credentials),
    "revoke_credential": (m.RevokeCredential, revoke_credential),
    "delete_credential": (m.DeleteCredential, delete_credential),
    "status": (m.ByTransaction, status),
    "abort": (m.ByTransaction, abort),
    "quota_tag": (m.QuotaTag, quota_tag),
    "releases": (m.Since, releases),
    "info": (m.Nothing, info),
}

# A line of JSON, then files: ``function(sam, call, read)``.
CALLS_WITH_FILES: dict[str, tuple[type[Any], Callable[[Sam, Any, Read], m.Message]]] = {
    "open_sign": (m.OpenSign, open_sign),
    "keep_file": (m.KeepFile, keep_file),
}


class Server:
    """WSGI application over one ``Sam``."""

    def __init__(self, sam: Sam) -> None:
        self._sam = sam
        self._swept = datetime.min.replace(tzinfo=UTC)
        self._daily_log = watching.DailyLog()
        self._self_test = DailySelfTest(sam)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        try:
            self._self_test.require(self._sam)
            self._sam.trust_lists.refresh()
            self._sweep()
            answer = self._answer(environ)
        except errors.SamError as error:
            return _refuse(start_response, error)
        except (HsmError, SQLAlchemyError) as error:
            log.exception("device or database")
            return _refuse(start_response, errors.SamUnavailableError(_kind(error)))
        start_response("200 OK", _JSON)
        return [answer.model_dump_json().encode()]

    def _answer(self, environ: "WSGIEnvironment") -> m.Message:
        name = environ.get("PATH_INFO", "").removeprefix("/")
        if environ["REQUEST_METHOD"] != "POST":
            raise errors.MalformedCallError("calls are POSTs")
        body = environ["wsgi.input"]
        if name in CALLS_WITH_FILES:
            message, takes_files = CALLS_WITH_FILES[name]
            call = _parse(message, body.readline(MAX_CALL))
            return takes_files(self._sam, call, body.read)
        if name not in CALLS:
            raise errors.MalformedCallError("no such call")
        message, function = CALLS[name]
        return function(self._sam, _parse(message, _whole(body)))

    def _sweep(self) -> None:
        now = self._sam.clock()
        if now - self._swept >= SWEEP_EVERY:
            self._swept = now
            fail_interrupted(self._sam)
            sweep(self._sam)
            quota_keys.sweep(self._sam)
            making.sweep(self._sam)
            kept_files.sweep(self._sam)
            revocation.tell_the_ca(self._sam)
            self._daily_log.round(self._sam)


def _whole(body: "InputStream") -> bytes:
    content = body.read(MAX_CALL + 1)
    if len(content) > MAX_CALL:
        raise errors.MalformedCallError("the call is too large")
    return content


def _parse(message: type[T], content: bytes) -> T:
    try:
        return message.model_validate_json(content)
    except ValidationError as error:
        fields = sorted({".".join(map(str, e["loc"])) for e in error.errors()})
        raise errors.MalformedCallError(f"unfit: {', '.join(fields)}") from None


def _refuse(start_response: "StartResponse", error: errors.SamError) -> Iterable[bytes]:
    refusal = m.Refusal(code=error.code, detail=str(error))
    start_response(f"{error.status} Refused", _JSON)
    return [refusal.model_dump_json().encode()]


def _kind(error: Exception) -> str:
    return type(error).__name__

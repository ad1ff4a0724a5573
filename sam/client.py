"""The SAM as its callers see it: calls over a Unix socket or mutual TLS, nothing else.

Each method sends one message and returns one; a refusal is raised here as the very
class the SAM raised (``sam.errors``). ``open_sign`` sends one line of JSON and then
the prepared files, so that neither side holds more than a block of them at a time.

Where there are several nodes over one database, any of them can do any call. One that
was not reached gives way to the next for every call; one that was reached and then gave
no reply, or could not do it, only for calls that are ``REPEATABLE``.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import httpx
from pydantic import ValidationError

from sam import errors
from sam import messages as m
from sam.tls import Credentials, client_context

BLOCK = 256 * 1024
T = TypeVar("T", bound=m.Message)
Body = Callable[[], bytes | Iterator[bytes]]
"""Makes the body anew for each node that is tried."""

CONNECT_SECONDS: Final = 3.0
"""With the handshake, which a node that is busy signing has no time for."""
REPEATABLE: Final = frozenset(
    {
        # The second makes another transaction; nobody learnt of the first, which ends
        # by itself unanswered.
        "open_identify",
        "open_sign",
        # Nonce, key and data were fixed at opening.
        "request",
        # The same body gets the same reply, also if the first try was taken.
        "submit",
        # At most one signs, whoever is asked; a stored result is the same for ever.
        "finish",
        # Nothing is stored of a nonce, or of a tag.
        "pass_nonce",
        "quota_tag",
        # The same key again gets the same pass.
        "issue_pass",
        # Once ended, ended.
        "abort",
        "revoke_credential",
        # The same file again changes nothing.
        "keep_file",
        # These only look.
        "list_credentials",
        "list_passes",
        "pass_status_list",
        "status",
        "releases",
        "info",
    }
)
"""Calls of which a second try, on another node, does no more than the first did."""


class _NotReachedError(errors.SamUnavailableError):
    """No connection, so nothing was sent."""


def connect(socket: Path, *, timeout: float = 30.0) -> "SamClient":
    """A client for the SAM that listens on ``socket``; no connection is made yet."""
    transport = httpx.HTTPTransport(uds=str(socket))
    return SamClient(
        httpx.Client(transport=transport, base_url="http://sam", timeout=timeout)
    )


def connect_tls(
    urls: Sequence[str],
    certificate: Path,
    key: Path,
    authority: Path,
    *,
    timeout: float = 30.0,
) -> "SamClient":
    """A client for the nodes at ``urls`` (https), the first of them first.

    The files are PEM: its own chain and key, and the one authority of the nodes.
    """
    context = client_context(Credentials(certificate, key, authority))
    return SamClient(
        *(
            httpx.Client(base_url=url, verify=context, timeout=timeout, trust_env=False)
            for url in urls
        )
    )


class SamClient:
    """Safe to share between threads, as the ``httpx.Client`` under it is.

    It stays with the node that answered last.
    """

    def __init__(self, *nodes: httpx.Client) -> None:
        self._nodes = nodes
        self._latest = 0

    def open_identify(self, call: m.OpenIdentify) -> m.Opened:
        return self._call("open_identify", call, m.Opened)

    def open_sign(
        self, call: m.OpenSign, contents: Sequence[BinaryIO]
    ) -> m.SigningOpened:
        """``contents``: one open file per document, at its start."""
        return self._post("open_sign", lambda: _framed(call, contents), m.SigningOpened)

    def request(self, call: m.Request) -> m.SignedRequest:
        return self._call("request", call, m.SignedRequest)

    def submit(self, call: m.Submit) -> m.Submitted:
        return self._call("submit", call, m.Submitted)

    def finish(self, call: m.Finish) -> m.Finished:
        return self._call("finish", call, m.Finished)

    def pass_nonce(self) -> m.PassNonce:
        return self._call("pass_nonce", m.Nothing(), m.PassNonce)

    def issue_pass(self, call: m.IssuePass) -> m.IssuedPass:
        return self._call("issue_pass", call, m.IssuedPass)

    def list_passes(self, handle: str) -> m.Passes:
        return self._call("list_passes", m.ListPasses(handle=handle), m.Passes)

    def revoke_pass(self, handle: str, reference: str) -> m.RevokedPasses:
        """``reference``: of a listed pass, or ``ALL_PASSES``."""
        call = m.RevokePass(handle=handle, reference=reference)
        return self._call("revoke_pass", call, m.RevokedPasses)

    def pass_status_list(self, number: int) -> m.SignedStatusList:
        call = m.StatusListNumber(number=number)
        return self._call("pass_status_list", call, m.SignedStatusList)

    def make_credential(
        self, handle: str, algorithm: m.CredentialAlgorithm | None = None
    ) -> m.HeldCredential:
        call = m.MakeCredential(handle=handle, algorithm=algorithm)
        return self._call("make_credential", call, m.HeldCredential)

    def renew_credential(self, call: m.RenewCredential) -> m.HeldCredential:
        return self._call("renew_credential", call, m.HeldCredential)

    def list_credentials(self, handle: str) -> m.Credentials:
        call = m.ListCredentials(handle=handle)
        return self._call("list_credentials", call, m.Credentials)

    def revoke_credential(self, call: m.RevokeCredential) -> m.EndedCredential:
        return self._call("revoke_credential", call, m.EndedCredential)

    def delete_credential(self, call: m.DeleteCredential) -> m.EndedCredential:
        return self._call("delete_credential", call, m.EndedCredential)

    def status(self, tx: str) -> m.Status:
        return self._call("status", m.ByTransaction(tx=tx), m.Status)

    def abort(self, tx: str) -> m.Status:
        return self._call("abort", m.ByTransaction(tx=tx), m.Status)

    def quota_tag(self, call: m.QuotaTag) -> m.QuotaTagged:
        return self._call("quota_tag", call, m.QuotaTagged)

    def releases(self, since: int) -> m.Releases:
        return self._call("releases", m.Since(release=since), m.Releases)

    def keep_file(self, kind: m.FileKind, uri: str, content: bytes) -> m.KeptFile:
        """``content``: as fetched from ``uri``, one of ``info().wanted_files``."""
        call = m.KeepFile(kind=kind, uri=uri, length=len(content))
        framed = (call.model_dump_json().encode() + b"\n", content)
        return self._post("keep_file", lambda: iter(framed), m.KeptFile)

    def info(self) -> m.Info:
        return self._call("info", m.Nothing(), m.Info)

    def _call(self, name: str, call: m.Message, answer: type[T]) -> T:
        return self._post(name, call.model_dump_json().encode, answer)

    def _post(self, name: str, body: Body, answer: type[T]) -> T:
        first, count = self._latest, len(self._nodes)
        for step in range(count):
            node, last = (first + step) % count, step + 1 == count
            try:
                answered = _ask(self._nodes[node], name, body(), answer, last=last)
            except errors.SamUnavailableError as error:
                unsent = isinstance(error, _NotReachedError)
                if last or not (unsent or name in REPEATABLE):
                    raise
            except errors.SamError:
                self._latest = node
                raise
            else:
                self._latest = node
                return answered
        raise errors.SamUnavailableError("no node")


def _ask(
    node: httpx.Client,
    name: str,
    body: bytes | Iterator[bytes],
    answer: type[T],
    *,
    last: bool,
) -> T:
    """``last``: there is no other node, so a busy one is waited for."""
    patience = node.timeout
    if not last:
        patience = httpx.Timeout(patience.read, connect=CONNECT_SECONDS)
    try:
        response = node.post(f"/{name}", content=body, timeout=patience)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _NotReachedError(type(error).__name__) from error
    except httpx.HTTPError as error:
        raise errors.SamUnavailableError(type(error).__name__) from error
    if response.status_code != httpx.codes.OK:
        raise _refusal(response.content)
    try:
        return answer.model_validate_json(response.content)
    except ValidationError as error:
        raise _not_of_the_contract() from error


def _framed(call: m.OpenSign, contents: Sequence[BinaryIO]) -> Iterator[bytes]:
    yield call.model_dump_json().encode() + b"\n"
    for content in contents:
        content.seek(0)  # another node may have been sent some of it
        while block := content.read(BLOCK):
            yield block


def _refusal(body: bytes) -> errors.SamError:
    try:
        refusal = m.Refusal.model_validate_json(body)
    except ValidationError:
        return _not_of_the_contract()
    return errors.BY_CODE.get(refusal.code, errors.SamError)(refusal.detail)


def _not_of_the_contract() -> errors.SamUnavailableError:
    return errors.SamUnavailableError("the SAM's answer is not of the contract")

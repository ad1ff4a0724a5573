"""The SAM as its callers see it: calls over a Unix socket, nothing else.

Each method sends one message and returns one; a refusal is raised here as the very
class the SAM raised (``sam.errors``). ``open_sign`` sends one line of JSON and then
the prepared files, so that neither side holds more than a block of them at a time.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

import httpx
from pydantic import ValidationError

from sam import errors
from sam import messages as m

BLOCK = 256 * 1024
T = TypeVar("T", bound=m.Message)


def connect(socket: Path, *, timeout: float = 30.0) -> "SamClient":
    """A client for the SAM that listens on ``socket``; no connection is made yet."""
    transport = httpx.HTTPTransport(uds=str(socket))
    return SamClient(
        httpx.Client(transport=transport, base_url="http://sam", timeout=timeout)
    )


class SamClient:
    """Safe to share between threads, as the ``httpx.Client`` under it is."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def open_identify(self, call: m.OpenIdentify) -> m.Opened:
        return self._call("open_identify", call, m.Opened)

    def open_sign(
        self, call: m.OpenSign, contents: Sequence[BinaryIO]
    ) -> m.SigningOpened:
        """``contents``: one open file per document, at its start."""
        return self._post("open_sign", _framed(call, contents), m.SigningOpened)

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
        framed = iter((call.model_dump_json().encode() + b"\n", content))
        return self._post("keep_file", framed, m.KeptFile)

    def info(self) -> m.Info:
        return self._call("info", m.Nothing(), m.Info)

    def _call(self, name: str, call: m.Message, answer: type[T]) -> T:
        return self._post(name, call.model_dump_json().encode(), answer)

    def _post(self, name: str, body: bytes | Iterator[bytes], answer: type[T]) -> T:
        try:
            response = self._http.post(f"/{name}", content=body)
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

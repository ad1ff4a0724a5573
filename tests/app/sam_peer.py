"""A SAM for tests of the web tier: a WSGI callable that obeys ``sam.messages``.

It verifies no cryptography of wallets: a body says what its verification would have
found (``response=identified``, ``response=approved``, ``error=access_denied``), all
else is refused. Signatures and certificates are real, so that the web tier's own
validation has something to find. ``failing`` names calls that answer with a refusal.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import parse_qs

import httpx
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.ades.signed_attributes import signed_attributes
from sam import errors
from sam import messages as m
from sam.client import SamClient
from sam.periods import period_at
from sam.policy import FreeTierPolicy
from tests.app.ades.pki import Pki, der

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CLIENT_ID = "x509_hash:Uz8wDQYJKoZIhvcNAQELBQADggEBAA"
NAME = "Erika Mustermann"
BASE_URL = "http://localhost:8000"


@dataclass
class Tx:
    purpose: m.Purpose
    expires_at: datetime
    state: m.State = m.State.OPEN
    purpose_of_use: str | None = None
    terms_version: str | None = None
    documents: tuple[m.OpenedDocument, ...] = ()
    claims: tuple[str | None, ...] = ()
    handle: str | None = None
    body: str | None = None
    answer: m.Submitted | None = None
    result: m.Finished | None = None

    @property
    def may_be_counted(self) -> bool:
        waits = self.state in {m.State.VERIFIED, m.State.SIGNING}
        private = self.purpose_of_use == "private"
        return self.purpose is m.Purpose.SIGN and waits and private


@dataclass
class Pass:
    handle: str
    issued_at: datetime
    reference: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    revoked: bool = False

    def held(self, handle: str, now: datetime) -> m.HeldPass:
        expires_at = self.issued_at + timedelta(days=30)
        state = m.PassState.VALID if now < expires_at else m.PassState.ENDED
        return m.HeldPass(
            reference=self.reference,
            issued_at=self.issued_at,
            expires_at=expires_at,
            state=m.PassState.REVOKED if self.revoked else state,
            own=self.handle == handle,
        )


@dataclass
class SamPeer:
    clock: Callable[[], datetime]
    pki: Pki
    failing: dict[str, type[errors.SamError]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    transactions: dict[str, Tx] = field(default_factory=dict)
    handles: dict[str, str | None] = field(default_factory=dict)
    nonces: list[str | None] = field(default_factory=list)
    metadata: list[str | None] = field(default_factory=list)
    profiles: tuple[m.OfferedProfile, ...] = ()
    """More than the one there always is; ``asked_by`` holds what callers named."""
    asked_by: list[str | None] = field(default_factory=list)
    registration: tuple[m.RegistrationState, ...] = ()
    link_schemes: dict[str, str] = field(default_factory=dict)
    """Profile → scheme, where it is another than openid4vp."""
    passes: list[Pass] = field(default_factory=list)
    wrong_sdr: bool = False
    signs_all_but_the_last: bool = False
    other_signature: bool = False
    policy: FreeTierPolicy | None = None

    def client(self) -> SamClient:
        transport = httpx.WSGITransport(self)
        return SamClient(httpx.Client(transport=transport, base_url="http://sam"))

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        name = environ["PATH_INFO"].strip("/")
        self.calls.append(name)
        try:
            if name in self.failing:
                raise self.failing[name]("as the test wants it")
            answer = getattr(self, f"_{name}")(environ["wsgi.input"])
        except errors.SamError as error:
            refusal = m.Refusal(code=error.code, detail=str(error))
            start(f"{error.status} Refused", [("Content-Type", "application/json")])
            return [refusal.model_dump_json().encode()]
        start("200 OK", [("Content-Type", "application/json")])
        return [answer.model_dump_json().encode()]

    # --- the calls

    def _open_identify(self, body: BinaryIO) -> m.Opened:
        call = m.OpenIdentify.model_validate_json(body.read())
        self._asked_by(call.profile)
        alone = m.Purpose.IDENTIFY_ALONE if call.alone else m.Purpose.IDENTIFY
        return m.Opened(**self._opened(alone))

    def _open_sign(self, body: BinaryIO) -> m.SigningOpened:
        header, _, content = body.read().partition(b"\n")
        call = m.OpenSign.model_validate_json(header)
        self._asked_by(call.profile)
        if call.handle is not None and call.handle not in self.handles:
            raise errors.UnknownHandleError
        shown = tuple(self._documents(call.documents, content))
        opened = self._opened(m.Purpose.SIGN)
        tx = self.transactions[cast("str", opened["tx"])]
        tx.documents, tx.handle = shown, call.handle
        tx.purpose_of_use, tx.terms_version = call.purpose, call.terms_version
        tx.claims = tuple(each.structure_checked_by for each in call.documents)
        return m.SigningOpened(
            **opened, documents=shown, transaction_data=_transaction_data(shown)
        )

    def _request(self, body: BinaryIO) -> m.SignedRequest:
        call = m.Request.model_validate_json(body.read())
        if self._tx(call.tx).state is not m.State.OPEN:
            raise errors.TransactionClosedError
        self.nonces.append(call.wallet_nonce)
        self.metadata.append(call.wallet_metadata)
        return m.SignedRequest(request_object=f"request.{call.tx}.{call.wallet_nonce}")

    def _submit(self, body: BinaryIO) -> m.Submitted:
        call = m.Submit.model_validate_json(body.read())
        tx = self._tx(call.tx)
        if tx.body == call.body and tx.answer is not None:
            return tx.answer
        if tx.state is m.State.CLOSED:
            raise errors.TransactionClosedError
        form = parse_qs(call.body)
        if "error" in form:
            return m.Submitted(outcome="wallet_error", error=form["error"][0])
        if tx.state is not m.State.OPEN:
            raise errors.AlreadyAnsweredError
        tx.answer = self._verified(tx, form.get("response", [""])[0])
        tx.body, tx.state = call.body, m.State.VERIFIED
        return tx.answer

    def _finish(self, body: BinaryIO) -> m.Finished:
        tx = self._tx(m.Finish.model_validate_json(body.read()).tx)
        if tx.result is None:
            if tx.state is not m.State.VERIFIED:
                raise errors.NotVerifiedError
            tx.result, tx.state = self._signed(tx), m.State.SIGNED
        return tx.result

    def _pass_nonce(self, _: BinaryIO) -> m.PassNonce:
        return m.PassNonce(c_nonce=secrets.token_urlsafe(16), expires_in=300)

    def _issue_pass(self, body: BinaryIO) -> m.IssuedPass:
        call = m.IssuePass.model_validate_json(body.read())
        if call.handle not in self.handles:
            raise errors.UnknownHandleError
        if call.proof == "old-nonce":
            raise errors.NonceRefusedError
        if not call.proof.startswith("proof"):
            raise errors.ProofRefusedError
        if self.handles[call.handle] not in {None, call.proof}:
            raise errors.PassAlreadyIssuedError
        if self.handles[call.handle] is None:
            self.passes.append(Pass(call.handle, self.clock()))
        self.handles[call.handle] = call.proof
        return m.IssuedPass(credential=f"pass~{call.proof}~")

    def _list_passes(self, body: BinaryIO) -> m.Passes:
        """Everybody here is one person."""
        call = m.ListPasses.model_validate_json(body.read())
        if call.handle not in self.handles:
            raise errors.UnknownHandleError
        now = self.clock()
        held = tuple(p.held(call.handle, now) for p in reversed(self.passes))
        return m.Passes(passes=held)

    def _revoke_pass(self, body: BinaryIO) -> m.RevokedPasses:
        call = m.RevokePass.model_validate_json(body.read())
        if call.handle not in self.handles:
            raise errors.UnknownHandleError
        meant = [
            held
            for held in self.passes
            if call.reference in (m.ALL_PASSES, held.reference)
        ]
        if not meant and call.reference != m.ALL_PASSES:
            raise errors.UnknownPassError
        taken = [each for each in meant if not each.revoked]
        for each in taken:
            each.revoked = True
        return m.RevokedPasses(revoked=len(taken))

    def _pass_status_list(self, body: BinaryIO) -> m.SignedStatusList:
        number = m.StatusListNumber.model_validate_json(body.read()).number
        if number != 1:
            raise errors.UnknownStatusListError
        revoked = sum(each.revoked for each in self.passes)
        return m.SignedStatusList(token=f"list.of.{revoked}", ttl=900)

    def _status(self, body: BinaryIO) -> m.Status:
        tx = self._tx(m.ByTransaction.model_validate_json(body.read()).tx)
        return m.Status(state=tx.state, purpose=tx.purpose, expires_at=tx.expires_at)

    def _abort(self, body: BinaryIO) -> m.Status:
        tx = self._tx(m.ByTransaction.model_validate_json(body.read()).tx)
        if tx.state not in {m.State.OPEN, m.State.VERIFIED}:
            raise errors.TransactionClosedError
        tx.state = m.State.CLOSED
        return m.Status(state=tx.state, purpose=tx.purpose, expires_at=tx.expires_at)

    def _quota_tag(self, body: BinaryIO) -> m.QuotaTagged:
        """Everybody here is one person."""
        call = m.QuotaTag.model_validate_json(body.read())
        if self.policy is None or self.policy.id != call.policy:
            raise errors.NoPolicyError
        rule = self.policy.period
        period = period_at(self.clock(), rule.unit, rule.zone_info)
        if call.period != period.name:
            raise errors.PeriodOverError
        if call.tx is not None and not self._tx(call.tx).may_be_counted:
            raise errors.NotVerifiedError
        if call.handle is not None and call.handle not in self.handles:
            raise errors.UnknownHandleError
        tag = hashlib.sha256(f"{call.policy} {period.name} {NAME}".encode())
        return m.QuotaTagged(
            tag=tag.hexdigest(), period=period.name, ends_at=period.ends_at
        )

    def _releases(self, body: BinaryIO) -> m.Releases:
        since = m.Since.model_validate_json(body.read()).release
        signed = [
            (n, t) for n, t in enumerate(self.transactions.items(), 1) if t[1].result
        ]
        return m.Releases(
            releases=tuple(
                m.Release(
                    number=number,
                    tx=tx,
                    at=self.clock(),
                    signatures=len(found.documents),
                    purpose="private" if self.policy else None,
                )
                for number, (tx, found) in signed
                if number > since
            )
        )

    def _info(self, _: BinaryIO) -> m.Info:
        return m.Info(
            client_id=CLIENT_ID,
            response_uri_base=BASE_URL,
            request_certificate_chain=(),
            pass_certificate_chain=(),
            pass_type=f"{BASE_URL}/oid4vci/types/signing-pass",
            test_mode=True,
            device="memory",
            pid_providers=("test",),
            audit_sequence=0,
            audit_head="0" * 64,
            signer_key_operations=0,
            profiles=self.profiles,
            registration=self.registration,
        )

    # --- what lies behind them

    def _opened(self, purpose: m.Purpose) -> dict[str, Any]:
        tx = secrets.token_urlsafe(24)
        expires_at = self.clock() + timedelta(minutes=5)
        self.transactions[tx] = Tx(purpose, expires_at)
        opened = {"tx": tx, "client_id": CLIENT_ID, "expires_at": expires_at}
        asked_by = self.asked_by[-1] if self.asked_by else None
        scheme = self.link_schemes.get(asked_by or "", "openid4vp")
        return opened | {"link_scheme": scheme}

    def _asked_by(self, profile: str | None) -> None:
        if profile not in {None, *(offered.name for offered in self.profiles)}:
            raise errors.UnknownProfileError
        self.asked_by.append(profile)

    def _tx(self, tx: str) -> Tx:
        if tx not in self.transactions:
            raise errors.UnknownTransactionError
        return self.transactions[tx]

    def _documents(
        self, documents: Sequence[m.PreparedDocument], contents: bytes
    ) -> Iterator[m.OpenedDocument]:
        start = 0
        for document in documents:
            content = contents[start : start + document.length]
            start += document.length
            yield self._document(document, content)

    def _document(
        self, document: m.PreparedDocument, content: bytes
    ) -> m.OpenedDocument:
        start, before, resume, after = document.byte_range
        covered = content[start : start + before] + content[resume : resume + after]
        sdr = "00" * 32 if self.wrong_sdr else hashlib.sha256(covered).hexdigest()
        return m.OpenedDocument(
            label=f"TEST · {document.name} · 4821 7730",
            code="4821 7730",
            sdr=sdr,
            sodr=hashlib.sha256(content[: document.original_length]).hexdigest(),
            checksum=hashlib.sha256(content).hexdigest(),
        )

    def _verified(self, tx: Tx, response: str) -> m.Submitted:
        if tx.purpose is m.Purpose.IDENTIFY_ALONE and response == "identified":
            return m.Submitted(
                outcome="identified_alone", display_name=NAME, issued_by="test"
            )
        if tx.purpose is m.Purpose.IDENTIFY and response == "identified":
            handle = secrets.token_urlsafe(32)
            self.handles[handle] = None
            return m.Submitted(outcome="identified", handle=handle, display_name=NAME)
        if tx.purpose is m.Purpose.SIGN and response.startswith("approved"):
            return m.Submitted(outcome="approved")
        raise errors.BY_CODE.get(response, errors.AnswerRefusedError)

    def _signed(self, tx: Tx) -> m.Finished:
        signer = self.pki.signer(f"TEST {NAME}")
        own = asn1_x509.Certificate.load(der(signer.certificate))
        signatures = []
        for document in tx.documents:
            attributes = signed_attributes(bytes.fromhex(document.sdr), own)
            over = b"another thing" if self.other_signature else attributes
            signature = signer.key.sign(over, ec.ECDSA(hashes.SHA256()))
            signatures.append(
                m.Signature(
                    signed_attributes=_base64(attributes), signature=_base64(signature)
                )
            )
        chain = (der(signer.certificate), der(signer.issuer))
        return m.Finished(
            release=7,
            signer_name=NAME,
            signatures=tuple(signatures[: -1 if self.signs_all_but_the_last else None]),
            certificate_chain=tuple(_base64(c) for c in chain),
            evidence=dict(EVIDENCE),
        )


EVIDENCE: Mapping[str, str] = {
    "request-object.jwt": "eyJ.eyJ.sig",
    "transaction-data.txt": "eyJ0eXBlIjoi",
    "pass-presentation.txt": "eyJ~",
    "certificate-chain.pem": "-----BEGIN CERTIFICATE-----\n",
    "audit.json": "{}",
    "statement.json": "{}",
    "README.txt": "What is proven.\n",
}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _transaction_data(documents: Sequence[m.OpenedDocument]) -> str:
    data = {
        "type": "https://cloudsignatureconsortium.org/2025/qes-approval",
        "credential_ids": ["signing_pass"],
        "transaction_data_hashes_alg": ["sha-256"],
        "signatureQualifier": "eu_eidas_aes",
        "numSignatures": len(documents),
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
        "documentDigests": [
            {
                "label": document.label,
                "hash": _base64(bytes.fromhex(document.sdr)),
                "hashType": "sdr",
            }
            for document in documents
        ],
    }
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

"""The same transaction with the SAM inside this process: what each call is made of.

Real SoftHSM, real database, and for the timed rounds the real CA over TLS. For the
counting round CA, time stamps and documents are in this process as well.
"""

import asyncio
import io
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.ades import embed, prepare, timestamp, validate
from app.local.layout import POLICY, Layout
from app.plans.policy import load as load_policy
from app.signing.completion import cms_parts
from app.trust_services.installation import Installation
from benchmarks.transaction_floor import Ledger
from benchmarks.transaction_service import LEASE, Person, now
from hsm.pkcs11_device import Pkcs11Device
from sam import answers, ceremony, certificates, cmc, opening, transactions
from sam import finish as finishing
from sam import messages as m
from sam.config import SamConfig
from sam.database import Database
from sam.module import Sam
from sam.quota import quota_tag
from sam.start import open_sam

CALLS = ("open_sign", "request", "submit", "quota_tag", "finish")
REST, DATABASE = "the rest", "database, audit, evidence"
HSM, CA_LINE = "SoftHSM", "TLS and HTTP to the CA"
STEPS: dict[str, list[tuple[Any, str]]] = {
    HSM: [
        (Pkcs11Device, "generate_one_time_key"),
        (Pkcs11Device, "sign_with_one_time_key"),
        (Pkcs11Device, "destroy_one_time_key"),
        (Pkcs11Device, "one_time_keys"),
        (Pkcs11Device, "sign_with_service_key"),
        (Pkcs11Device, "mac"),
    ],
    CA_LINE: [(httpx.Client, "post")],
    "CSR and CMC by asn1crypto": [
        (cmc.EstClient, "certify"),
        (certificates, "request"),
    ],
    "the certificate's checks": [
        (certificates, "chain_of"),
        (certificates, "check"),
        (ceremony, "_verify"),
        (ceremony, "signed_attributes"),
    ],
    "the wallet's answer verified": [(answers, "verify_response")],
    "request: made, signed": [
        (opening, "begin"),
        (transactions, "sign_request_object"),
    ],
    "documents hashed": [(opening, "digest")],
}


class Spans:
    """Exclusive CPU and wall seconds by (call, step), one entry per transaction."""

    def __init__(self) -> None:
        self.rounds: list[dict[tuple[str, str], tuple[float, float]]] = []
        self.commits: Counter[str] = Counter()
        self._sums: defaultdict[tuple[str, str], list[float]] = defaultdict(
            lambda: [0.0, 0.0]
        )
        self._open: list[tuple[str, str]] = []
        self._since = (0.0, 0.0)

    @contextmanager
    def span(self, step: str, call: str | None = None) -> Iterator[None]:
        if call is None and not self._open:
            yield
            return
        self._charge()
        self._open.append((call or self._open[-1][0], step))
        if step == DATABASE:
            self.commits[self._open[-1][0]] += 1
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def end_round(self) -> None:
        self.rounds.append({key: (c, w) for key, (c, w) in self._sums.items()})
        self._sums.clear()

    def _charge(self) -> None:
        current = (time.process_time(), time.perf_counter())
        if self._open:
            for index in (0, 1):
                passed = current[index] - self._since[index]
                self._sums[self._open[-1]][index] += passed
        self._since = current


@contextmanager
def instrumented(spans: Spans) -> Iterator[None]:
    """Every function of ``STEPS``, and every database transaction, within spans."""
    kept: list[tuple[Any, str, Any]] = []

    def put(owner: Any, name: str, step: str, wrap: Callable[..., Any]) -> None:
        original = getattr(owner, name)
        kept.append((owner, name, original))
        setattr(owner, name, wrap(spans, step, original))

    for step, places in STEPS.items():
        for owner, name in places:
            put(owner, name, step, _function)
    put(Database, "begin", DATABASE, _block)
    try:
        yield
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)


def _function(spans: Spans, step: str, function: Callable[..., Any]) -> Any:
    def timed(*arguments: Any, **named: Any) -> Any:
        with spans.span(step):
            return function(*arguments, **named)

    return timed


def _block(spans: Spans, step: str, function: Callable[..., Any]) -> Any:
    @contextmanager
    def timed(*arguments: Any) -> Iterator[Any]:
        with spans.span(step), function(*arguments) as value:
            yield value

    return timed


class Walk:
    """Signs with a SAM in this process, for the person whose wallet is given."""

    def __init__(self, layout: Layout, person: Person) -> None:
        config = SamConfig(
            base_url=layout.config.base_url,
            sam_directory=layout.sam,
            est_url=layout.config.est_url,
        )
        self._person, self._layout, self._config = person, layout, config
        self.sam = open_sam(config)
        self._prepared = prepare.prepare(
            LEASE.read_bytes(), signed_at=now(), max_pages=100
        )
        self._policy = load_policy(POLICY)
        self._handle = self._identified()

    def close(self) -> None:
        assert isinstance(self.sam.device, Pkcs11Device)
        self.sam.device.close()

    def timed(self, spans: Spans) -> None:
        """One transaction against the real CA."""
        self._sign(self.sam, lambda call: spans.span(REST, call))
        spans.end_round()

    def counted(self, ledger: Ledger) -> None:
        """One transaction, every party in this process."""
        trust = Installation.open(self._layout.trust_services)
        issuer = self.sam.issuer
        assert isinstance(issuer, cmc.EstClient)
        est = _door(trust.est_door(now), ledger, "CA")
        sam = replace(self.sam, issuer=replace(issuer, http=est))
        with ledger.at_closed_doors():
            finished = self._sign(sam, lambda call: ledger.party(f"SAM {call}"))
        self._complete(finished, _door(trust.public_door(now), ledger, "TSA"), ledger)

    def _sign(self, sam: Sam, within: Callable[[str], Any]) -> m.Finished:
        call, content = self._open_call()
        with within("open_sign"):
            opened = opening.open_sign(sam, call, content.read)
        self._present(sam, opened, within)
        with within("quota_tag"):
            quota_tag(sam, self._quota_call(opened.tx))
        with within("finish"):
            return finishing.finish(sam, m.Finish(tx=opened.tx))

    def _quota_call(self, tx: str) -> m.QuotaTag:
        period = self._policy.period_of(now()).name
        return m.QuotaTag(policy=self._policy.id, period=period, tx=tx)

    def _open_call(self) -> tuple[m.OpenSign, io.BytesIO]:
        document = m.PreparedDocument(
            name=LEASE.name,
            byte_range=self._prepared.byte_range,
            original_length=LEASE.stat().st_size,
            length=len(self._prepared.content),
        )
        call = m.OpenSign(documents=(document,), handle=self._handle, purpose="private")
        return call, io.BytesIO(self._prepared.content)

    def _present(
        self, sam: Sam, opened: m.Opened, within: Callable[[str], Any]
    ) -> m.Submitted:
        """The wallet's part, with the SAM's two calls where the web tier would be."""
        submitted: list[m.Submitted] = []

        def web_tier(asked: httpx.Request) -> httpx.Response:
            form = parse_qs(asked.content.decode())
            if "wallet_nonce" in form:
                call = m.Request(tx=opened.tx, wallet_nonce=form["wallet_nonce"][0])
                with within("request"):
                    signed = transactions.request(sam, call)
                kind = {"Content-Type": "application/oauth-authz-req+jwt"}
                return httpx.Response(200, text=signed.request_object, headers=kind)
            answer = m.Submit(tx=opened.tx, body=asked.content.decode())
            with within("submit"):
                submitted.append(answers.submit(sam, answer))
            return httpx.Response(200, json={})

        with httpx.Client(transport=httpx.MockTransport(web_tier)) as http:
            parameters = {
                "client_id": opened.client_id,
                "request_uri": f"{self._config.base_url}/request",
                "request_uri_method": "post",
            }
            self._person.present(f"openid4vp://?{urlencode(parameters)}", http)
        return submitted[0]

    def _identified(self) -> str:
        call = m.OpenIdentify(grants=(m.Grant.PASS,))
        opened = opening.open_identify(self.sam, call)
        spans = Spans()  # thrown away
        found = self._present(self.sam, opened, lambda name: spans.span(REST, name))
        return str(found.handle)

    def _complete(
        self, finished: m.Finished, tsa: httpx.Client, ledger: Ledger
    ) -> None:
        """Time stamp, embed, validate: what the web tier has done after ``finish``."""
        parts = _parts(finished)
        url = f"{self._layout.config.public_url}/tsa"
        token = timestamp.fetch_timestamp(url, parts["signature"], http=tsa)
        crls = [tsa.get(url).content for url in self._layout.crl_urls]
        asyncio.set_event_loop(asyncio.new_event_loop())
        with ledger.party("documents"):
            signed = embed.embed(
                self._prepared.content,
                self._prepared.byte_range,
                timestamp_token=token,
                **parts,
            )
            reports = validate.validate(signed, trust=self._trust(crls), at=now())
        asyncio.get_event_loop().close()
        assert [r.valid for r in reports] == [True], reports

    def _trust(self, crls: list[bytes]) -> validate.Trust:
        pem = (self._layout.web / "validation-anchor.pem").read_bytes()
        anchor = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        return validate.Trust(
            anchors=(anchor,), timestamp_anchors=(anchor,), crls=tuple(crls)
        )


def _parts(finished: m.Finished) -> dict[str, Any]:
    (parts,) = cms_parts(finished, 1)
    return {
        "attributes": parts.signed_attributes,
        "signature": parts.signature,
        "chain": parts.chain,
    }


def _door(application: Any, ledger: Ledger, party: str) -> httpx.Client:
    """A trust service in this process; CRLs are signed for many, so not counted."""

    def counted(environ: Any, start: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET":
            return application(environ, start)
        with ledger.party(party):
            return application(environ, start)

    return httpx.Client(
        transport=httpx.WSGITransport(app=counted), base_url="https://localhost"
    )

"""The two sides of the SAM that tests play: its caller, and a person with a wallet.

``Callers`` is the honest web tier, by the SAM's client. ``Holder`` is a wallet of the
emulator that answers what the SAM asked. Both work on a SAM in this process and on one
behind its socket.
"""

import io
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sam import messages as m
from sam.client import SamClient
from tests.sam.files import described, prepared
from wallet_emulator import answer, dcql, key_proofs
from wallet_emulator.answer import Change, no_change
from wallet_emulator.keys import new_key
from wallet_emulator.link import FetchedRequest
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.request import VerifiedRequest, authenticate, read
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet import PID, SIGNING_PASS, Wallet, receive_pid

BASE_URL = "http://localhost:8000"
_NONE: Mapping[str, str] = MappingProxyType({})


class Watch(Protocol):
    """Something that tells the time."""

    @property
    def now(self) -> datetime: ...


class Callers(ABC):
    """What the web tier may ask of the SAM, and what else surrounds the two."""

    client: SamClient
    folder: Path
    access_root: x509.Certificate
    provider: PidProvider

    @property
    @abstractmethod
    def watch(self) -> Watch:
        """The time, as wallets and the SAM see it."""

    @property
    def client_id(self) -> str:
        return self.client.info().client_id

    def person(self, name: str, *, holds_pass: bool = True) -> "Holder":
        """Someone with a PID in a new wallet, and a signing pass if they identified."""
        count = sum(1 for _ in self.folder.iterdir())
        holder = Holder(self, Wallet(self.folder / f"wallet-{name}-{count}"))
        receive_pid(holder.wallet, self.provider, PERSONS[name], self.watch.now)
        if holds_pass:
            holder.take_pass(self.identify(holder))
        return holder

    def identify(self, person: "Holder", *grants: m.Grant) -> str:
        """A verified identification; returns the handle."""
        tx = self.open_identify(*(grants or (m.Grant.PASS,)))
        submitted = self.submit(tx, person.answer(tx))
        assert submitted.handle is not None
        return submitted.handle

    def open_identify(self, *grants: m.Grant, rules: Mapping[str, str] = _NONE) -> str:
        """Rules: claim → the value it should have."""
        listed = tuple(m.MatchRule(claim=c, equals=e) for c, e in rules.items())  # type: ignore[arg-type]
        call = m.OpenIdentify(grants=grants, match_rules=listed)
        return self.client.open_identify(call).tx

    def open_sign(self, *contents: bytes, **call: object) -> m.SigningOpened:
        contents = contents or (prepared(b"%PDF the lease "),)
        documents = tuple(described(content) for content in contents)
        return self.client.open_sign(
            m.OpenSign(documents=documents, **call),  # type: ignore[arg-type]
            [io.BytesIO(content) for content in contents],
        )

    def submit(self, tx: str, body: str) -> m.Submitted:
        return self.client.submit(m.Submit(tx=tx, body=body))

    def approved(self, person: "Holder", *contents: bytes, **call: object) -> str:
        """An approved signing transaction, ready to finish."""
        tx = self.open_sign(*contents, **call).tx
        self.submit(tx, person.answer(tx))
        return tx

    def finish(self, tx: str) -> m.Finished:
        return self.client.finish(m.Finish(tx=tx))

    def issue_pass(self, handle: str, proof: str) -> str:
        call = m.IssuePass(handle=handle, proof=proof)
        return self.client.issue_pass(call).credential


@dataclass(slots=True)
class Holder:
    """A person with a wallet, somewhere outside."""

    world: Callers
    wallet: Wallet
    accomplice: Wallet | None = None

    def request(self, tx: str) -> VerifiedRequest:
        """The request as this wallet reads it, after checking who asks."""
        nonce = "w" * 43
        signed = self.world.client.request(m.Request(tx=tx, wallet_nonce=nonce))
        fetched = FetchedRequest(
            client_id=self.world.client_id,
            wallet_nonce=nonce,
            request_object=signed.request_object,
        )
        roots = [self.world.access_root]
        return read(authenticate(fetched, roots, self.world.watch.now))

    def answer(
        self, tx: str, change: Change = no_change, prefer: str | None = None
    ) -> str:
        """The form the wallet would post, with one thing wrong if ``change`` says.

        ``prefer``: the format to answer in, where the query leaves a choice.
        """
        request = self.request(tx)
        matches = dcql.match(request.query, self.wallet.credentials(), prefer=prefer)
        draft = answer.start(request, matches, self.wallet, self.world.watch.now)
        draft.provider, draft.accomplice = self.world.provider, self.accomplice
        form = answer.build(draft, change)
        if change is no_change:
            self.wallet.remember_answer(draft.vp_token)
        return urlencode(form)

    def take_pass(self, handle: str) -> None:
        key = new_key()
        issued = self.world.issue_pass(handle, self.proof(key))
        self.wallet.hold(SIGNING_PASS, SdJwt.parse(issued), key)

    def proof(self, key: ec.EllipticCurvePrivateKey, **changed: str) -> str:
        nonce = changed.get("nonce") or self.world.client.pass_nonce().c_nonce
        return key_proofs.key_proof(
            key,
            audience=changed.get("audience", BASE_URL),
            nonce=nonce,
            now=self.world.watch.now,
        )

    @property
    def pid_key(self) -> ec.EllipticCurvePrivateKey:
        held = self.wallet.credential(PID)
        assert held is not None
        return held.key

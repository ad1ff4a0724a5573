"""What people do with a SAM that breaks, and what nobody must get out of it.

A walk asks, answers, signs, and repeats what got no answer. A probe asks for what has
to be refused: whatever is granted is noted as ``must_refuse``.
"""

import contextlib
import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
from cryptography import x509

from sam import errors, policy
from sam import messages as m
from sam.client import SamClient
from sam.periods import period_at
from tests.faults.bench import BACK_WITHIN, Bench
from tests.faults.history import History, Network, fingerprint
from tests.sam.callers import Callers, Holder
from tests.sam.files import prepared
from wallet_emulator.deviations import DEVIATIONS
from wallet_emulator.keys import new_key
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet import SIGNING_PASS

T = TypeVar("T")
ENDED = (
    errors.SigningFailedError,
    errors.TransactionClosedError,
    errors.NotVerifiedError,
)
PEOPLE = ("erika", "asa")


@dataclass(slots=True)
class RealTime:
    @property
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class Crowd(Callers):
    """The web tier and the wallets of a bench, with one source of chance."""

    bench: Bench
    history: History
    chance: random.Random
    socket: Path
    client: SamClient = field(init=False)
    network: Network = field(init=False)
    folder: Path = field(init=False)
    provider: PidProvider = field(init=False)
    access_root: x509.Certificate = field(init=False)
    people: dict[str, Holder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        layout = self.bench.layout
        self.network = Network(self.socket, self.history, self.chance)
        http = httpx.Client(transport=self.network, base_url="http://sam", timeout=30)
        self.client = SamClient(http)
        self.folder = layout.root / "wallets"
        self.folder.mkdir(exist_ok=True)
        self.provider = PidProvider.open(layout.wallet)
        pem = (layout.wallet / "access-root.pem").read_bytes()
        self.access_root = x509.load_pem_x509_certificate(pem)

    @property
    def watch(self) -> RealTime:
        return RealTime()

    def close(self) -> None:
        self.network.close()

    def insist(self, ask: Callable[[], T], seconds: float = BACK_WITHIN) -> T:
        """Ask until there is an answer, of whatever kind."""
        until = time.monotonic() + seconds
        while True:
            try:
                return ask()
            except errors.SamUnavailableError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.03)

    # --- walks ------------------------------------------------------------------

    def holder(self, name: str) -> Holder:
        if name not in self.people:
            self.people[name] = self.insist(lambda: self.newcomer(name))
        return self.people[name]

    def newcomer(self, name: str) -> Holder:
        """Identified, with a pass for a new key; what that took is noted."""
        person = self.person(name, holds_pass=False)
        self.take_pass(person, self.identify(person))
        return person

    def take_pass(self, person: Holder, handle: str) -> None:
        key = new_key()
        nonce = self.insist(lambda: self.client.pass_nonce().c_nonce)
        proof = person.proof(key, nonce=nonce)
        credential = self.insist(lambda: self.issue_pass(handle, proof))
        again = self.insist(lambda: self.issue_pass(handle, proof))
        self.history.note(
            "pass",
            handle_sha256=hashlib.sha256(handle.encode()).hexdigest(),
            nonce_sha256=hashlib.sha256(nonce.encode()).hexdigest(),
            same=credential == again,
            at=time.time(),
        )
        person.wallet.hold(SIGNING_PASS, SdJwt.parse(credential), key)

    def opened(self, documents: int = 1) -> m.SigningOpened:
        contents = [
            prepared(b"%PDF " + self.chance.randbytes(16).hex().encode())
            for _ in range(documents)
        ]
        opened = self.insist(lambda: self.open_sign(*contents, purpose="private"))
        sdrs = [document.sdr for document in opened.documents]
        self.history.note("opened", tx=opened.tx, sdrs=sdrs)
        return opened

    def verified(self, name: str, documents: int = 1) -> str:
        """An approved transaction, whose answer was accepted for certain."""
        person, tx = self.holder(name), self.opened(documents).tx
        body = self.insist(lambda: person.answer(tx))
        self.insist(lambda: self.submit(tx, body))
        self.history.note("verified", tx=tx, person=name)
        return tx

    def sign(self, name: str, documents: int = 1) -> str:
        """A whole walk, to its final answer; the transaction."""
        tx = self.verified(name, documents)
        self.settle(tx)
        return tx

    def settle(self, tx: str) -> bool:
        """Whether it was signed: asked until it is certain, and then once more."""
        try:
            finished = self.insist(lambda: self.finish(tx))
        except ENDED as error:
            self.history.note("ended", tx=tx, code=error.code)
            self.must_refuse("what has ended", lambda: self.finish(tx))
            return False
        self.released(tx, finished)
        with contextlib.suppress(errors.SamUnavailableError):
            self.released(tx, self.finish(tx))
        return True

    def released(self, tx: str, finished: m.Finished) -> None:
        self.history.note(
            "released",
            tx=tx,
            fingerprint=fingerprint(finished),
            number=finished.release,
            signatures=[s.signature for s in finished.signatures],
        )

    def head(self) -> None:
        """Where the audit log stands; it must never again be less."""
        said = self.insist(self.client.info)
        self.history.note("head", sequence=said.audit_sequence, hash=said.audit_head)

    def quota(self, tx: str) -> None:
        """The person's tag of the period; made from a key that may have to be made."""
        rule = policy.load(self.bench.layout.free_tier["QES_SAM_FREE_TIER_POLICY"])
        unit, zone = rule.period.unit, rule.period.zone_info
        period = period_at(self.watch.now, unit, zone).name
        call = m.QuotaTag(policy=rule.id, period=period, tx=tx)
        tag = self.insist(lambda: self.client.quota_tag(call)).tag
        self.history.note("tag", period=period, tx=tx, tag=tag)

    # --- probes -----------------------------------------------------------------

    def must_refuse(
        self, what: str, ask: Callable[[], object], seconds: float = BACK_WITHIN
    ) -> None:
        """Not to be available for so long is a refusal, too."""
        try:
            self.insist(ask, seconds)
        except errors.SamError as error:
            self.history.note("refused_as_it_must", probe=what, code=error.code)
        else:
            self.history.note("must_refuse", probe=what)

    def probe_answers(self, tx: str) -> None:
        """Another answer than the accepted one, and an approval with two people."""
        self.must_refuse("a second answer", lambda: self.submit(tx, "response=x"))
        thief, victim = self.holder("erika"), self.holder("asa")
        theirs = self.opened().tx
        borrowed = Holder(self, thief.wallet, victim.wallet)
        change = DEVIATIONS["another-persons-pass"].change()
        body = self.insist(lambda: borrowed.answer(theirs, change))
        self.must_refuse("two people", lambda: self.submit(theirs, body))

    def probe_passes(self) -> None:
        """A nonce twice; a key twice."""
        person = self.holder("erika")
        key, nonce = new_key(), self.insist(lambda: self.client.pass_nonce().c_nonce)
        first = self.insist(lambda: self.identify(person))
        self.insist(lambda: self.issue_pass(first, person.proof(key, nonce=nonce)))
        second = self.insist(lambda: self.identify(person))
        other = person.proof(new_key(), nonce=nonce)
        self.must_refuse("a nonce twice", lambda: self.issue_pass(second, other))
        fresh = self.insist(lambda: self.client.pass_nonce().c_nonce)
        same = person.proof(key, nonce=fresh)
        self.must_refuse("a key twice", lambda: self.issue_pass(second, same))

    def probe_clock(self) -> None:
        """Somebody sets the time of day while the SAM runs."""
        tx = self.verified("asa")
        self.bench.set_clock(by_hand=3600)
        self.must_refuse("a clock that was set", lambda: self.finish(tx), 1)
        self.bench.set_clock()
        self.bench.restart()

    def probe_deadline(self) -> None:
        """The machine sleeps while a transaction is signed, and another one waits. The
        SAM's time is later from here on, so this comes last."""
        waits, signs = self.verified("asa"), self.verified("erika")
        finish = partial(self.finish, signs)
        late = partial(self.must_refuse, "an approval that grew old", finish, 1)
        with self.bench.stopped_at("before-certificate", late):
            self.bench.set_clock(asleep=11 * 60)
        self.must_refuse("an old approval", lambda: self.finish(waits))
        self.history.note("clock", at=time.time())

    def probe_device(self, lie: str) -> None:
        """A device that lies must not get anything released (``Bench.lying``)."""
        tx = self.verified("erika")
        with self.bench.lying(lie):
            self.must_refuse(f"a device that lies: {lie}", lambda: self.finish(tx))
        self.bench.restart()

    def probe_ends(self, tx: str) -> None:
        """What ended is not opened again by taking it back."""
        before = self.insist(lambda: self.client.status(tx)).state
        after = self.insist(lambda: self.client.abort(tx)).state
        if before in (m.State.SIGNED, m.State.FAILED) and after != before:
            self.history.note("must_refuse", probe=f"{before} became {after}")

    def probe_second(self) -> None:
        """On PostgreSQL several serve one state, and are meant to."""
        if "sqlite" in self.bench.database_url and self.bench.second_starts():
            self.history.note("must_refuse", probe="a second SAM on one state")

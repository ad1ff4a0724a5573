"""Which walk leads past which point; one kill at a point, or many at random times."""

import contextlib
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from sam import errors, faults
from sam import messages as m
from tests.faults import checker, readings
from tests.faults.bench import Bench
from tests.faults.history import History
from tests.faults.walks import Crowd

NOT_REACHED = frozenset({"file", "rewrap"})
"""Lists are handed over by the worker, and keys wrapped anew by an operator's command:
neither runs here."""
POINTS = tuple(
    point for point in faults.POINTS if point.partition("-")[2] not in NOT_REACHED
)
GAP = 1.2  # seconds between random kills, on average
POWER_CUTS = 0.15  # of random kills
LIES = ("sign 3", "destroy 1", "destroy 2")
"""The signature of the document; either half of the key. The first two signatures are
of the certificate's request, which the CA refuses."""


def staged(bench: Bench, chance: random.Random) -> "Scenarios":
    history = History(bench.folder / "history.jsonl")
    return Scenarios(bench, Crowd(bench, history, chance, bench.socket))


@dataclass(slots=True)
class Scenarios:
    """A bench, its crowd, and how to bring the one past a point of the other."""

    bench: Bench
    crowd: Crowd

    def kill_at(self, point: str) -> bool:
        """Whether the process was killed there; the walk ends either way."""
        crowd = self.crowd
        arm = partial(self.bench.order, signal.SIGKILL, point)
        if point in faults.FINISH:
            tx = crowd.verified("erika")
            arm()
            crowd.settle(tx)
        else:
            self._other_walk(point.partition("-")[2])(arm)
        killed = self.bench.took()
        crowd.insist(crowd.client.info)
        crowd.head()
        return killed

    def _other_walk(self, step: str) -> Callable[[Callable[[], None]], None]:
        walks = {
            "failure": self._fails,
            "refusal": self._refused,
            "closing": self._taken_back,
            "pass": self._new_pass,
            "pass-revocation": self._pass_taken_back,
            **dict.fromkeys(("start", "interrupted", "sweep"), self._restarted),
            **dict.fromkeys(("opening", "request", "verified"), self._asked),
        }
        if step.startswith("credential"):
            return self._credential
        return walks.get(step, self._counted)

    def _fails(self, arm: Callable[[], None]) -> None:
        tx = self.crowd.verified("erika")
        arm()
        with self.bench.lying("sign 1"):
            self.crowd.settle(tx)

    def _refused(self, arm: Callable[[], None]) -> None:
        tx = self.crowd.opened().tx
        arm()
        self.crowd.must_refuse("garbage", lambda: self.crowd.submit(tx, "response=x"))

    def _taken_back(self, arm: Callable[[], None]) -> None:
        tx = self.crowd.opened().tx
        arm()
        self.crowd.insist(lambda: self.crowd.client.abort(tx))

    def _new_pass(self, arm: Callable[[], None]) -> None:
        person = self.crowd.holder("asa")
        handle = self.crowd.insist(lambda: self.crowd.identify(person))
        arm()
        self.crowd.take_pass(person, handle)

    def _credential(self, arm: Callable[[], None]) -> None:
        """Made once for a handle: what broke off is not begun again under it."""
        person, grants = self.crowd.holder("asa"), (m.Grant.PASS, m.Grant.CREDENTIAL)
        handle = self.crowd.insist(lambda: self.crowd.identify(person, *grants))
        arm()
        with contextlib.suppress(errors.SamError):
            self.crowd.insist(lambda: self.crowd.client.make_credential(handle))

    def _pass_taken_back(self, arm: Callable[[], None]) -> None:
        person = self.crowd.holder("jean")
        handle = self.crowd.insist(lambda: self.crowd.identify(person))
        arm()
        revoke = self.crowd.client.revoke_pass
        self.crowd.insist(lambda: revoke(handle, m.ALL_PASSES))
        del self.crowd.people["jean"]

    def _restarted(self, arm: Callable[[], None]) -> None:
        """Killed while it signs, and once more while it starts again."""
        tx = self.crowd.verified("erika")
        self.bench.order(signal.SIGKILL, "after-intent")
        with contextlib.suppress(errors.SamUnavailableError):
            self.crowd.finish(tx)
        arm()
        self.crowd.settle(tx)
        self.bench.kill_worker()
        self.crowd.insist(self.crowd.client.info)

    def _asked(self, arm: Callable[[], None]) -> None:
        self.crowd.holder("erika")
        arm()
        self.crowd.sign("erika")

    def _counted(self, arm: Callable[[], None]) -> None:
        """The period ends: its key is destroyed, and another is made."""
        self.crowd.quota(self.crowd.verified("erika"))
        self._let_the_period_end()
        arm()
        self.bench.kill_worker()
        self.crowd.insist(self.crowd.client.info)
        self.crowd.quota(self.crowd.verified("erika"))

    def _let_the_period_end(self) -> None:
        engine = create_engine(self.bench.database_url, poolclass=NullPool)
        past = datetime.now(UTC) - timedelta(days=1)
        name = f"past-{self.crowd.chance.getrandbits(32):x}"
        with engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE quota_keys SET period = :name, ends_at = :past"
                    " WHERE destroyed_at IS NULL"
                ),
                {"name": name, "past": past},
            )
        entries = self.crowd.history.entries
        entries[:] = [entry for entry in entries if entry["what"] != "tag"]

    # --- at random ------------------------------------------------------------------

    def kill_at_random(self, kills: int) -> int:
        """People sign while the SAM dies again and again; returns how many signed."""
        done, signed = threading.Event(), 0
        chance = random.Random(self.crowd.chance.getrandbits(64))  # noqa: S311
        killer = threading.Thread(target=self._kill, args=(kills, chance, done))
        killer.start()
        while not done.is_set():
            name = self.crowd.chance.choice(("erika", "asa"))
            with contextlib.suppress(errors.SamError):
                tx = self.crowd.verified(name, self.crowd.chance.choice((1, 1, 3)))
                if self.crowd.chance.random() < 0.3:
                    self.crowd.quota(tx)
                signed += self.crowd.settle(tx)
                self.crowd.probe_ends(tx)
                self.crowd.head()
        killer.join()
        return signed

    def _kill(self, kills: int, chance: random.Random, done: threading.Event) -> None:
        try:
            for _ in range(kills):
                done.wait(chance.expovariate(1 / GAP))
                if chance.random() < POWER_CUTS:
                    self.bench.cut_power()
                    self.bench.start()
                else:
                    self.bench.kill_worker()
        finally:
            done.set()

    def probe_everything(self) -> None:
        """What must be refused, a device that lies, a power cut, a second SAM."""
        crowd = self.crowd
        crowd.probe_ends(crowd.sign("erika", 3))
        crowd.probe_answers(crowd.verified("asa"))
        crowd.probe_passes()
        crowd.probe_clock()
        for lie in LIES:
            crowd.probe_device(lie)
        crowd.probe_second()
        for _ in range(3):  # a reply, and then no power
            tx = crowd.verified("erika")
            crowd.released(tx, crowd.insist(partial(crowd.finish, tx)))
            self.bench.cut_power()
            self.bench.start()
            crowd.settle(tx)
        crowd.probe_deadline()

    def verdict(self) -> checker.Verdict:
        """The SAM is stopped, everything is read, and the SAM started again."""
        self.bench.wait_until_back()
        self.bench.kill_all()
        found = readings.read(
            self.bench.layout, self.bench.module, self.bench.database_url
        )
        self.bench.all_synced()  # whoever closes an SQLite database tidies it up
        self.bench.start()
        pin = (self.bench.layout.sam / "pin").read_text().strip()
        return checker.check(found, self.crowd.history, (pin, "Mustermann"))

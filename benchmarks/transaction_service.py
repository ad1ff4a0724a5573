"""The whole service in processes of its own, one person in front of it, and its CPU.

Browser and wallet are the test emulator inside the measuring process; what they use is
never counted, because only the service's processes are read, from /proc.
"""

import os
import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography import x509

from app.local.layout import Layout, LocalConfig
from app.local.processes import Stack
from app.local.setup import set_up
from wallet_emulator.browser import Browser, Page
from wallet_emulator.consent import Decision
from wallet_emulator.issuance import receive_offer
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.presentation import Outcome, Presenter
from wallet_emulator.wallet import Wallet, receive_pid

LEASE = Path(__file__).parents[1] / "wallet_emulator" / "sample" / "lease.pdf"
PHASES = ("upload", "approve", "wallet", "return", "download")
DOCUMENTS = "documents"  # pyHanko, in children of the web process
WEB_WORKERS = 2
WARM_UP_ROUNDS = 15
TICKS = os.sysconf("SC_CLK_TCK")


def now() -> datetime:
    return datetime.now(UTC)


def deployment(folder: Path) -> Layout:
    """Set up under ``folder`` on free ports; the operator's own settings stay out."""
    for name in [n for n in os.environ if n.startswith("QES_")]:
        if name != "QES_PKCS11_MODULE":
            del os.environ[name]
    os.environ["QES_WEB_WORKERS"] = str(WEB_WORKERS)
    layout = Layout(
        LocalConfig(
            base_url=f"http://localhost:{_free_port()}",
            est_url=f"https://localhost:{_free_port()}",
            public_url=f"http://localhost:{_free_port()}",
            pid_provider_url="",
            directory=folder / "var",
        )
    )
    set_up(layout, lambda _line: None)
    return layout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Person:
    """A browser and a wallet with PID and signing pass."""

    def __init__(self, layout: Layout, http: httpx.Client) -> None:
        self._http = http
        self._base_url = layout.config.base_url
        self._provider = PidProvider.open(layout.wallet)
        self._access_root = x509.load_pem_x509_certificate(
            (layout.wallet / "access-root.pem").read_bytes()
        )
        self.browser = Browser(http)
        self.wallet = Wallet(layout.wallet / "benchmark")

    def become_a_signer(self) -> None:
        """Identify and take the pass: once, before anything is measured."""
        receive_pid(self.wallet, self._provider, PERSONS["erika"], now())
        offer = self.identify().element("offer-link")
        receive_offer(
            offer.attribute("href"),
            wallet=self.wallet,
            http=self._http,
            issuer_roots=(),
            now=now(),
        )

    def identify(self) -> Page:
        """The page the wallet brings the person back to."""
        asked = self.browser.follow(self.upload(), "identify")
        returned = self.present(link(asked))
        return self.browser.open(str(returned.redirect_uri))

    def upload(self, document: Path = LEASE) -> Page:
        start = self.browser.open(self._base_url)
        return self.browser.follow(start, "upload-submit", document)

    def present(self, link: str, http: httpx.Client | None = None) -> Outcome:
        presenter = Presenter(
            wallet=self.wallet,
            access_roots=[self._access_root],
            http=http or self._http,
            clock=now,
            provider=self._provider,
        )
        return presenter.present(link, lambda _consent: Decision.ALLOW)

    def sign(self) -> Iterator[str]:
        """One transaction; yields the name of each phase when it is over."""
        page = self.upload()
        yield "upload"
        asked = self.browser.follow(page, "approve")
        yield "approve"
        returned = self.present(link(asked))
        yield "wallet"
        done = self.browser.open(str(returned.redirect_uri))
        state = done.element("request-state").attribute("data-state")
        assert state == "signed", f"the request is {state}: {done.summary()}"
        yield "return"
        signed = self.browser.download(done, "download-signed")
        assert signed.startswith(LEASE.read_bytes())
        yield "download"


def link(page: Page) -> str:
    return page.element("wallet-link").attribute("href")


def warm_up(layout: Layout, person: Person) -> None:
    """Until every web worker has its fork server, caches and connections."""
    for _ in range(3):
        list(person.sign())

    def upload(_number: int) -> None:
        with httpx.Client(timeout=30) as http:
            browser = Browser(http)
            start = browser.open(layout.config.base_url)
            browser.follow(start, "upload-submit", LEASE)

    with ThreadPoolExecutor(2 * WEB_WORKERS) as pool:
        for _ in range(WARM_UP_ROUNDS):
            if len(_fork_servers(_processes())) == WEB_WORKERS:
                return
            list(pool.map(upload, range(2 * WEB_WORKERS)))
    raise RuntimeError("a web worker never got a document to prepare")


@dataclass(slots=True)
class Measured:
    """Per transaction, over all: CPU seconds, wall seconds, the load's own CPU."""

    transactions: int = 0
    cpu: defaultdict[str, defaultdict[str, float]] = field(  # process → phase → seconds
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )
    walls: list[float] = field(default_factory=list)
    totals: list[float] = field(default_factory=list)  # one per batch
    load: float = 0.0


def measure(stack: Stack, person: Person, transactions: int, into: Measured) -> None:
    """One batch: sign ``transactions`` documents one after the other."""
    first = last = cpu_seconds(stack)
    load = time.process_time()
    for _ in range(transactions):
        wall = time.perf_counter()
        reading = 0.0
        for phase in person.sign():
            paused = time.perf_counter()
            current = cpu_seconds(stack)
            for name, seconds in current.items():
                into.cpu[name][phase] += seconds - last.get(name, 0.0)
            last = current
            reading += time.perf_counter() - paused
        into.walls.append(time.perf_counter() - wall - reading)
    into.load += time.process_time() - load
    into.transactions += transactions
    spent = sum(last.values()) - sum(first.values())
    into.totals.append(spent / transactions)


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """CPU of each process with its descendants; ended children are in their parent's.

    The kernel states it in ticks (10 ms as a rule): single readings are coarse, sums
    over many transactions are not.
    """
    found = _processes()
    servers = _fork_servers(found)
    used: dict[str, float] = {}
    for name, process in stack.processes.items():
        for pid in _descendants(found, process.running.pid):
            document = any(pid in _descendants(found, server) for server in servers)
            group = DOCUMENTS if document else name
            used[group] = used.get(group, 0.0) + found[pid].ticks / TICKS
    return used


def family(pid: int) -> set[int]:
    """The process and all below it."""
    return _descendants(_processes(), pid)


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    ticks: int


def _processes() -> dict[int, _Process]:
    found: dict[int, _Process] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # it ended meanwhile
        # proc(5): after the name in brackets come state, ppid … utime is field 14
        fields = stat.rpartition(")")[2].split()
        found[int(entry.name)] = _Process(
            parent=int(fields[1]), ticks=sum(map(int, fields[11:15]))
        )
    return found


def _descendants(found: dict[int, _Process], root: int) -> set[int]:
    family = {root} & found.keys()
    while more := {p for p, one in found.items() if one.parent in family} - family:
        family |= more
    return family


def _fork_servers(found: dict[int, _Process]) -> set[int]:
    ours = _descendants(found, os.getpid())
    candidates = {pid for pid in ours if _is_fork_server(pid)}
    return {pid for pid in candidates if found[pid].parent not in candidates}


def _is_fork_server(pid: int) -> bool:
    try:
        return b"app.ades.forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@contextmanager
def started(layout: Layout, *starts: "object") -> Iterator[Stack]:
    """Only the named programs of the service."""
    stack = Stack(layout)
    try:
        for start in starts:
            start(stack)  # type: ignore[operator]
        yield stack
    finally:
        stack.stop()

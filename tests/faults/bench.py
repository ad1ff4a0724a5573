"""A SAM to break: real processes, and everything that can be done to them.

    kill           SIGKILL to the SAM's worker, or to its whole process group
    order          the next process that comes to a named point ends there
    cut the power  SIGKILL, and the databases as they were last synced
    clock          the SAM's time, moved by seconds
    lie            a device that signs wrongly, or does not destroy

The trust services run throughout. Nothing of the product is replaced; disk, clock and
device are made faulty from below (``shims``).
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import AF_UNIX
from socket import socket as socket_of

import httpx

from app.local.layout import Layout, program
from app.local.processes import Stack, start_sam, start_trust_services
from sam import errors
from sam.client import SamClient
from tests.deployment import deployed, environment
from tests.sam.callers import BASE_URL

SHIMS = Path(__file__).parent / "shims"
BACK_WITHIN = 60.0  # seconds on the clock, on a busy machine


@dataclass(slots=True)
class Bench:
    """One deployment whose SAM is started, broken and started again."""

    layout: Layout
    module: Path
    database_url: str
    stack: Stack = field(init=False)

    def __post_init__(self) -> None:
        self.stack = Stack(self.layout)

    @property
    def socket(self) -> Path:
        """Where the SAM listens; its clients may be told another address."""
        return self.layout.socket

    @property
    def folder(self) -> Path:
        return self.layout.root

    def start(self) -> None:
        with environment(self._settings()):
            start_sam(self.stack)

    def settings(self) -> dict[str, str]:
        """Of the SAM's processes, for one that a test starts by itself."""
        with environment(self._settings()):
            return self.layout.environment()

    def _settings(self) -> dict[str, str]:
        return {
            "QES_FAULT_FILE": str(self.folder / "order"),
            "QES_PKCS11_MODULE": str(self.folder / "libsofthsm-lying.so"),
            "REAL_MODULE": str(self.module),
            "LYING_DEVICE": str(self.folder / "lie"),
            "TEST_CLOCK": str(self.folder / "clock"),
            "LD_PRELOAD": str(self.folder / "disk-and-clock.so"),
        }

    def order(self, what: signal.Signals, point: str) -> None:
        """For whichever process comes to ``point`` first; ``took`` says if one did."""
        partial = self.folder / "order.partial"
        partial.write_text(f"{what.name} {point}\n")
        partial.rename(self.folder / "order")

    def took(self) -> bool:
        """Whether the last order was carried out; if not, it is withdrawn."""
        try:
            (self.folder / "order").unlink()
        except FileNotFoundError:
            return True
        return False

    def kill_worker(self, how: signal.Signals = signal.SIGKILL) -> list[int]:
        """The gunicorn master starts another one at once."""
        workers = _children(self.stack.processes["sam"].running.pid)
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        return workers

    def kill_all(self) -> None:
        """Master and workers; nothing of the SAM runs afterwards."""
        running = self.stack.processes["sam"].running
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        until = time.monotonic() + BACK_WITHIN
        while _group_lives(running.pid) and time.monotonic() < until:
            time.sleep(0.02)

    def cut_power(self) -> int:
        """``kill_all``, then every database file as it was last synced; how many."""
        self.kill_all()
        return _unsynced_lost(self.layout.sam)

    @contextmanager
    def stopped_at(self, point: str, ask: Callable[[], None]) -> Iterator[None]:
        """``ask`` runs into SIGSTOP at ``point``, and on, to its end, when the block
        is left."""
        self.order(signal.SIGSTOP, point)
        asking = threading.Thread(target=ask)
        asking.start()
        until = time.monotonic() + BACK_WITHIN
        while (self.folder / "order").exists() and time.monotonic() < until:
            time.sleep(0.01)
        try:
            yield
        finally:
            for pid in _children(self.stack.processes["sam"].running.pid):
                os.kill(pid, signal.SIGCONT)
            asking.join()

    def all_synced(self) -> None:
        """To be called when a process without the shim has written to the databases."""
        for copy in self.layout.sam.rglob("*.synced.*"):
            copy.unlink()

    def restart(self) -> None:
        self.kill_all()
        self.start()

    def set_clock(self, *, by_hand: int = 0, asleep: int = 0) -> None:
        """Somebody set the time of day, or the machine slept; in seconds, for good."""
        partial = self.folder / "clock.partial"
        partial.write_text(f"{by_hand} {asleep}\n")
        partial.rename(self.folder / "clock")

    @contextmanager
    def lying(self, word: str) -> Iterator[None]:
        """``sign N``, ``destroy N``: what the device does wrongly, once."""
        (self.folder / "lie").write_text(word)
        try:
            yield
        finally:
            (self.folder / "lie").unlink(missing_ok=True)

    def wait_until_back(self) -> None:
        """Raises ``AssertionError`` if the SAM does not come back by itself."""
        assert _answers_within(self.socket, BACK_WITHIN), "the SAM did not come back"

    def second_starts(self) -> bool:
        """Whether another SAM would serve the same state beside the first."""
        socket = self.folder / "second.sock"
        settings = self.settings() | {"QES_SAM_SOCKET": str(socket)}
        second = subprocess.Popen(
            [program("sam"), "serve"],
            env=settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return _answers_within(socket, 6.0)
        finally:
            os.killpg(second.pid, signal.SIGKILL)
            second.wait()


@contextmanager
def bench(
    folder: Path, module: Path, database_url: str | None = None
) -> Iterator[Bench]:
    """Set up, with trust services running and the SAM started."""
    url = database_url or f"sqlite:///{(folder / 'var/sam/sam.db').absolute()}"
    with deployed(
        folder,
        base_url=BASE_URL,
        QES_PKCS11_MODULE=str(module),
        QES_SAM_DATABASE_URL=url,
    ) as layout:
        compiled("disk_and_clock", layout.root / "disk-and-clock.so")
        compiled("lying_device", layout.root / "libsofthsm-lying.so")
        found = Bench(layout=layout, module=module, database_url=url)
        try:
            start_trust_services(found.stack)
            found.start()
            yield found
        finally:
            with contextlib.suppress(KeyError):
                found.kill_all()
            found.stack.stop()


def compiled(name: str, target: Path) -> Path:
    """One of ``shims`` as a shared object. Raises if there is no C compiler."""
    command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(target)]
    subprocess.run([*command, str(SHIMS / f"{name}.c"), "-ldl"], check=True)
    return target


def _unsynced_lost(folder: Path) -> int:
    lost, kept = 0, set()
    for copy in folder.rglob("*.synced.*"):
        found = re.fullmatch(r"(.+)\.synced\.(\d+)", copy.name)
        assert found is not None or copy.name.endswith(".partial")
        file = copy.with_name(found[1]) if found else copy
        if found and file.exists() and file.stat().st_ino == int(found[2]):
            lost += file.read_bytes() != copy.read_bytes()
            shutil.copyfile(copy, file)
            kept.add(file)
        copy.unlink()
    for log in set(folder.rglob("*-wal")) - kept:  # it began empty and was never synced
        lost += log.stat().st_size > 0
        os.truncate(log, 0)
    for file in folder.rglob("*-shm"):
        file.unlink()
    return lost


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(child) for child in listed.read_text().split()]
    return []


def _group_lives(group: int) -> bool:
    """Whether any process of the group is left that is not a zombie."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of = stat.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state != "Z":
                return True
    return False


def _answers_within(socket: Path, seconds: float) -> bool:
    transport = httpx.HTTPTransport(uds=str(socket))
    with httpx.Client(transport=transport, base_url="http://sam", timeout=5) as http:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(errors.SamUnavailableError):
                if _listens(socket):
                    SamClient(http).info()
                    return True
            time.sleep(0.05)
    return False


def _listens(path: Path) -> bool:
    """httpx leaves a socket behind for each connection that it does not get."""
    with socket_of(AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0

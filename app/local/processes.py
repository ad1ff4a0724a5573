"""Start every process in order, wait until each answers, stop them all.

    trust services (two doors) → PID provider's lists → SAM → web → worker
    → phone emulator, if wanted

All listen on loopback; the pages also on another address, if ``QES_BASE_URL`` names it.

Each is a separate program with a log file of its own. One that ends by itself ends the
others: half a service is no service.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx

from app.local.layout import STATUS_LIST, Layout, address_of, program
from app.local.tls import TlsFiles, client_context
from sam.client import connect
from sam.errors import SamError

START_SECONDS = 30.0
STOP_SECONDS = 10.0
_STOPPING = (signal.SIGINT, signal.SIGTERM)


class ProcessFailedError(Exception):
    """A process did not come up, or ended; the message holds its last words."""

    code = "process_failed"


@dataclass(slots=True)
class Process:
    """One running program and the log it writes."""

    name: str
    running: "subprocess.Popen[bytes]"
    log: Path

    @property
    def ended(self) -> bool:
        return self.running.poll() is not None

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-12:]
        return "\n".join([f"{self.name}: exit {self.running.poll()}", *lines])


@dataclass(slots=True)
class Stack:
    """The processes of one local deployment, by name."""

    layout: Layout
    processes: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str, command: list[str], ready: Callable[[], bool]) -> None:
        """Start one program and return once it answers."""
        self.layout.log.mkdir(exist_ok=True)
        log = self.layout.log / f"{name}.log"
        with log.open("ab") as output:
            running = subprocess.Popen(  # noqa: S603 — our own programs, no shell
                command,
                env=self.layout.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = self.processes[name] = Process(name, running, log)
        until = time.monotonic() + START_SECONDS
        while not ready():
            if process.ended or time.monotonic() > until:
                raise ProcessFailedError(process.last_words())
            time.sleep(0.05)

    def watch(self) -> None:
        """Return when one of them has ended."""
        while not any(process.ended for process in self.processes.values()):
            time.sleep(0.5)

    def stop(self) -> None:
        """In reverse order; a process that does not end in time is killed."""
        for process in reversed(self.processes.values()):
            process.running.send_signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for process in reversed(self.processes.values()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.running.wait(max(0.1, until - time.monotonic()))
            if not process.ended:
                process.running.kill()
                process.running.wait()


@contextmanager
def running(layout: Layout) -> Iterator[Stack]:
    """The whole service while the block runs; SIGTERM ends the block like Ctrl-C."""
    stack = Stack(layout)
    before = {kind: signal.signal(kind, _interrupt) for kind in _STOPPING}
    try:
        _start_all(stack)
        yield stack
    finally:
        stack.stop()
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _start_all(stack: Stack) -> None:
    config = stack.layout.config
    urls = [config.base_url, config.est_url, config.public_url]
    if stack.layout.lists_url is not None:
        urls.append(stack.layout.lists_url)
    if stack.layout.phone:
        urls.append(config.phone_url)
    for url in urls:
        if _listening(url):
            raise ProcessFailedError(f"{url} is in use by another program")
    start_trust_services(stack)
    start_pid_provider(stack)
    start_sam(stack)
    start_web(stack)
    start_worker(stack)
    if stack.layout.phone:
        start_phone(stack)


def start_trust_services(stack: Stack) -> None:
    layout = stack.layout
    doors = {"est": layout.config.est_url, "public": layout.config.public_url}
    for door, url in doors.items():
        serve = [program("qes"), "trust-services", "serve", "--door", door]
        where = ["--directory", str(layout.trust_services), "--bind", layout.bind(url)]
        stack.start(
            f"trust-services-{door}", [*serve, *where], partial(_listening, url)
        )


def start_pid_provider(stack: Stack) -> None:
    """Its lists only: PIDs are issued by the programs that need one."""
    layout, url = stack.layout, stack.layout.lists_url
    if url is None:
        return
    serve = [program("wallet-emulator"), "pid-provider", "serve"]
    where = ["--directory", str(layout.wallet), "--bind", layout.bind(url)]
    stack.start("pid-provider", [*serve, *where], partial(_listening, url))


def start_sam(stack: Stack) -> None:
    if stack.layout.runtime is not None:
        _require_own_folder(stack.layout.runtime)
    stack.start(
        "sam", [program("sam"), "serve"], partial(_answers, stack.layout.socket)
    )


def _require_own_folder(folder: Path) -> None:
    """Nobody else may have put the folder there, to listen in the SAM's place."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise ProcessFailedError(f"{folder} belongs to another user")


def start_web(stack: Stack) -> None:
    layout = stack.layout
    healthy = partial(_healthy, layout.config.base_url, layout.tls)
    stack.start("web", [program("qes"), "web"], healthy)


def start_worker(stack: Stack) -> None:
    """Ready when the SAM holds the demo's list: no first answer is refused for it."""
    command, url = [program("qes"), "worker"], stack.layout.lists_url
    if url is None:
        stack.start("worker", command, lambda: True)
        return
    uri = f"{url}{STATUS_LIST}"
    stack.start("worker", command, partial(_holds, stack.layout.socket, uri))


def start_phone(stack: Stack) -> None:
    """The emulated wallet with pages of its own; on loopback wherever the web is."""
    layout = stack.layout
    url = layout.config.phone_url
    command = [program("wallet-emulator"), *trusting(layout.tls), "serve"]
    options = {
        "--directory": str(layout.wallet),
        "--bind": layout.bind(url),
        "--base-url": layout.config.base_url,
        "--issuer-root": str(layout.demo / "trust-anchor.pem"),
    }
    if layout.tls is not None:
        options["--tls-certificate"] = str(layout.tls.server)
        options["--tls-key"] = str(layout.tls.server_key)
    words = [part for option in options.items() for part in option]
    stack.start("phone", [*command, *words], partial(_listening, url))


def trusting(tls: TlsFiles | None) -> list[str]:
    """What makes the emulator believe our own certificate authority."""
    return [] if tls is None else ["--tls-ca", str(tls.ca)]


def _answers(path: Path) -> bool:
    """Whether the SAM's worker is up: it replies only once its self-test passed."""
    if not _connectable(path):
        return False
    transport = httpx.HTTPTransport(uds=str(path))
    with httpx.Client(transport=transport, base_url="http://sam", timeout=5) as sam:
        return _ok(lambda: sam.post("/info", content=b"{}"))


def _holds(path: Path, uri: str) -> bool:
    """Whether the SAM was handed a list at this URI that it may use."""
    try:
        wanted = connect(path).info().wanted_files
    except SamError:
        return False
    ends = [file.usable_until for file in wanted if file.uri == uri]
    return any(end is not None and end > datetime.now(UTC) for end in ends)


def _healthy(url: str, tls: TlsFiles | None) -> bool:
    if not _listening(url):
        return False
    verify = True if tls is None else client_context(tls.ca)
    with httpx.Client(verify=verify, trust_env=False, timeout=5) as client:
        return _ok(lambda: client.get(f"{url}/healthz"))


def _ok(ask: Callable[[], httpx.Response]) -> bool:
    try:
        return ask().status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _listening(url: str) -> bool:
    try:
        socket.create_connection(address_of(url), timeout=1).close()
    except OSError:
        return False
    return True


def _connectable(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True

"""The requester's side of the fork server: one job, one child, one deadline.

Safe from several threads. A child lives at most until the reply is read or the
deadline passes; then it is killed through its pidfd, whatever it says.
The server is started at the first job, and again by whichever process finds that
it is gone (or that it belongs to the process this one was forked from).
"""

import contextlib
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

from app.ades.errors import DocumentsUnavailableError
from app.ades.forkserver import READY

START_SECONDS: Final = 30.0
PIPE_BYTES: Final = 1 << 20


class ChildGoneError(Exception):
    """The child ended without a reply, spoke too long, or was out of time."""


class Children:
    """At most ``concurrent`` children of one fork server at a time."""

    def __init__(
        self,
        *,
        jobs: str,
        cpu_seconds: int,
        memory_bytes: int,
        wall_seconds: float,
        concurrent: int,
    ) -> None:
        self._arguments = (jobs, str(cpu_seconds), str(memory_bytes))
        self._wall_seconds = wall_seconds
        self._places = threading.BoundedSemaphore(concurrent)
        self._one_request_at_a_time = threading.Lock()
        self._server: _Server | None = None

    def run(self, job: Sequence[bytes], *, max_reply: int) -> bytes:
        """Return what the child wrote, or raise ``ChildGoneError``.

        ``DocumentsUnavailableError``: all places were taken for ``wall_seconds``.
        """
        if not self._places.acquire(timeout=self._wall_seconds):
            raise DocumentsUnavailableError("all document processes are busy")
        try:
            return self._run(job, max_reply)
        finally:
            self._places.release()

    def close(self) -> None:
        """End the server and with it every child. The next job starts another."""
        with self._one_request_at_a_time:
            if self._server is not None:
                self._server.close()
            self._server = None

    def _run(self, job: Sequence[bytes], max_reply: int) -> bytes:
        deadline = time.monotonic() + self._wall_seconds
        reading, writing = os.pipe()
        with _closing(reading):
            with _closing(writing), _memory_file(job) as job_file:
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
                child = self._fork(job_file, writing)
            try:
                return _read_all(reading, deadline, max_reply)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(child, signal.SIGKILL)
                os.close(child)

    def _fork(self, job_file: int, writing: int) -> int:
        """Return a pidfd of the new child."""
        with self._one_request_at_a_time:
            if self._server is not None and self._server.alive():
                with contextlib.suppress(OSError):
                    return self._server.fork(job_file, writing)
            if self._server is not None:
                self._server.close()
            self._server = _Server(self._arguments)
            try:
                return self._server.fork(job_file, writing)
            except OSError as gone:
                raise DocumentsUnavailableError("the fork server died") from gone


class _Server:
    def __init__(self, arguments: Sequence[str]) -> None:
        self._owner = os.getpid()
        self._control, theirs = socket.socketpair()
        self._control.settimeout(START_SECONDS)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                [
                    *(sys.executable, "-P", "-m", "app.ades.forkserver"),
                    *(str(theirs.fileno()), *arguments),
                ],
                # Nothing else of the environment: it may hold secrets.
                env={"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            ready = self._control.recv(1)
        except OSError:
            ready = b""
        if ready != READY:
            self.close()
            raise DocumentsUnavailableError("the fork server did not start")

    def alive(self) -> bool:
        return self._owner == os.getpid() and self._process.poll() is None

    def fork(self, job_file: int, writing: int) -> int:
        socket.send_fds(self._control, [b"."], [job_file, writing])
        _message, descriptors, _flags, _address = socket.recv_fds(self._control, 1, 1)
        if len(descriptors) != 1:
            raise OSError("no child came back")
        return descriptors[0]

    def close(self) -> None:
        self._control.close()  # the server ends at end of file, its children with it
        if self._owner != os.getpid():
            return
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _memory_file(pieces: Sequence[bytes]) -> Iterator[int]:
    """The job as an unnamed file: no path, no disk, nothing to block on."""
    descriptor = os.memfd_create("job", os.MFD_CLOEXEC)
    with _closing(descriptor):
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[os.write(descriptor, view) :]
        yield descriptor


def _read_all(reading: int, deadline: float, max_reply: int) -> bytes:
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    pieces: list[bytes] = []
    room = max_reply
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise ChildGoneError("out of time")
        piece = os.read(reading, PIPE_BYTES)
        if not piece:
            break
        pieces.append(piece)
        room -= len(piece)
        if room < 0:
            raise ChildGoneError("the reply is too long")
    if not pieces:
        raise ChildGoneError("it ended without a reply")
    return b"".join(pieces)

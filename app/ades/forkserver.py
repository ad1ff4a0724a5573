"""The warm process that children are forked from: ``python -m app.ades.forkserver``.

Importing pyHanko costs a third of a second, a fork a few milliseconds. So this
process imports and warms everything once and then waits at its control socket. It
never reads a document. For each request, one byte and two descriptors, it

    1. forks; the child confines itself, reads the job from the first descriptor,
       writes the reply to the second, and is gone
    2. answers with a pidfd of the child, by which the requester ends it

Not multiprocessing's fork server: that one would import the requester's main
module (gunicorn) into every child, inherit its environment and unpickle.

The work comes from a module with ``warm_up()`` and ``JOBS``, named on the command
line. When the requester ends, so does this process, and with it every child.
"""

import asyncio
import gc
import importlib
import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Final

from app.ades import frames
from app.ades.confinement import Confinement, confine
from app.ades.errors import EmbeddingError, Refusal, UnsignableDocumentError

READY: Final = b"R"
JOB_DESCRIPTOR: Final = 3
REPLY_DESCRIPTOR: Final = 4
MAX_DETAIL: Final = 300
# Made beforehand: when memory is used up, not even this can be put together.
OUT_OF_MEMORY: Final = frames.encode(
    {"outcome": "refused", "code": Refusal.TOO_COMPLEX}
)

Result = tuple[Mapping[str, object], Sequence[bytes]]
Job = Callable[[Mapping[str, object], Sequence[bytes], Confinement], Result]


def main(arguments: Sequence[str]) -> None:
    """Serve until the control socket closes."""
    descriptor, module_name, cpu_seconds, memory_bytes = arguments
    logging.disable(logging.CRITICAL)  # pyHanko logs what a hostile file says
    work = importlib.import_module(module_name)
    warming = asyncio.new_event_loop()
    asyncio.set_event_loop(warming)
    work.warm_up()
    warming.close()
    asyncio.set_event_loop(None)
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(descriptor)) as control:
        control.sendall(READY)
        while _serve_one(control, work, int(cpu_seconds), int(memory_bytes)):
            pass


def _serve_one(
    control: socket.socket, work: ModuleType, cpu_seconds: int, memory_bytes: int
) -> bool:
    message, descriptors, _flags, _address = socket.recv_fds(control, 1, 2)
    _reap()
    if not message:
        return False
    job, reply = descriptors
    child = os.fork()
    if child == 0:
        _keep_only(job, reply)
        _be_the_child(work, cpu_seconds, memory_bytes)
    for descriptor in descriptors:
        os.close(descriptor)
    handle = os.pidfd_open(child)  # valid also if it has ended: not reaped yet
    socket.send_fds(control, [b"."], [handle])
    os.close(handle)
    return True


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        return


def _keep_only(job: int, reply: int) -> None:
    """Close all but two descriptors: the control socket is not the child's."""
    job, reply = os.dup(job), os.dup(reply)
    os.dup2(job, JOB_DESCRIPTOR)
    os.dup2(reply, REPLY_DESCRIPTOR)
    os.dup2(0, 2)  # 0 is /dev/null
    os.closerange(REPLY_DESCRIPTOR + 1, os.sysconf("SC_OPEN_MAX"))


def _be_the_child(work: ModuleType, cpu_seconds: int, memory_bytes: int) -> None:
    # pyHanko validates in coroutines; an event loop opens sockets, so make it now.
    asyncio.set_event_loop(asyncio.new_event_loop())
    confinement = confine(cpu_seconds=cpu_seconds, memory_bytes=memory_bytes)
    try:
        pieces = _answer(work, confinement)
    except MemoryError:
        pieces = OUT_OF_MEMORY
    except ImportError as missing:  # warm_up forgot it: our fault, not the file's
        pieces = _excuse("unready", missing)
    except Exception as fault:  # noqa: BLE001  # top of a process that reads hostile bytes
        pieces = _excuse("fault", fault)
    try:
        for piece in pieces:
            _write(piece)
    finally:
        os._exit(0)  # never back into the server's loop


def _answer(work: ModuleType, confinement: Confinement) -> list[bytes]:
    frame = frames.decode(_read_job())
    jobs: Mapping[str, Job] = work.JOBS
    arguments = frame.header["arguments"]
    assert isinstance(arguments, dict)  # noqa: S101  # the requester is trusted
    try:
        result, blobs = jobs[str(frame.header["job"])](
            arguments, frame.blobs, confinement
        )
    except UnsignableDocumentError as refused:
        return frames.encode({"outcome": "refused", "code": refused.code})
    except EmbeddingError as wrong:
        return _excuse("wrong", wrong)
    return frames.encode({"outcome": "done", "result": result}, blobs)


def _excuse(outcome: str, reason: Exception) -> list[bytes]:
    text = f"{type(reason).__name__}: {reason}"[:MAX_DETAIL]
    return frames.encode({"outcome": outcome, "detail": text})


def _read_job() -> bytes:
    size = os.lseek(JOB_DESCRIPTOR, 0, os.SEEK_END)
    pieces: list[bytes] = []
    position = 0
    while position < size:
        pieces.append(os.pread(JOB_DESCRIPTOR, size - position, position))
        position += len(pieces[-1])
    return b"".join(pieces)


def _write(piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(REPLY_DESCRIPTOR, view) :]


if __name__ == "__main__":
    main(sys.argv[1:])

"""What a confined child can still do: nothing but compute. Probed from inside."""

import json
import platform
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest

from app.ades import frames, landlock, seccomp
from app.ades.children import Children
from app.ades.documents import Documents
from tests.app.ades.probes import TRIALS

ALLOW, DENY, KILL = seccomp.ALLOW, seccomp.DENY, seccomp.KILL_PROCESS


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    children = Children(
        jobs="tests.app.ades.probes",
        cpu_seconds=2,
        memory_bytes=1 << 30,
        wall_seconds=20,
        concurrent=2,
    )
    yield children
    children.close()


def result(children: Children, job: str, **arguments: object) -> dict[str, object]:
    request = frames.encode({"job": job, "arguments": arguments})
    reply = frames.decode(children.run(request, max_reply=1 << 20))
    answer = reply.header["result"]
    assert isinstance(answer, dict)
    return answer


OTHER_ERRORS = {
    "write-through-an-open-file": "OSError",  # EFBIG, by the file size limit
    "raise-own-limits": "ValueError",  # how Python reports EPERM there
}


@pytest.mark.parametrize("trial", TRIALS)
def test_a_child_is_denied(children: Children, trial: str) -> None:
    expected = OTHER_ERRORS.get(trial, "PermissionError")

    assert result(children, "trial", trial=trial) == {"denied": expected}


def test_everything_is_enforced_on_this_machine(children: Children) -> None:
    """A kernel without Landlock is reported here, and in ``qes doctor``."""
    assert result(children, "status")["missing"] == []


def test_documents_report_the_confinement(documents: Documents) -> None:
    assert documents.confinement().enforced == (
        "cpu time",
        "memory",
        "no file writing",
        "no new processes",
        "no core dump",
        "no new privileges",
        "not traceable",
        "dies with parent",
        "landlock",
        "few open files",
        "seccomp",
    )


ALONE = """
import ctypes, os, socket, sys
from app.ades import landlock
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
landlock.install(libc)
try:
    os.open(sys.argv[1], os.O_RDONLY)
except PermissionError:
    print("denied")
"""


@pytest.mark.parametrize("path", ["/etc/passwd", "/", "/tmp"])  # noqa: S108
def test_landlock_alone_shuts_the_file_system(path: str) -> None:
    """Seccomp would hide a Landlock that does nothing."""
    found = subprocess.run(
        [sys.executable, "-c", ALONE, path], capture_output=True, text=True, check=True
    )

    assert found.stdout == "denied\n"


def run_filter(machine: str, *, audit: int, number: int, argument: int = 0) -> int:
    """Interpret the BPF program as the kernel would."""
    data = struct.pack("=IIQQQQ", number, audit, 0, 0, 0, argument)
    steps = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    position, accumulator = 0, 0
    while True:
        code, if_true, if_false, value = steps[position]
        position += 1
        match code:
            case seccomp.LOAD_WORD:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case seccomp.JUMP_EQUAL:
                position += if_true if accumulator == value else if_false
            case seccomp.JUMP_GREATER_EQUAL:
                position += if_true if accumulator >= value else if_false
            case seccomp.JUMP_ANY_BIT:
                position += if_true if accumulator & value else if_false
            case seccomp.RETURN:
                return value


X86, ARM = 0xC000003E, 0xC00000B7


@pytest.mark.parametrize(
    ("machine", "audit", "number", "argument", "expected"),
    [
        pytest.param("x86_64", X86, 0, 0, ALLOW, id="x86-read"),
        pytest.param("x86_64", X86, 9, 3, ALLOW, id="x86-mmap"),
        pytest.param("x86_64", X86, 9, 7, DENY, id="x86-mmap-executable"),
        pytest.param("x86_64", X86, 10, 5, DENY, id="x86-mprotect-executable"),
        pytest.param("x86_64", X86, 2, 0, DENY, id="x86-open"),
        pytest.param("x86_64", X86, 41, 0, DENY, id="x86-socket"),
        pytest.param("x86_64", X86, 56, 0, DENY, id="x86-clone"),
        pytest.param("x86_64", X86, 59, 0, DENY, id="x86-execve"),
        pytest.param("x86_64", X86, 257, 0, DENY, id="x86-openat"),
        pytest.param("x86_64", X86, 100_000, 0, DENY, id="x86-not-invented-yet"),
        pytest.param("x86_64", X86, 0x40000000, 0, KILL, id="x32-abi"),
        pytest.param("x86_64", 0x40000003, 3, 0, KILL, id="i386-abi"),
        pytest.param("aarch64", ARM, 63, 0, ALLOW, id="arm-read"),
        pytest.param("aarch64", ARM, 222, 3, ALLOW, id="arm-mmap"),
        pytest.param("aarch64", ARM, 222, 7, DENY, id="arm-mmap-executable"),
        pytest.param("aarch64", ARM, 56, 0, DENY, id="arm-openat"),
        pytest.param("aarch64", ARM, 198, 0, DENY, id="arm-socket"),
        pytest.param("aarch64", ARM, 220, 0, DENY, id="arm-clone"),
        pytest.param("aarch64", ARM, 221, 0, DENY, id="arm-execve"),
        pytest.param("aarch64", 0x40000028, 3, 0, KILL, id="arm32-abi"),
    ],
)
def test_the_filter_decides(
    machine: str, audit: int, number: int, argument: int, expected: int
) -> None:
    decision = run_filter(machine, audit=audit, number=number, argument=argument)

    assert decision == expected


@pytest.mark.parametrize(
    ("abi", "length", "rights"),
    [(1, 8, 0x1FFF), (2, 8, 0x3FFF), (3, 8, 0x7FFF), (4, 16, 0x7FFF), (6, 24, 0xFFFF)],
)
def test_landlock_handles_every_right_the_kernel_knows(
    abi: int, length: int, rights: int
) -> None:
    attributes = landlock.ruleset(abi)

    assert (len(attributes), struct.unpack_from("=Q", attributes)[0]) == (
        length,
        rights,
    )


def test_an_unknown_machine_is_reported_not_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "vax")

    with pytest.raises(OSError, match="no system call table for vax"):
        seccomp.install(None)  # type: ignore[arg-type]  # refused before it is used


def test_the_trials_do_succeed_outside() -> None:
    """Guards the table above: the acts must be possible in the first place."""
    assert "root:" in TRIALS["open-for-reading"]()  # type: ignore[operator]
    assert json.dumps(TRIALS["list-a-folder"]())

"""Many signatures by many clients: no error, and nothing that grows.

    python -m benchmarks.soak [--signatures N] [--documents N] [--clients N]

The SAM and its CA run as processes, on SQLite. Each client is a person who approves
some documents at a time. Between blocks the SAM's memory, its open files, the token's
objects and the keys that were planned and did not end are read; what the first blocks
warm up is no growth. Exit 1 if a signature failed or something grew. Session keys
cannot be seen from outside: ``finish`` proves each gone.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from benchmarks.sam_alone import Alone, served
from benchmarks.transaction_service import deployment
from sam.config import SamConfig
from sam.database import Database
from sam.errors import SamError
from sam.schema import key_plans
from tests.sam.callers import Holder
from tests.sam.files import prepared

BLOCKS: Final = 10
WARM: Final = 3  # blocks until caches and heap have their size
MEMORY_SLACK: Final = 0.05
FILES_SLACK: Final = 4  # connections of clients that come and go


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Of the SAM, after so many signatures. ``memory`` in bytes."""

    signatures: int
    errors: int
    memory: int
    files: int
    objects: int
    open_keys: int


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as name:
        layout = deployment(Path(name))
        with served(layout, Path(name) / "wallets") as sam:
            readings = []
            for reading in _blocks(sam, arguments):
                print(_line(reading), flush=True)
                readings.append(reading)
    complaints = complaints_about(readings)
    print("\n".join(complaints) or "no error, no growth")
    sys.exit(bool(complaints))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--signatures", type=int, default=10_000, metavar="N")
    parser.add_argument("--documents", type=int, default=10, metavar="N")
    parser.add_argument("--clients", type=int, default=8, metavar="N")
    return parser.parse_args()


def complaints_about(readings: Sequence[Reading]) -> list[str]:
    """One sentence for each thing that failed, or grew after the warm blocks."""
    warm, last = readings[WARM - 1], readings[-1]
    limits = {
        "memory": int(warm.memory * (1 + MEMORY_SLACK)),
        "files": warm.files + FILES_SLACK,
        "objects": warm.objects,
        "open_keys": 0,
        "errors": 0,
    }
    return [
        f"{what}: {getattr(last, what)}, and {limit} would be all right"
        for what, limit in limits.items()
        if getattr(last, what) > limit
    ]


def _blocks(sam: Alone, arguments: argparse.Namespace) -> Iterator[Reading]:
    people = [sam.signer() for _ in range(arguments.clients)]
    each = ceil(arguments.signatures / (BLOCKS * len(people) * arguments.documents))
    sign = partial(_sign, sam, times=each, documents=arguments.documents)
    signatures = errors = 0
    with ThreadPoolExecutor(len(people)) as pool:
        for _ in range(BLOCKS):
            for signed, failed in pool.map(sign, people):
                signatures += signed
                errors += failed
            yield _read(sam, signatures, errors)


def _sign(sam: Alone, person: Holder, *, times: int, documents: int) -> tuple[int, int]:
    """How many signatures came back, and how many transactions did not."""
    contents = [prepared(b"%%PDF %d " % number) for number in range(documents)]
    signed = failed = 0
    for _ in range(times):
        try:
            done = sam.finish(sam.approved(person, *contents))
        except SamError:
            failed += 1
        else:
            signed += len(done.signatures)
    return signed, failed


def _read(sam: Alone, signatures: int, errors: int) -> Reading:
    processes = [Path("/proc") / str(pid) for pid in sam.processes()]
    return Reading(
        signatures=signatures,
        errors=errors,
        memory=sum(map(_resident, processes)),
        files=sum(len(list((p / "fd").iterdir())) for p in processes),
        objects=len(list(sam.layout.sam.rglob("*.object"))),
        open_keys=_open_keys(sam),
    )


def _resident(process: Path) -> int:
    lines = (process / "status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmRSS:")]
    return 1024 * int(line.split()[1])


def _open_keys(sam: Alone) -> int:
    config = SamConfig(sam_directory=sam.layout.sam)
    query = select(func.count()).where(key_plans.c.ended.is_(None))
    with (
        closing(Database(config.database_url)) as database,
        database.begin() as connection,
    ):
        return int(connection.execute(query).scalar_one())


def _line(reading: Reading) -> str:
    return (
        f"{reading.signatures:6} signatures, {reading.errors} errors:"
        f" {reading.memory / 2**20:.1f} MiB, {reading.files} files,"
        f" {reading.objects} objects, {reading.open_keys} keys open"
    )


if __name__ == "__main__":
    main()

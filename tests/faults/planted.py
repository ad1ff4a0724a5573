"""``make faults-planted``: does the harness find what is wrong? Planted bugs say.

Each is a change of a few lines, made in a copy of the tree. The same run as ever comes
then, probes first and each point once, until a promise is broken. A harness that finds
none of them has shown nothing about a tree in which it finds nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
LEFT_OUT: Final = (".venv", "var", ".git", "*_cache", ".hypothesis", ".coverage*")
MINUTES: Final = 12


@dataclass(frozen=True, slots=True)
class Bug:
    """``changes``: file, text that stands there once, text in its place."""

    name: str
    changes: tuple[tuple[str, str, str], ...]


class CodeMovedError(Exception):
    """A bug can no longer be planted: the text it changes is not there once."""


BUGS: Final = (
    Bug(
        "no sync at commit",
        (("sam/database.py", '"synchronous=FULL"', '"synchronous=OFF"'),),
    ),
    Bug(
        "no UNIQUE for the key of a pass",
        (
            (
                "sam/migrations/versions/0001_the_sam_s_tables.py",
                "    sa.UniqueConstraint('handle_sha256', name=op.f("
                "'uq_passes_handle_sha256')),\n"
                "    sa.UniqueConstraint('key_thumbprint', name=op.f("
                "'uq_passes_key_thumbprint'))\n",
                "    sa.UniqueConstraint('handle_sha256', name=op.f("
                "'uq_passes_handle_sha256')),\n",
            ),
        ),
    ),
    Bug(
        "no WHERE: all nonces are forgotten",
        (
            (
                "sam/store.py",
                "connection.execute(delete(table).where(table.c.expires_at <= now))",
                "connection.execute(delete(table))",
            ),
        ),
    ),
    Bug(
        "no lock on the state directory",
        (
            (
                "sam/places.py",
                "fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)",
                "fcntl.flock(handle, fcntl.LOCK_UN)",
            ),
        ),
    ),
    Bug(
        "no look at one's own signature",
        (("sam/ceremony.py", "        _verify(key, attributes, signatures)\n", ""),),
    ),
    Bug(
        "no state guard: what is signed can be closed",
        (
            (
                "sam/store.py",
                "            transactions.c.state.in_([State.OPEN, State.VERIFIED]),\n"
                "        )\n"
                "        .values(state=State.CLOSED",
                "        )\n        .values(state=State.CLOSED",
            ),
        ),
    ),
    Bug(
        "no owner guard: the pass may be another person's",
        (
            (
                "sam/approvals.py",
                "if not hmac.compare_digest(identity.signer_id, issued.signer_id):",
                "if identity.signer_id == b'':",
            ),
        ),
    ),
    Bug(
        "no proof that the key is gone",
        (
            (
                "hsm/pkcs11_device.py",
                "if halves and keys.find(session, {Attribute.ID: key_id}):",
                "if not halves and keys.find(session, {Attribute.ID: key_id}):",
            ),
            ("sam/ceremony.py", "if key_id in left:", "if left is None:"),
        ),
    ),
    Bug(
        "the record is another commit than the answer",
        (
            (
                "sam/answers.py",
                "            _record_verified(connection, row, identity, body, now)\n"
                '    sam.fault("after-verified")\n',
                '    sam.fault("after-verified")\n'
                "    if moved:\n"
                "        with sam.database.begin() as connection:\n"
                "            _record_verified(connection, row, identity, body, now)\n",
            ),
        ),
    ),
    Bug(
        "no deadline once it signs",
        (
            (
                "sam/ceremony.py",
                "if sam.clock() - row.verified_at >= APPROVAL_LIFETIME:",
                "if row.verified_at is None:",
            ),
        ),
    ),
    Bug(
        "the reply comes before the commit",
        (
            (
                "sam/database.py",
                "        with self.engine.begin() as connection:\n"
                "            yield connection\n",
                "        import threading\n"
                "        connection = self.engine.connect()\n"
                "        connection.begin()\n"
                "        try:\n"
                "            yield connection\n"
                "        except BaseException:\n"
                "            connection.close()\n"
                "            raise\n"
                "        def commit() -> None:\n"
                "            connection.commit()\n"
                "            connection.close()\n"
                "        threading.Timer(0.2, commit).start()\n",
            ),
        ),
    ),
    Bug(
        "a nonce may be used again",
        (
            (
                "sam/pass_nonces.py",
                "handle_store.use_nonce(connection, nonce, ends)",
                "pass",
            ),
        ),
    ),
)


def planted(bug: Bug, copy: Path) -> None:
    """Raises ``CodeMovedError``; then the bug needs to be written anew."""
    for name, old, new in bug.changes:
        file = copy / name
        text = file.read_text()
        if text.count(old) != 1:
            raise CodeMovedError(f"{bug.name}: {name}")
        file.write_text(text.replace(old, new))


def main() -> None:
    options = _options()
    work = Path(options.work).absolute()
    with ThreadPool(options.workers) as pool:
        chosen = [bug for bug in BUGS if options.only in bug.name]
        missed = 0
        for bug, found in pool.imap(lambda bug: (bug, _find(bug, work)), chosen):
            missed += found is None
            print(f"{bug.name}: {found or 'NOT FOUND'}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} found")
    sys.exit(bool(missed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="var/faults-planted")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="bugs with these words")
    return parser.parse_args()


def _find(bug: Bug, work: Path) -> str | None:
    """By which promise, in which batch; None if nothing noticed."""
    copy = work / bug.name.replace(" ", "-").replace(":", "")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    planted(bug, copy)
    told = subprocess.run(
        [
            *(sys.executable, "-m", "tests.faults.run", "--times", "1"),
            *("--random", "0", "--minutes", str(MINUTES), "--work", "verdicts"),
        ],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    broken = [f"{name} ({says})" for name, says in _wrong(copy)]
    if not broken and told.stderr:  # a run that breaks off has found nothing
        print(f"{bug.name}: {told.stderr.strip().splitlines()[-1]}")
    shutil.rmtree(copy)
    return "; ".join(broken) or None


def _wrong(copy: Path) -> Iterator[tuple[str, str]]:
    file = copy / "verdicts" / "verdicts.jsonl"
    for line in file.read_text().splitlines() if file.exists() else []:
        yield from json.loads(line)["wrong"][:3]


if __name__ == "__main__":
    main()

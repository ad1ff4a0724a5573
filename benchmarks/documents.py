"""What a document costs: ``python benchmarks/documents.py`` from the repository root.

Prints the median wall time in milliseconds of prepare, embed, validate, a page's
image (1000 pixels wide) and its text, through the confined child, for files of
several sizes and for files of many objects; what inspection alone takes of the
child's CPU time; and what the child and its server cost.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.ades.documents import Documents
from app.ades.inspection import inspect
from tests.app.ades import pdfs, traps
from tests.app.ades.pki import NOW, Pki

SIZES = {"50 KB": 50_000, "1 MB": 1_000_000, "20 MB": 20_000_000, "50 MB": 49_000_000}
MANY = {
    "2000 pages": lambda: pdfs.of_pages(2000),
    "5000 links": lambda: traps.linked(5000),
    "20000 links": lambda: traps.linked(20_000),
}
ROUNDS = 7


def measured(act: Callable[[], object], clock: Callable[[], float]) -> float:
    """Median milliseconds of ``ROUNDS`` runs."""
    times = []
    for _ in range(ROUNDS):
        started = clock()
        act()
        times.append((clock() - started) * 1000)
    return statistics.median(times)


def wall(act: Callable[[], object]) -> float:
    return measured(act, time.perf_counter)


def main() -> None:
    documents = Documents()
    started = time.perf_counter()
    held = documents.confinement()
    print(
        f"first child, with server start {(time.perf_counter() - started) * 1000:.0f}"
    )
    print(f"each child                     {wall(documents.confinement):.1f}")
    print(f"memory of the server, MB       {server_megabytes(documents):.0f}")
    print(f"missing confinement            {list(held.missing) or 'nothing'}")
    print(
        f"{'file':>12} {'prepare':>8} {'image':>8} {'text':>8} {'inspect':>8}", end=""
    )
    print(f" {'embed':>8} {'validate':>8}")
    pki = Pki()
    for label, size in SIZES.items():
        original = pdfs.of_size(size)
        show(label, *reading(documents, original), *signing(documents, pki, original))
    for label, make in MANY.items():
        show(label, *reading(documents, make()))
    documents.close()


def show(label: str, *times: float) -> None:
    print(f"{label:>12}", *(f"{each:8.1f}" for each in times), flush=True)


def server_megabytes(documents: Documents) -> float:
    server = documents._children._server
    assert server is not None
    status = Path(f"/proc/{server._process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def reading(documents: Documents, original: bytes) -> tuple[float, ...]:
    content = documents.prepare(original, signed_at=NOW).content
    return (
        wall(lambda: documents.prepare(original, signed_at=NOW)),
        wall(lambda: documents.render_page(content, page=1, width=1000)),
        wall(lambda: documents.page_text(content, page=1)),
        measured(lambda: inspect(original, max_pages=2000), time.process_time),
    )


def signing(documents: Documents, pki: Pki, original: bytes) -> tuple[float, float]:
    prepared = documents.prepare(original, signed_at=NOW)
    parts = pki.signer().sign(prepared)
    token = pki.timestamp(parts.signature)
    place = (prepared.content, prepared.byte_range, parts, token)
    signed = documents.embed(*place)
    crls = [pki.issuing.crl()]

    def validate() -> None:
        found = documents.validate(signed, anchors=pki.anchors, at=NOW, crls=crls)
        assert found.valid, found.summary

    return wall(lambda: documents.embed(*place)), wall(validate)


if __name__ == "__main__":
    main()

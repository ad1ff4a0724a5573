"""What a document costs: ``python benchmarks/documents.py`` from the repository root.

Prints the median wall time in milliseconds of prepare, embed and validate through the
confined child for files of several sizes, and what the child itself costs.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.ades.documents import Documents
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki

SIZES = {"50 KB": 50_000, "1 MB": 1_000_000, "20 MB": 20_000_000, "50 MB": 49_000_000}
ROUNDS = 7


def measured(act: Callable[[], object]) -> float:
    """Median milliseconds of ``ROUNDS`` runs."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        act()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def main() -> None:
    documents = Documents()
    started = time.perf_counter()
    held = documents.confinement()
    print(
        f"first child, with server start {(time.perf_counter() - started) * 1000:.0f}"
    )
    print(f"each child                     {measured(documents.confinement):.1f}")
    print(f"missing confinement            {list(held.missing) or 'nothing'}")
    print(f"{'file':>8} {'prepare':>8} {'embed':>8} {'validate':>8}")
    pki = Pki()
    for label, size in SIZES.items():
        print(f"{label:>8}", *(f"{each:8.1f}" for each in row(documents, pki, size)))
    documents.close()


def row(documents: Documents, pki: Pki, size: int) -> tuple[float, float, float]:
    original = pdfs.of_size(size)
    prepared = documents.prepare(original, signed_at=NOW)
    parts = pki.signer().sign(prepared)
    token = pki.timestamp(parts.signature)
    place = (prepared.content, prepared.byte_range, parts, token)
    signed = documents.embed(*place)
    crls = [pki.issuing.crl()]

    def validate() -> None:
        found = documents.validate(signed, anchors=pki.anchors, at=NOW, crls=crls)
        assert found.valid, found.summary

    return (
        measured(lambda: documents.prepare(original, signed_at=NOW)),
        measured(lambda: documents.embed(*place)),
        measured(validate),
    )


if __name__ == "__main__":
    main()

"""From the wallet's answer to the signed PDF in the browser's hands.

    python -m benchmarks.delivery [--rounds N]

For an identified signer: the clock starts when the wallet posts its answer and stops
when the signed file is downloaded. The whole service runs on loopback; the wallet's
own time to build its answer is not in it. Beside it, in the same run, what the
documents child alone needs for the same file (embed, validate).
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import httpx

from app.ades.documents import Documents
from app.local.processes import running
from benchmarks.transaction_service import Person, deployment, link, warm_up
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW

SIZES = {"50 KB": 50_000, "1 MB": 1_000_000, "20 MB": 20_000_000}


class StartsAtAnswer(httpx.BaseTransport):
    """Notes the moment at which an answer leaves the wallet."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.left_at = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "/oid4vp/response/" in request.url.path:
            self.left_at = time.perf_counter()
        return self._inner.handle_request(request)


def seconds(person: Person, document: Path) -> float:
    """One signature; from the answer's leaving to the last byte of the file."""
    asked = person.browser.follow(person.upload(document), "approve")
    wire = StartsAtAnswer()
    with httpx.Client(transport=wire, timeout=60) as wallet:
        returned = person.present(link(asked), wallet)
    done = person.browser.open(str(returned.redirect_uri))
    while done.element("request-state").attribute("data-state") == "signing":
        time.sleep(0.05)
        done = person.browser.open(done.url)
    signed = person.browser.download(done, "download-signed")
    taken = time.perf_counter() - wire.left_at
    assert signed.startswith(document.read_bytes()), done.summary()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delivery")
    parser.add_argument("--rounds", type=int, default=10, metavar="N")
    rounds = max(2, parser.parse_args().rounds)
    with tempfile.TemporaryDirectory() as folder, httpx.Client(timeout=60) as http:
        layout = deployment(Path(folder))
        with running(layout):
            person = Person(layout, http)
            person.become_a_signer()
            warm_up(layout, person)
            person.identify()
            print("answer → signed PDF, ms          p50      p95   prepare alone")
            for label, size in SIZES.items():
                document = Path(folder) / f"{size}.pdf"
                document.write_bytes(pdfs.of_size(size))
                seconds(person, document)  # both workers have seen one
                taken = [1000 * seconds(person, document) for _ in range(rounds)]
                p95 = quantiles(taken, n=20, method="inclusive")[-1]
                alone = 1000 * _prepare(document.read_bytes())
                print(f"{label:>28} {median(taken):8.0f} {p95:8.0f} {alone:15.0f}")


def _prepare(content: bytes) -> float:
    """The floor of any work on the file: one child that reads it once."""
    documents = Documents()
    documents.prepare(content, signed_at=NOW)
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        documents.prepare(content, signed_at=NOW)
        taken.append(time.perf_counter() - started)
    documents.close()
    return median(taken)


if __name__ == "__main__":
    main()

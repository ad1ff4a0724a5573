"""What 500 browsers that wait for a wallet cost everybody else.

    python -m benchmarks.waiting [--browsers 500] [--seconds 20]

Each waiting browser asks for its one word every two seconds ±20 %, with the ETag it
got, as the page's script does. Meanwhile one person goes on: first page, the waiting
page with its QR code, a new upload. Measured first alone, then beside the waiting
ones, in one run. The waiting browsers are rows like the one that really waits; what
they ask takes the same way through the service.
"""

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from threading import Thread
from urllib.parse import urlsplit

import httpx
from sqlalchemy import inspect, select

from app.database import Database
from app.local.layout import Layout
from app.local.processes import Stack, running
from app.signers.sessions import hashed
from app.signers.store import BrowserSession, Exchange
from app.signing.tables import Document, SigningRequest
from benchmarks.transaction_service import (
    LEASE,
    cpu_seconds,
    deployment,
)
from wallet_emulator.browser import Browser

PAUSE_SECONDS = 2.0
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Waiting:
    cookie: str
    path: str


def clones(layout: Layout, count: int, waiting_id: str) -> list[Waiting]:
    """``count`` more browsers in the very state of the one that waits."""
    database = Database(layout.environment()["QES_DATABASE_URL"])
    made = []
    with database.write() as db:
        request = db.get_one(SigningRequest, waiting_id)
        browser = db.get_one(BrowserSession, request.browser_id)
        exchange = db.get_one(Exchange, request.tx)
        (document,) = db.scalars(
            select(Document).where(Document.request_id == request.id)
        )
        for number in range(count):
            own = f"{number:032x}"
            ids = {"id": own, "cookie_hash": hashed(own), "csrf_token": own}
            db.add(_copy(browser, **ids))
            db.add(_copy(request, id=own, browser_id=own, tx=own))
            db.flush()
            db.add(_copy(document, request_id=own))
            hashes = {"return_hash": f"r{own}", "error_hash": f"e{own}"}
            db.add(_copy(exchange, tx=own, browser_id=own, request_id=own, **hashes))
            made.append(Waiting(cookie=own, path=f"/requests/{own}/watch"))
    database.close()
    return made


def _copy(row: object, **changes: object) -> object:
    columns = inspect(type(row)).column_attrs
    values = {column.key: getattr(row, column.key) for column in columns}
    return type(row)(**values | changes)


async def poll(base_url: str, browser: Waiting, until: float, seen: list[int]) -> None:
    """One waiting page: a keep-alive connection, conditional requests."""
    parts = urlsplit(base_url)
    etag = ""
    await asyncio.sleep(random.random() * PAUSE_SECONDS)  # noqa: S311 — a jitter
    while time.monotonic() < until:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            condition = f"If-None-Match: {etag}\r\n" if etag else ""
            writer.write(
                f"GET {browser.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                f"Cookie: qes={browser.cookie}\r\n{condition}"
                "Connection: close\r\n\r\n".encode()
            )
            answer = (await reader.read()).decode("latin-1")
            writer.close()
            seen.append(int(answer.split(" ", 2)[1]))
            for line in answer.split("\r\n"):
                if line.lower().startswith("etag:"):
                    etag = line.partition(":")[2].strip()
        pause = PAUSE_SECONDS * (1 + JITTER * (2 * random.random() - 1))  # noqa: S311
        await asyncio.sleep(pause)


def wait_all(base_url: str, waiting: list[Waiting], seconds: float) -> list[int]:
    seen: list[int] = []

    async def everyone() -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(*(poll(base_url, one, until, seen) for one in waiting))

    asyncio.run(everyone())
    return seen


def others(
    browser: Browser, base_url: str, page: str, seconds: float
) -> dict[str, list[float]]:
    """Milliseconds of what one person does meanwhile, by what it is."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        started = time.perf_counter()
        start = browser.open(base_url)
        first = time.perf_counter()
        browser.open(page)
        shown = time.perf_counter()
        browser.follow(start, "upload-submit", LEASE)
        uploaded = time.perf_counter()
        taken["first page"].append(1000 * (first - started))
        taken["waiting page, QR"].append(1000 * (shown - first))
        taken["upload, read"].append(1000 * (uploaded - shown))
    return taken


def measured(
    stack: Stack, page: str, browser: Browser, waiting: list[Waiting], seconds: float
) -> None:
    base_url = stack.layout.config.base_url
    seen: list[int] = []
    poller = Thread(
        target=lambda: seen.extend(wait_all(base_url, waiting, seconds + 3))
    )
    poller.start()
    time.sleep(2)
    before = sum(cpu_seconds(stack).values())
    taken = others(browser, base_url, page, seconds)
    spent = sum(cpu_seconds(stack).values()) - before
    poller.join()
    codes = {code: seen.count(code) for code in sorted(set(seen))}
    asked = len(seen) / (seconds + 3)
    print(f"\n{len(waiting)} waiting: {asked:.0f} questions a second, answers {codes}")
    print(f"  CPU of the service {spent / seconds:.2f} of a core")
    for what, values in taken.items():
        p95 = quantiles(values, n=20, method="inclusive")[-1]
        print(
            f"  {what:<18} p50 {median(values):6.0f} ms   p95 {p95:6.0f} ms"
            f"   ({len(values)})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waiting")
    parser.add_argument("--browsers", type=int, default=500, metavar="N")
    parser.add_argument("--seconds", type=float, default=20, metavar="S")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, httpx.Client(timeout=60) as http:
        layout = deployment(Path(folder))
        with running(layout) as stack:
            browser = Browser(http)
            start = browser.open(layout.config.base_url)
            page = browser.follow(
                browser.follow(start, "upload-submit", LEASE), "approve"
            )
            url = page.url.removesuffix("/approve")
            waiting = clones(layout, arguments.browsers, url.rsplit("/", 1)[-1])
            for count in (0, arguments.browsers):
                measured(stack, url, browser, waiting[:count], arguments.seconds)


if __name__ == "__main__":
    main()

"""What one approved and signed document costs the service, and what it must cost.

    python -m benchmarks.transaction [--transactions N] [--json FILE]

    1. the whole service on loopback; a person signs N documents; the service's CPU
    2. the SAM in this process on the same state: CPU of each call and step
    3. the public-key operations of one transaction, counted, beside OpenSSL's time

The machine may be busy: OpenSSL is timed in turns with the rest, so trust the ratios
more than the milliseconds.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx

from app.local.layout import Layout
from app.local.processes import running, start_trust_services
from benchmarks.transaction_floor import OPERATIONS, Ledger, OpenSsl, tls_handshake
from benchmarks.transaction_report import Result, rendered
from benchmarks.transaction_sam import CALLS, Spans, Walk, instrumented
from benchmarks.transaction_service import (
    PHASES,
    Measured,
    Person,
    deployment,
    measure,
    started,
    warm_up,
)

BATCHES = 5


def main() -> None:
    arguments = _arguments()
    openssl = OpenSsl()
    with tempfile.TemporaryDirectory() as folder, httpx.Client(timeout=30) as http:
        layout = deployment(Path(folder))
        person, measured = _service(layout, http, openssl, arguments.transactions)
        spans, ledger = _sam(layout, person, openssl, arguments.transactions)
        handshake = _handshake(layout)
    result = _result(measured, spans, ledger, openssl) | {"tls_handshake_us": handshake}
    print(rendered(result))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transaction")
    parser.add_argument("--transactions", type=int, default=20, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if arguments.transactions < 1:
        parser.error("--transactions: at least 1")
    return arguments


def _service(
    layout: Layout, http: httpx.Client, openssl: OpenSsl, transactions: int
) -> tuple[Person, Measured]:
    measured = Measured()
    with running(layout) as stack:
        person = Person(layout, http)
        person.become_a_signer()
        warm_up(layout, person)
        for size in _batches(transactions):
            measure(stack, person, size, measured)
            openssl.measure()
    return person, measured


def _sam(
    layout: Layout, person: Person, openssl: OpenSsl, transactions: int
) -> tuple[Spans, Ledger]:
    spans, ledger = Spans(), Ledger()
    with started(layout, start_trust_services):
        walk = Walk(layout, person)
        walk.counted(ledger)
        with instrumented(spans):
            for size in _batches(transactions):
                for _ in range(size):
                    walk.timed(spans)
                openssl.measure()
        walk.close()
    return spans, ledger


def _handshake(layout: Layout) -> float:
    ca = layout.trust_services
    server = (ca / "est-server.pem", ca / "est-server.key")
    return median(tls_handshake(*server, ca / "root.pem") for _ in range(BATCHES))


def _batches(transactions: int) -> list[int]:
    count = min(BATCHES, transactions)
    return [len(range(start, transactions, count)) for start in range(count)]


def _result(
    measured: Measured, spans: Spans, ledger: Ledger, openssl: OpenSsl
) -> Result:
    service, sam = _service_result(measured), _sam_result(spans)
    floor = _floor_result(ledger, openssl)
    own = sum(us for party, us in floor["party_us"].items() if party.startswith("SAM"))
    sam_us = 1000 * sum(ms for step in sam["cpu_ms"].values() for ms in step.values())
    return {
        "transactions": measured.transactions,
        "service": service,
        "sam": sam,
        "floor": floor,
        "ratio": {
            "service": 1000 * service["total_ms"][1] / floor["total_us"],
            "sam": sam_us / own,
        },
    }


def _service_result(measured: Measured) -> dict[str, Any]:
    each = 1000 / measured.transactions
    return {
        "phases": PHASES,
        "cpu_ms": {
            process: {phase: seconds[phase] * each for phase in PHASES}
            for process, seconds in measured.cpu.items()
        },
        "total_ms": _spread([1000 * total for total in measured.totals]),
        "wall_ms": {
            "p50": 1000 * median(measured.walls),
            "p95": 1000 * _percentile_95(measured.walls),
        },
        "browser_and_wallet_cpu_ms": measured.load * each,
    }


def _sam_result(spans: Spans) -> dict[str, Any]:
    cpu: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for call, step in sorted({key for one in spans.rounds for key in one}):
        taken = [one.get((call, step), (0.0, 0.0))[0] for one in spans.rounds]
        cpu[step][call] = 1000 * median(taken)
    walls = {
        call: [sum(w for (c, _), (_, w) in one.items() if c == call) for one in rounds]
        for rounds in (spans.rounds,)
        for call in CALLS
    }
    ordered = sorted(cpu.items(), key=lambda item: -sum(item[1].values()))
    return {
        "calls": CALLS,
        "cpu_ms": dict(ordered),
        "wall_ms": {call: 1000 * median(taken) for call, taken in walls.items()},
        "database_transactions": {
            call: spans.commits[call] / len(spans.rounds) for call in CALLS
        },
    }


def _floor_result(ledger: Ledger, openssl: OpenSsl) -> dict[str, Any]:
    times = {name: _spread(openssl.times[name]) for name in OPERATIONS}
    party_us = {
        party: sum(number * times[name][1] for name, number in counts.items())
        for party, counts in ledger.counts.items()
    }
    return {
        "operation_us": times,
        "counts": {party: dict(counts) for party, counts in ledger.counts.items()},
        "party_us": party_us,
        "total_us": sum(party_us.values()),
    }


def _spread(values: list[float]) -> tuple[float, float, float]:
    return min(values), median(values), max(values)


def _percentile_95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if values[1:] else values[0]


if __name__ == "__main__":
    main()

"""What ``finish`` costs beside the raw device: one token, one run.

    python -m benchmarks.finish [--signatures N] [--postgresql] [--json FILE]

The device first, in this process: a one-time key made, used and destroyed; a wrapped
key opened, used and destroyed. Then ``finish`` of approved documents, with 1 to 8
clients at a time, on SQLite with one SAM process and, if asked for, on PostgreSQL with
one and two. A ratio is CPU of the SAM per signature ÷ CPU of the one-time key's life.
"""

import argparse
import hashlib
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from app.local.layout import Layout
from benchmarks.sam_alone import Alone, Finished, on_postgresql, served
from benchmarks.transaction_service import deployment
from hsm.algorithms import Algorithm, Scheme
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KEY_ID_BYTES, KeyId
from sam.config import SamConfig

CLIENTS = (1, 2, 4, 8)
DIGEST = hashlib.sha256(b"a document").digest()
WRAPPED = {
    "P-256": (Algorithm.P256, Scheme.ECDSA_SHA256),
    "RSA-3072": (Algorithm.RSA3072, Scheme.RSA_PSS_SHA256),
}
ONE_TIME = "one-time P-256"
ROUNDS = 60


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        device = _device(deployment(folder / "device"))
        print(_device_table(device))
        print(_head())
        rows: dict[str, Any] = {}
        for setting, processes in _settings(arguments):
            with _served(folder / f"{setting}-{processes}", setting, processes) as sam:
                for clients, done in _measured(sam, arguments.signatures):
                    print(_row(setting, processes, clients, done, device[ONE_TIME][0]))
                    rows[f"{setting} {processes} {clients}"] = [done.rate, done.cpu_us]
    if arguments.json is not None:
        found = {"device_us": device, "finish": rows}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finish")
    parser.add_argument("--signatures", type=int, default=24, metavar="N")
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _settings(arguments: argparse.Namespace) -> list[tuple[str, int]]:
    several = [("PostgreSQL", 1), ("PostgreSQL", 2)]
    return [("SQLite", 1), *(several if arguments.postgresql else [])]


@contextmanager
def _served(folder: Path, setting: str, processes: int) -> Iterator[Alone]:
    layout = deployment(folder)
    wallets = folder / "wallets"
    if setting == "SQLite":
        with served(layout, wallets) as sam:
            yield sam
        return
    with on_postgresql(layout, processes), served(layout, wallets) as sam:
        yield sam


def _measured(sam: Alone, signatures: int) -> Iterator[tuple[int, Finished]]:
    person = sam.signer()
    sam.finished(sam.ready(person, 4), clients=4)  # every process warm
    for clients in CLIENTS:
        yield clients, sam.finished(sam.ready(person, signatures), clients)


def _device(layout: Layout) -> dict[str, tuple[float, float]]:
    """Key's life → median µs of CPU and of wall. The SAM is not running yet."""
    device = Pkcs11Device.open(SamConfig(sam_directory=layout.sam).hsm)
    try:
        lives: dict[str, Callable[[], object]] = {ONE_TIME: partial(_one_time, device)}
        for name, (algorithm, scheme) in WRAPPED.items():
            wrapped = device.generate_wrapped_key(algorithm)
            lives[f"wrapped {name}"] = partial(
                device.sign_with_wrapped_key, wrapped, scheme, [DIGEST]
            )
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in lives}
        for _ in range(ROUNDS):
            for name, life in lives.items():
                times[name].append(_timed(life))
    finally:
        device.close()
    return {
        name: (median(cpu for cpu, _ in taken), median(wall for _, wall in taken))
        for name, taken in times.items()
    }


def _one_time(device: Pkcs11Device) -> None:
    key = KeyId(secrets.token_bytes(KEY_ID_BYTES))
    device.generate_one_time_key(key)
    device.sign_with_one_time_key(key, DIGEST)
    device.destroy_one_time_key(key)


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return 1e6 * (time.process_time() - cpu), 1e6 * (time.perf_counter() - wall)


def _device_table(device: dict[str, tuple[float, float]]) -> str:
    lines = [
        "A key's life on the device, one signature; median µs",
        f"{'':24}{'CPU':>9}",
    ]
    lines[-1] += f"{'wall':>9}"
    lines += [f"{n:24}{cpu:9.0f}{wall:9.0f}" for n, (cpu, wall) in device.items()]
    return "\n".join(lines) + "\n"


def _head() -> str:
    columns = ("SAM processes", "clients", "a second", "CPU ms", "÷ device")
    return "finish\n" + f"{'':12}" + "".join(f"{c:>15}" for c in columns)


def _row(
    setting: str, processes: int, clients: int, done: Finished, device: float
) -> str:
    cells = (
        f"{processes}",
        f"{clients}",
        f"{done.rate:.1f}",
        f"{done.cpu_us / 1000:.1f}",
        f"{done.cpu_us / device:.1f}",
    )
    return f"{setting:12}" + "".join(f"{cell:>15}" for cell in cells)


if __name__ == "__main__":
    main()

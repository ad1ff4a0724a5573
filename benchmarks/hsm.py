"""One-time keys on SoftHSM beside raw OpenSSL, in one run.

    python -m benchmarks.hsm [rounds]

Prints the median and the 90th percentile in µs. The two columns are measured in
turns, so that a busy machine slows both.
"""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from hsm.config import HsmConfig
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId, MacKey, ServiceKey
from hsm.token import set_up

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
ROUNDS = 2000
DIGEST = secrets.token_bytes(32)

Timings = dict[str, list[float]]


def timed(timings: Timings, name: str, call: Callable[[], object]) -> None:
    start = time.perf_counter()
    call()
    timings.setdefault(name, []).append((time.perf_counter() - start) * 1e6)


def one_round(device: Pkcs11Device, timings: Timings) -> None:
    raw = generate_private_key(SECP256R1())
    key = KeyId(secrets.token_bytes(16))
    timed(timings, "generate one-time key", lambda: device.generate_one_time_key(key))
    for name in ("sign, first", "sign, again"):
        timed(timings, name, lambda: device.sign_with_one_time_key(key, DIGEST))
    timed(timings, "destroy, proven gone", lambda: device.destroy_one_time_key(key))
    timed(
        timings,
        "service key sign",
        lambda: device.sign_with_service_key(ServiceKey.PASS_ISSUING, DIGEST),
    )
    timed(timings, "mac", lambda: device.mac(MacKey.HANDLE, DIGEST))
    timed(timings, "OpenSSL generate", lambda: generate_private_key(SECP256R1()))
    timed(timings, "OpenSSL sign", lambda: raw.sign(DIGEST, ECDSA(Prehashed(SHA256()))))


def report(timings: Timings) -> None:
    print(f"{'':24}{'median µs':>10}{'p90 µs':>10}")
    for name, times in timings.items():
        deciles = quantiles(times, n=10)
        print(f"{name:24}{deciles[4]:10.1f}{deciles[8]:10.1f}")
    total = sum(
        quantiles(timings[name], n=2)[0]
        for name in ("generate one-time key", "sign, first", "destroy, proven gone")
    )
    print(f"{'a one-time key, whole':24}{total:10.1f}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        config = HsmConfig(
            module=Path(os.environ.get("QES_PKCS11_MODULE", SOFTHSM)),
            token_label="benchmark",  # noqa: S106 - a label, not a password
            pin_file=Path(folder) / "sam" / "pin",
            softhsm_conf=Path(folder) / "softhsm2.conf",
        )
        set_up(config)
        device = Pkcs11Device.open(config)
        timings: Timings = {}
        for _ in range(rounds):
            one_round(device, timings)
        device.close()
    report(timings)


if __name__ == "__main__":
    main()

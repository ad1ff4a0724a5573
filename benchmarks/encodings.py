"""The signed attributes by hand, and by the library whose bytes they equal.

    python -m benchmarks.encodings

In turns, so that a busy machine slows both; that the bytes are the same is asserted
here too (``tests/sam/test_dtbs.py`` holds the table of certificates).
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from sam.dtbs import signed_attributes

SDR = bytes(range(32))
BATCHES, BATCH = 25, 20


def main() -> None:
    der = _certificate()
    assert _by_pyhanko(der) == signed_attributes(SDR, der).der
    ways: dict[str, Callable[[], object]] = {
        "by hand": lambda: signed_attributes(SDR, der),
        "pyHanko": lambda: _by_pyhanko(der),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(BATCHES):
        for name, way in ways.items():
            times[name].append(_cpu_us(way))
    for name, taken in times.items():
        print(f"{name:10}{median(taken):8.1f} µs")
    print(f"{'÷':10}{median(times['pyHanko']) / median(times['by hand']):8.1f}")


def _by_pyhanko(der: bytes) -> bytes:
    parsed = asn1_x509.Certificate.load(der)
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    signer = ExternalSigner(parsed, store, signature_value=72)
    asked = signer.signed_attrs(SDR, "sha256", use_pades=True)
    dumped: bytes = asyncio.run(asked).dump()
    return dumped


def _certificate() -> bytes:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST issuing CA")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def _cpu_us(call: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(BATCH):
        call()
    return 1e6 * (time.process_time() - start) / BATCH


if __name__ == "__main__":
    main()

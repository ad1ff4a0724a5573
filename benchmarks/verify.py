"""What verifying one answer costs beside the public-key operations it cannot avoid.

Run from the root: ``python -m benchmarks.verify [rounds]``. The answer holds a PID
(leaf and intermediate certificate) and a signing pass with transaction data. The
floor is one ECDH, two certificate and four ES256 signatures with ``cryptography``,
loading of the keys included since they come with the answer; it runs alternating
with the measured calls. CPU time, median of batches.
"""

import statistics
import sys
import time
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.openid4vp import scene, wallet

BATCH = 20


def floor() -> Callable[[], None]:
    """The same public-key operations and nothing else, on keys as fresh as ours."""
    own = wallet.key("response").private_numbers()
    holder, issuer = wallet.key("holder of PID"), wallet.key("TEST PID provider")
    message, algorithm = b"x" * 1024, ec.ECDSA(hashes.SHA256())
    by_holder = holder.sign(message, algorithm)
    by_issuer = issuer.sign(message, algorithm)
    point = holder.public_key().public_numbers()
    chain = [c.public_bytes(Encoding.DER) for c in (wallet.PID_LEAF, wallet.PID_CA)]

    def operations() -> None:
        own.private_key().exchange(ec.ECDH(), point.public_key())
        leaf, intermediate = map(x509.load_der_x509_certificate, chain)
        leaf.verify_directly_issued_by(intermediate)
        intermediate.verify_directly_issued_by(wallet.PID_ROOT)
        for certificate in (leaf, x509.load_der_x509_certificate(chain[0])):
            key = certificate.public_key()
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(by_issuer, message, algorithm)
        for _ in range(2):
            point.public_key().verify(by_holder, message, algorithm)

    return operations


def batch_time(call: Callable[[], object]) -> float:
    """CPU microseconds for one call, averaged over a batch."""
    start = time.process_time_ns()
    for _ in range(BATCH):
        call()
    return (time.process_time_ns() - start) / BATCH / 1000


def main() -> None:
    """Print both medians and their ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    body = wallet.answer(scene.SIGN).body()
    operations = floor()
    pairs = [
        (batch_time(operations), batch_time(lambda: scene.verify(body)))
        for _ in range(rounds)
    ]
    least = statistics.median(pair[0] for pair in pairs)
    measured = statistics.median(pair[1] for pair in pairs)
    print(f"answer {len(body)} bytes, PID and pass, {rounds} batches of {BATCH}")
    print(f"public-key floor {least:7.1f} us")
    print(f"verify_response  {measured:7.1f} us")
    print(f"ratio            {measured / least:7.2f}")


if __name__ == "__main__":
    main()

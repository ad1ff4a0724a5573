"""What verifying one answer costs beside the public-key operations it cannot avoid.

Run from the root: ``python -m benchmarks.verify [rounds]``. The answer holds a PID
(leaf and intermediate certificate) and a signing pass with transaction data. The
floor is one ECDH, two certificate and four ES256 signatures with ``cryptography``,
loading of the keys included since they come with the answer; it runs alternating
with the measured calls. CPU time, median of batches.

Then the same for each format alone, without form and decryption: one PID as SD-JWT VC
and one as mdoc, beside two certificate and two ES256 signatures. The path to the anchor
is remembered (``openid4vp.trust``), so there are two cases: *first* is the first answer
with this issuer's certificate, *later* every other one while the process lives. What
*later* costs stands beside the same four signatures, which an answer carries and a
verifier without memory has to check, and beside the two that are then checked indeed.
"""

import dataclasses
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp import sd_jwt_vc
from openid4vp.mdoc import verify as mdoc_verify
from tests.openid4vp import mdoc_builder, mdoc_deviations, scene, wallet

BATCH = 20
Under = Callable[[x509.Certificate], str]


def floor() -> Callable[[], None]:
    """The same public-key operations and nothing else, on keys as fresh as ours."""
    own = wallet.key("response").private_numbers()
    point = wallet.key("holder of PID").public_key().public_numbers()
    pid, signing_pass = floor_of_one(intermediate=True), floor_of_one()

    def operations() -> None:
        own.private_key().exchange(ec.ECDH(), point.public_key())
        pid()
        signing_pass()

    return operations


def floor_of_one(*, intermediate: bool = False) -> Callable[[], None]:
    """One credential: its issuer's and its holder's signature, and perhaps a chain."""
    holder, issuer = wallet.key("holder of PID"), wallet.key("TEST PID provider")
    message, algorithm = b"x" * 1024, ec.ECDSA(hashes.SHA256())
    by_holder = holder.sign(message, algorithm)
    by_issuer = issuer.sign(message, algorithm)
    point = holder.public_key().public_numbers()
    chain = [c.public_bytes(Encoding.DER) for c in (wallet.PID_LEAF, wallet.PID_CA)]

    def operations() -> None:
        leaf = x509.load_der_x509_certificate(chain[0])
        if intermediate:
            authority = x509.load_der_x509_certificate(chain[1])
            leaf.verify_directly_issued_by(authority)
            authority.verify_directly_issued_by(wallet.PID_ROOT)
        key = leaf.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(by_issuer, message, algorithm)
        point.public_key().verify(by_holder, message, algorithm)

    return operations


def batch_time(call: Callable[[], object]) -> float:
    """CPU microseconds for one call, averaged over a batch."""
    start = time.process_time_ns()
    for _ in range(BATCH):
        call()
    return (time.process_time_ns() - start) / BATCH / 1000


def compare(
    what: str, measured: Callable[[], object], least: Callable[[], None], rounds: int
) -> None:
    """Print both medians and their ratio."""
    pairs = [(batch_time(least), batch_time(measured)) for _ in range(rounds)]
    floor_time, time_taken = map(statistics.median, zip(*pairs, strict=True))
    ratio = time_taken / floor_time
    print(f"{what:34} {floor_time:7.1f} us {time_taken:7.1f} us {ratio:7.2f}")


def issuer_certificates(number: int) -> Iterator[x509.Certificate]:
    """Certificates of one issuer and one key, no two alike."""
    for earlier in range(number):
        start = wallet.NOW - wallet.DAY - earlier * wallet.SECOND
        yield wallet.leaf("TEST PID provider", issuer="TEST PID CA", start=start)


def sd_jwt_under(leaf: x509.Certificate) -> str:
    """A PID with its holder proof, under this certificate of the issuer."""
    presentation = wallet.pid(scene.SIGN)
    presentation.header["x5c"] = wallet.x5c(leaf, wallet.PID_CA)
    return presentation.text()


def mdoc_under(leaf: x509.Certificate) -> str:
    """The same person's PID as mdoc."""
    presentation = mdoc_builder.pid(scene.SIGN)
    presentation.chain = mdoc_builder.der(leaf, wallet.PID_CA)
    return presentation.text()


def compare_format(
    what: str, under: Under, verify: Callable[[str], object], rounds: int
) -> None:
    """Print the three comparisons of one format."""
    new = iter([*map(under, issuer_certificates(rounds * BATCH))])
    again = under(wallet.PID_LEAF)
    four, two = floor_of_one(intermediate=True), floor_of_one()
    compare(f"{what}, first", lambda: verify(next(new)), four, rounds)
    compare(f"{what}, later", lambda: verify(again), four, rounds)
    compare(f"{what}, later, 2 signatures", lambda: verify(again), two, rounds)


def main() -> None:
    """Compare a whole answer, then one presentation of each format."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    body = wallet.answer(scene.SIGN).body()
    by_mdoc = mdoc_deviations.EXPECTED
    by_sd_jwt = dataclasses.replace(
        by_mdoc,
        query=scene.PID_QUERY,
        trust=scene.TRUST["pid"],
        policy=scene.POLICY,
    )
    print(f"{rounds} batches of {BATCH}{'floor':>31}{'verify':>11}{'ratio':>8}")
    compare("answer, later", lambda: scene.verify(body), floor(), rounds)
    compare_format(
        "SD-JWT VC",
        sd_jwt_under,
        lambda text: sd_jwt_vc.verify(text, by_sd_jwt),
        rounds,
    )
    compare_format("mdoc", mdoc_under, lambda text: mdoc_verify(text, by_mdoc), rounds)


if __name__ == "__main__":
    main()

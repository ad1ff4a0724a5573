"""The public-key operations of a transaction: counted, then timed with OpenSSL alone.

Counting is by the interpreter's profile hook: it names each native method that Python
calls, so an operation of ``cryptography`` cannot hide in a library. The device's, and
the certificate paths that ``cryptography`` walks by itself, are counted at their doors.
What OpenSSL does inside TLS is not seen here.
"""

import ssl
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hsm.pkcs11_device import Pkcs11Device
from openid4vp.trust import AnchorStore

OPERATIONS = ("generate", "sign", "verify", "agree")
BATCH = 40
HANDSHAKES = 5
NATIVE = {
    "generate_private_key": "generate",
    "sign": "sign",
    "create_x509_certificate": "sign",
    "create_x509_crl": "sign",
    "verify": "verify",
    "verify_directly_issued_by": "verify",
    "exchange": "agree",
}
LIBRARY = {"cryptography", "_rust", "ec"}  # as its native modules name themselves
PATH = "ClientVerifier"  # counted by its chain
KEYS = {"ECPrivateKey", "ECPublicKey", "Certificate", "NoneType"}
DEVICE = {
    "generate_one_time_key": "generate",
    "sign_with_one_time_key": "sign",
    "sign_with_service_key": "sign",
}


class Ledger:
    """Operations by party; ``party`` names who is at work until the block ends."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._parties: list[str] = []

    @contextmanager
    def party(self, name: str) -> Iterator[None]:
        self._parties.append(name)
        sys.setprofile(self._seen)
        try:
            yield
        finally:
            self._parties.pop()
            sys.setprofile(self._seen if self._parties else None)

    def _count(self, operation: str) -> None:
        if self._parties:
            self.counts[self._parties[-1]][operation] += 1

    def _seen(self, _frame: object, event: str, function: Any) -> None:
        if event != "c_call" or function.__name__ not in NATIVE:
            return
        owner = function.__self__
        library = type(owner).__module__ if owner is not None else function.__module__
        if str(library).partition(".")[0] in LIBRARY:
            kind = type(owner).__name__
            assert kind in KEYS | {PATH}, f"an operation nobody thought of: {kind}"
            if kind != PATH:
                self._count(NATIVE[function.__name__])

    @contextmanager
    def at_closed_doors(self) -> Iterator[None]:
        """Count what the profile hook cannot see, while the block runs."""
        kept = {name: getattr(Pkcs11Device, name) for name in DEVICE}
        walk = AnchorStore._path
        for name, method in kept.items():
            setattr(Pkcs11Device, name, self._counted(method, DEVICE[name]))
        # One signature per certificate of the chain, which never holds the anchor; none
        # where the store remembers the path.
        AnchorStore._path = self._counted(walk, "verify", len)  # type: ignore[method-assign]
        try:
            yield
        finally:
            AnchorStore._path = walk  # type: ignore[method-assign]
            for name, method in kept.items():
                setattr(Pkcs11Device, name, method)

    def _counted(
        self,
        method: Callable[..., Any],
        operation: str,
        how_many: Callable[[Any], int] = lambda _argument: 1,
    ) -> Callable[..., Any]:
        def counted(owner: Any, *arguments: Any) -> Any:
            for _ in range(how_many(arguments[0])):
                self._count(operation)
            return method(owner, *arguments)

        return counted


class OpenSsl:
    """Each operation on P-256 with SHA-256 over 256 bytes; CPU µs, one per batch."""

    def __init__(self) -> None:
        key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        public, message = key.public_key(), b"m" * 256
        algorithm, curve = ec.ECDSA(hashes.SHA256()), ec.SECP256R1()
        signature = key.sign(message, algorithm)
        self._calls: dict[str, Callable[[], object]] = {
            "generate": lambda: ec.generate_private_key(curve),
            "sign": lambda: key.sign(message, algorithm),
            "verify": lambda: public.verify(signature, message, algorithm),
            "agree": lambda: other.exchange(ec.ECDH(), public),
        }
        self.times: dict[str, list[float]] = {name: [] for name in OPERATIONS}

    def measure(self) -> None:
        """Once more: in turns with the service, so that one machine slows both."""
        for name, call in self._calls.items():
            self.times[name].append(_cpu_microseconds(call, BATCH))


def tls_handshake(certificate: Path, key: Path, anchor: Path) -> float:
    """CPU µs of both ends of one full handshake with the CA's own certificate."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(anchor))
    return _cpu_microseconds(lambda: _shake_hands(client, server), HANDSHAKES)


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue


def _cpu_microseconds(call: Callable[[], object], times: int) -> float:
    start = time.process_time_ns()
    for _ in range(times):
        call()
    return (time.process_time_ns() - start) / times / 1000

"""The record of what was certified: one certificate per public key, for ever.

    issued/keys/<SHA-256 of the SubjectPublicKeyInfo>.json   certificate and request
    issued/serials/<serial number in hex>.json               the same, renewed ones too
    issued/transactions/<SHA-256 of requester and id>.json   which request it is for

All are created exclusively, made durable before the certificate leaves, and written
inside ``exclusive``, so two threads or two processes never certify one key twice. The
transaction is written first: a crash after it leaves a claim without a certificate, and
only the very same request can complete it. The key is written last: what a repeated
request gets is known by its serial number as well.

A ledger that cannot be read or written raises ``LedgerUnavailableError``: no record,
no certificate.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509

from app.trust_services import files
from app.trust_services.errors import LedgerUnavailableError, TransactionConflictError


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Who asks (SHA-256 of the requester's key, hex) and their id-cmc-transactionId."""

    requester: str
    identifier: int

    @property
    def name(self) -> str:
        text = f"{self.requester}:{self.identifier}"
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One certificate, the profile it has, and the request that led to it."""

    profile: str
    transaction: str
    request_digest: str
    certificate: x509.Certificate
    requester: str = ""
    """``Transaction.requester``; empty: an administrator, or of before it was kept."""

    @classmethod
    def decode(cls, content: bytes) -> Self:
        members = json.loads(content)
        pem = members["certificate"].encode()
        return cls(
            profile=members["profile"],
            transaction=members["transaction"],
            request_digest=members["request_digest"],
            certificate=x509.load_pem_x509_certificate(pem),
            requester=members.get("requester", ""),
        )

    def encode(self) -> bytes:
        members = {
            "profile": self.profile,
            "transaction": self.transaction,
            "request_digest": self.request_digest,
            "certificate": files.certificates_pem(self.certificate).decode(),
            "requester": self.requester,
        }
        return json.dumps(members, indent=1).encode()


class Ledger:
    """The files below ``issued/``; usable by several threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        self._keys = folder / "keys"
        self._serials = folder / "serials"
        self._transactions = folder / "transactions"
        self._lock = folder / "lock"
        files.make_folder(self._keys)
        files.make_folder(self._serials)
        files.make_folder(self._transactions)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Decide and write with nobody else between; released when the process dies."""
        with _availability(), files.exclusive(self._lock):
            yield

    def find(self, key_digest: str) -> Entry | None:
        """Return the entry of a public key, or None if it was never certified."""
        path = self._keys / f"{key_digest}.json"
        with _availability():
            return Entry.decode(path.read_bytes()) if path.exists() else None

    def issued(self, serial: int) -> Entry | None:
        """Return the entry of a serial number below 2**160, or None."""
        path = self._serial_path(serial)
        with _availability():
            return Entry.decode(path.read_bytes()) if path.exists() else None

    def index_serials(self) -> None:
        """Make up for certificates of before serial numbers were kept."""
        with self.exclusive():
            for path in self._keys.glob("[!.]*"):
                self._index(Entry.decode(path.read_bytes()))

    def claim(self, transaction: Transaction, request_digest: str) -> None:
        """Tie transaction and request, or raise ``TransactionConflictError``."""
        path = self._transactions / f"{transaction.name}.json"
        content = json.dumps({"request_digest": request_digest}).encode()
        with _availability():
            try:
                files.write_new(path, content, mode=files.PRIVATE)
            except FileExistsError:
                if path.read_bytes() != content:
                    raise TransactionConflictError(
                        "this transactionId was used for another request"
                    ) from None

    def record(self, key_digest: str, entry: Entry) -> None:
        """Keep a first certificate. The key must have none."""
        path = self._keys / f"{key_digest}.json"
        with _availability():
            self._index(entry)
            files.write_new(path, entry.encode(), mode=files.PRIVATE)

    def renew(self, key_digest: str, entry: Entry) -> None:
        """Put a later certificate of the same service in the place of the first."""
        path = self._keys / f"{key_digest}.json"
        with _availability():
            self._index(entry)
            files.replace(path, entry.encode(), mode=files.PRIVATE)

    def _index(self, entry: Entry) -> None:
        path = self._serial_path(entry.certificate.serial_number)
        if not path.exists():
            files.write_new(path, entry.encode(), mode=files.PRIVATE)

    def _serial_path(self, serial: int) -> Path:
        return self._serials / f"{serial:040x}.json"


@contextlib.contextmanager
def _availability() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerUnavailableError(f"{type(error).__name__} in the ledger") from error

"""Revocations on disk: one file per certificate, never changed and never removed.

``revoked/<ca>/<serial in hex>.json`` holds the time and the reason (RFC 5280 §5.3.1),
from an administrator or from the registration authority that asked for the certificate.
CRLs and OCSP answers are made from these files by every process, so a revocation shows
at once; the EST door asks them about registration authorities.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from app.trust_services import files
from app.trust_services.errors import LedgerUnavailableError

REASONS = tuple(
    reason.value
    for reason in x509.ReasonFlags
    if reason not in (x509.ReasonFlags.remove_from_crl, x509.ReasonFlags.unspecified)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    serial: int
    revoked_at: datetime
    reason: x509.ReasonFlags


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationOrder:
    """What a registration authority asks (RFC 5272 §6.11); ``issuer`` is a DER Name."""

    requester: str
    issuer: bytes
    serial: int
    reason: x509.ReasonFlags


class Revocations:
    """The revocations of one CA. A file that cannot be read stops the CRL."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files.make_folder(folder)

    def add(self, serial: int, reason: x509.ReasonFlags, now: datetime) -> None:
        """Revoke for good; ``FileExistsError`` if it is revoked already."""
        members = {"revoked_at": now.isoformat(), "reason": reason.value}
        content = json.dumps(members).encode()
        files.write_new(self._path(serial), content, mode=files.PRIVATE)

    def serials(self) -> frozenset[int]:
        """The serial numbers revoked now: a cheap look at the folder."""
        try:
            return frozenset(int(one.stem, 16) for one in self._folder.glob("[!.]*"))
        except (OSError, ValueError) as error:
            raise LedgerUnavailableError("the revocations cannot be listed") from error

    def find(self, serial: int) -> Revocation | None:
        """Return the revocation of a serial number below 2**160, or None."""
        return self._read(serial) if self._path(serial).exists() else None

    def entries(self) -> tuple[Revocation, ...]:
        return tuple(self._read(serial) for serial in sorted(self.serials()))

    def _path(self, serial: int) -> Path:
        return self._folder / f"{serial:040x}.json"

    def _read(self, serial: int) -> Revocation:
        try:
            members = json.loads(self._path(serial).read_bytes())
            return Revocation(
                serial=serial,
                revoked_at=datetime.fromisoformat(members["revoked_at"]).astimezone(
                    UTC
                ),
                reason=x509.ReasonFlags(members["reason"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LedgerUnavailableError(f"revocation {serial:x}") from error

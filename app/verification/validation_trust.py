"""What our own validation of a finished document rests on: anchors and fresh CRLs.

This decides only whether we hand a result over; nothing here trusts a wallet or a PID.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

CRL_KEPT: Final = timedelta(minutes=5)
MAX_CRL_BYTES: Final = 10_000_000


class ValidationTrustError(Exception):
    """No anchor can be read; the operator has to set one."""

    code: ClassVar[str] = "validation_trust"


class ValidationTrust:
    def __init__(
        self,
        anchors: Path,
        crl_urls: tuple[str, ...],
        http: httpx.Client,
        clock: Callable[[], datetime],
    ) -> None:
        self._path = anchors
        self._crl_urls = crl_urls
        self._http = http
        self._clock = clock
        self._crls: dict[str, tuple[datetime, bytes]] = {}

    def anchors(self) -> tuple[bytes, ...]:
        """DER, read anew each time: a changed anchor needs no restart."""
        files = (
            sorted(self._path.glob("*.pem")) if self._path.is_dir() else [self._path]
        )
        try:
            texts = [file.read_bytes() for file in files]
            certificates = [x509.load_pem_x509_certificates(text) for text in texts]
        except (OSError, ValueError) as error:
            raise ValidationTrustError(str(self._path)) from error
        if not certificates:
            raise ValidationTrustError(f"{self._path} is empty")
        return tuple(
            c.public_bytes(Encoding.DER) for some in certificates for c in some
        )

    def crls(self) -> tuple[bytes, ...]:
        """DER; one that cannot be fetched is left out, and validation decides."""
        return tuple(crl for url in self._crl_urls if (crl := self._crl(url)))

    def _crl(self, url: str) -> bytes | None:
        now = self._clock()
        kept = self._crls.get(url)
        if kept is not None and now - kept[0] < CRL_KEPT:
            return kept[1]
        try:
            fetched = self._fetched(url)
        except (httpx.HTTPError, ValidationTrustError):
            return kept[1] if kept else None
        self._crls[url] = (now, fetched)
        return fetched

    def _fetched(self, url: str) -> bytes:
        content = b""
        with self._http.stream("GET", url) as answer:
            answer.raise_for_status()
            for part in answer.iter_bytes():
                content += part
                if len(content) > MAX_CRL_BYTES:
                    raise ValidationTrustError(f"{url}: larger than a CRL may be")
        return content

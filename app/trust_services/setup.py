"""Make the demo PKI in a folder, once; a second run changes nothing.

    TEST Root CA ─▶ TEST Issuing CA ─▶ TSA, EST server; later signers and services
    TEST Access CA (self-signed)    ─▶ later the request-signing certificate

Order: settings, then per authority first its key, then its certificate, each written
whole. A run that was interrupted is completed by the next one. Only a certificate of
our own servers that ends within 30 days is replaced; a CA never is.

A real CA keeps its root offline. Here every key lies in the folder, so that ``make
demo`` needs nothing else, and every name says TEST.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.trust_services import files
from app.trust_services.certificates import (
    Issuer,
    end_entity_certificate,
    intermediate_certificate,
    root_certificate,
)
from app.trust_services.errors import SetupError
from app.trust_services.ledger import Ledger
from app.trust_services.profiles import TIME_STAMPING, TLS_SERVER, Profile

EST_URL: Final = "https://localhost:8002"
PUBLIC_URL: Final = "http://localhost:8003"
RENEWAL_WINDOW: Final = timedelta(days=30)
ORGANISATION: Final = "TEST Demo Trust Services"
ROOT: Final = "root"
ISSUING_CA: Final = "issuing-ca"
ACCESS_CA: Final = "access-ca"
TSA: Final = "tsa"
OCSP: Final = "ocsp"
EST_SERVER: Final = "est-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One line of the report: a file, and whether this run wrote it."""

    path: Path
    new: bool


def set_up(
    folder: Path, *, est_url: str | None, public_url: str | None, now: datetime
) -> tuple[Made, ...]:
    """Complete the folder. URLs left out mean: as before, or the defaults.

    Raises ``SetupError`` if the folder was made for other URLs or is unusable.
    """
    files.make_folder(folder)
    folder.chmod(files.FOLDER)
    with files.exclusive(folder / "lock"):
        made = tuple(_completed(folder, est_url, public_url, now))
    Ledger(folder / "issued").index_serials()
    return made


def _completed(
    folder: Path, est_url: str | None, public_url: str | None, now: datetime
) -> Iterator[Made]:
    settings, made = _settings(folder, est_url, public_url)
    yield made
    workshop = _Workshop(folder, settings.public_url, now)
    root_key, made = workshop.key(ROOT)
    yield made
    yield workshop.ca(
        ROOT, lambda name: root_certificate(name, root_key, path_length=1, now=now)
    )
    root = workshop.issuer(ROOT)
    issuing_key, made = workshop.key(ISSUING_CA)
    yield made
    yield workshop.ca(
        ISSUING_CA,
        lambda name: intermediate_certificate(
            name, issuing_key.public_key(), root, now=now
        ),
    )
    access_key, made = workshop.key(ACCESS_CA)
    yield made
    yield workshop.ca(
        ACCESS_CA,
        lambda name: root_certificate(name, access_key, path_length=0, now=now),
    )
    yield from workshop.server(TSA, TIME_STAMPING, host=None)
    host = urlsplit(settings.est_url).hostname
    yield from workshop.server(EST_SERVER, TLS_SERVER, host=host)


def _settings(
    folder: Path, est_url: str | None, public_url: str | None
) -> tuple[files.Settings, Made]:
    path = folder / "settings.json"
    found = files.Settings.read(folder)
    if found is None:
        settings = files.Settings(
            est_url=_base_url(est_url or EST_URL, "https"),
            public_url=_base_url(public_url or PUBLIC_URL, "http"),
        )
        files.write_new(path, settings.encode(), mode=files.PUBLIC)
        return settings, Made(path=path, new=True)
    wanted = (est_url or found.est_url, public_url or found.public_url)
    if tuple(url.rstrip("/") for url in wanted) != (found.est_url, found.public_url):
        raise SetupError(f"{folder} was set up for {found.est_url} {found.public_url}")
    return found, Made(path=path, new=False)


def _base_url(url: str, scheme: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != scheme or not parts.hostname or parts.query or parts.fragment:
        raise SetupError(f"{url} is not a base URL with {scheme}")
    return url.rstrip("/")


NAMES: Final = {
    ROOT: "TEST Root CA",
    ISSUING_CA: "TEST Issuing CA",
    ACCESS_CA: "TEST Access CA",
    TSA: "TEST Time-Stamping Authority",
    EST_SERVER: "TEST EST Server",
    OCSP: "TEST OCSP Responder",
}


def distinguished_name(slug: str) -> x509.Name:
    """Issuers carry C, O and CN (EN 319 412-2 §4.2.3); EU is a reserved code."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "EU"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, NAMES[slug]),
        ]
    )


@dataclass(frozen=True, slots=True)
class _Workshop:
    """Finds or makes the files of one authority at a time."""

    folder: Path
    public_url: str
    now: datetime

    def key(self, slug: str) -> tuple[ec.EllipticCurvePrivateKey, Made]:
        path = self.folder / f"{slug}.key"
        if path.exists():
            return files.read_private_key(path), Made(path=path, new=False)
        key = ec.generate_private_key(ec.SECP256R1())
        files.write_new(path, files.private_key_pem(key), mode=files.PRIVATE)
        return key, Made(path=path, new=True)

    def ca(self, slug: str, make: Callable[[x509.Name], x509.Certificate]) -> Made:
        path = self.folder / f"{slug}.pem"
        if path.exists():
            return Made(path=path, new=False)
        certificate = make(distinguished_name(slug))
        files.write_new(path, files.certificates_pem(certificate), mode=files.PUBLIC)
        return Made(path=path, new=True)

    def issuer(self, slug: str) -> Issuer:
        return open_issuer(self.folder, slug, self.public_url)

    def server(
        self, slug: str, profile: Profile, *, host: str | None
    ) -> Iterator[Made]:
        """A certificate of our own under the issuing CA, with its chain in the file."""
        key, made = self.key(slug)
        yield made
        path = self.folder / f"{slug}.pem"
        if path.exists() and self._lasts(path):
            yield Made(path=path, new=False)
            return
        issuing = self.issuer(ISSUING_CA)
        certificate = end_entity_certificate(
            profile,
            distinguished_name(slug),
            key.public_key(),
            issuing,
            now=self.now,
            host=host,
        )
        chain = files.certificates_pem(certificate, issuing.certificate)
        files.replace(path, chain, mode=files.PUBLIC)
        yield Made(path=path, new=True)

    def _lasts(self, path: Path) -> bool:
        end = files.read_certificate(path).not_valid_after_utc
        return end - self.now > RENEWAL_WINDOW


def open_issuer(folder: Path, slug: str, public_url: str) -> Issuer:
    """Read a CA of the folder; raise ``SetupError`` if key and certificate differ."""
    certificate = files.read_certificate(folder / f"{slug}.pem")
    key = files.read_private_key(folder / f"{slug}.key")
    if certificate.public_key() != key.public_key():
        raise SetupError(f"{slug}.pem and {slug}.key do not belong together")
    return Issuer(slug=slug, certificate=certificate, key=key, public_url=public_url)

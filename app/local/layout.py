"""Where everything of a local deployment lies, and what each process is told of it.

One folder for one address: ``var/``, or ``var/tls-<host>/`` for https. A signing pass
and the certificates are for an address, so two addresses never share a folder. Each
process gets its settings by environment, in the names of the public contract; what the
operator has set already wins.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict

import app
from app.local.tls import LOOPBACK, TlsFiles

POLICY = Path(app.__file__).parent / "plans" / "policies" / "demo.json"
WALLET_PROFILES: Final = (
    "production",
    "eudi-reference-wallet",
    "credo",
    "walt-id",
    "oidf-conformance",
    "we-build-cs-03",
)
"""All that are shipped: a local deployment is where wallets are tried."""
HTTPS: Final = {
    "base_url": "https://localhost:8443",
    "phone_url": "https://localhost:8444",
}
STATUS_LIST: Final = "/status-lists/1"
LONGEST_SOCKET_PATH = 100  # bytes; sockaddr_un has room for 107, unix(7)


class AddressError(Exception):
    """An address is set that this way of running cannot serve."""

    code = "address_not_served"


class LocalConfig(BaseSettings):
    """What may be set about a local deployment from outside."""

    model_config = SettingsConfigDict(env_prefix="QES_", frozen=True, extra="ignore")

    base_url: str = "http://localhost:8000"
    est_url: str = "https://localhost:8002"
    public_url: str = "http://localhost:8003"
    phone_url: str = "http://localhost:8005"
    pid_provider_url: str = "http://localhost:8007"
    """Where the test PID provider publishes lists of revoked PIDs; empty: nowhere."""
    directory: Path = Path("var")
    pass_key_attestation: str = "off"  # noqa: S105 — policy
    """As the SAM's: unless it is off, the emulator gets a wallet provider."""

    @classmethod
    def load(cls, *, tls: bool) -> Self:
        """What is set; with ``tls`` other defaults, and a folder for the host.

        Raises:
            AddressError: the addresses that are set do not go with ``tls``.
        """
        config = cls()
        if tls:
            unset = {n: v for n, v in HTTPS.items() if n not in config.model_fields_set}
            config = config.model_copy(update=unset)
            folder = f"tls-{config.host.replace(':', '-')}"
            config = config.model_copy(update={"directory": config.directory / folder})
        for url in (config.base_url, config.phone_url):
            if (urlsplit(url).scheme == "https") is not tls:
                raise AddressError(
                    f"{url}: make run TLS=1 serves https, make run http on loopback"
                )
        for url in filter(None, (config.phone_url, config.pid_provider_url)):
            if urlsplit(url).hostname not in LOOPBACK:
                raise AddressError(f"{url}: the emulator is for loopback")
        return config

    @property
    def host(self) -> str:
        """Of ``base_url``."""
        return urlsplit(self.base_url).hostname or ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths and addresses; nothing is created by asking for one.

    ``phone``: whether the phone emulator runs too, and pages may link to it.
    """

    config: LocalConfig
    phone: bool = False

    @property
    def root(self) -> Path:
        return self.config.directory.absolute()

    @property
    def sam(self) -> Path:
        return self.root / "sam"

    @property
    def trust_services(self) -> Path:
        return self.root / "trust-services"

    @property
    def web(self) -> Path:
        return self.root / "web"

    @property
    def wallet(self) -> Path:
        return self.root / "wallet"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def demo(self) -> Path:
        return self.root / "demo"

    @property
    def tls(self) -> TlsFiles | None:
        """None without https."""
        if urlsplit(self.config.base_url).scheme != "https":
            return None
        return TlsFiles(self.root / "tls")

    @property
    def free_tier(self) -> dict[str, Path]:
        """Setting → the policy file it names: one for the SAM, one for the web tier."""
        return {
            "QES_SAM_FREE_TIER_POLICY": self.sam / "free-tier.json",
            "QES_FREE_TIER_POLICY": self.web / "free-tier.json",
        }

    @property
    def lists_url(self) -> str | None:
        """Where the test PID provider publishes which PIDs it revoked.

        None where others than this machine reach the service: its worker then fetches
        nothing by plain http, and demo PIDs go without a status.
        """
        on_loopback = self.config.host in LOOPBACK
        return (self.config.pid_provider_url or None) if on_loopback else None

    @property
    def crl_urls(self) -> tuple[str, ...]:
        crls = f"{self.config.public_url}/crl"
        return (f"{crls}/issuing-ca.crl", f"{crls}/root.crl")

    def environment(self) -> dict[str, str]:
        """For every process; ours are defaults, so the operator's settings win."""
        public = self.config.public_url
        ours = {
            "QES_BASE_URL": self.config.base_url,
            "QES_WEB_BIND": self.bind(self.config.base_url),
            "QES_DATABASE_URL": f"sqlite:///{self.web / 'app.db'}",
            "QES_SECRET_FILE": str(self.web / "secret"),
            "QES_DOCUMENTS_DIR": str(self.web / "documents"),
            "QES_VALIDATION_ANCHORS": str(self.web / "validation-anchor.pem"),
            "QES_CRL_URLS": json.dumps(self.crl_urls),
            "QES_TSA_URL": f"{public}/tsa",
            "QES_SAM_SOCKET": str((self.runtime or self.sam) / "sam.sock"),
            "QES_SAM_DIRECTORY": str(self.sam),
            "QES_SAM_PROFILES": json.dumps(WALLET_PROFILES),
            "QES_EST_URL": self.config.est_url,
            **{name: str(file) for name, file in self.free_tier.items()},
        }
        if self.phone:
            ours["QES_DEMO_WALLET_URL"] = self.config.phone_url
        if self.tls is not None:
            ours["QES_TLS_CERTIFICATE"] = str(self.tls.server)
            ours["QES_TLS_KEY"] = str(self.tls.server_key)
        inherited = os.environ  # noqa: TID251 — handed on to child processes, not read
        return ours | dict(inherited) | self._lists(inherited)

    def _lists(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The demo's list among those the operator names: both are to be fetched."""
        if self.lists_url is None:
            return {}
        lists = {
            "QES_STATUS_LIST_URIS": f"{self.lists_url}{STATUS_LIST}",
            "QES_EGRESS_PRIVATE_HOSTS": urlsplit(self.lists_url).netloc,
        }
        return {
            name: _with_one_more(inherited.get(name), ours)
            for name, ours in lists.items()
        }

    @property
    def socket(self) -> Path:
        """The SAM's: where the operator said, else by its state or in ``runtime``."""
        return Path(self.environment()["QES_SAM_SOCKET"])

    @property
    def runtime(self) -> Path | None:
        """A short folder for the socket, where ours is too deep for an AF_UNIX path."""
        if len(os.fsencode(self.sam / "sam.sock")) <= LONGEST_SOCKET_PATH:
            return None
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"qes-{os.getuid()}-{name}"

    def bind(self, url: str) -> str:
        """127.0.0.1 and the port of ``url``; the host itself if it is another."""
        host, port = address_of(url)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _with_one_more(given: str | None, ours: str) -> str:
    """A setting that is a JSON array; what is none is the process's to complain of."""
    try:
        listed = json.loads(given or "[]")
    except ValueError:
        return given or ""
    return json.dumps([*listed, ours]) if isinstance(listed, list) else given or ""


def address_of(url: str) -> tuple[str, int]:
    """Where ``url`` is listened to: this machine's loopback, or its named address."""
    host = urlsplit(url).hostname or ""
    return ("127.0.0.1" if host in LOOPBACK else host), port_of(url)


def port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or {"http": 80, "https": 443}[parts.scheme]


def program(name: str) -> str:
    """A console script of this installation, wherever it is."""
    return str(Path(sys.executable).parent / name)

"""Where everything of a local deployment lies, and what each process is told of it.

One folder, by default ``var/``. Each process gets its settings by environment, in the
names of the public contract; what the operator has set already wins.
"""

import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict

LONGEST_SOCKET_PATH = 100  # bytes; sockaddr_un has room for 107, unix(7)


class LocalConfig(BaseSettings):
    """What may be set about a local deployment from outside."""

    model_config = SettingsConfigDict(env_prefix="QES_", frozen=True, extra="ignore")

    base_url: str = "http://localhost:8000"
    est_url: str = "https://localhost:8002"
    public_url: str = "http://localhost:8003"
    directory: Path = Path("var")


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths and addresses; nothing is created by asking for one."""

    config: LocalConfig

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
            "QES_EST_URL": self.config.est_url,
        }
        inherited = os.environ  # noqa: TID251 — handed on to child processes, not read
        return ours | dict(inherited)

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
        """127.0.0.1 and the port of ``url``."""
        return f"127.0.0.1:{port_of(url)}"


def port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or {"http": 80, "https": 443}[parts.scheme]


def program(name: str) -> str:
    """A console script of this installation, wherever it is."""
    return str(Path(sys.executable).parent / name)

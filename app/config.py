"""What a file or the environment may say to the web tier (``QES_…``).

The environment wins over the TOML file that ``QES_CONFIG_FILE`` names. All problems
are reported at once. Nothing secret is held here: secrets are files, and this module
knows only where they lie. Trust in wallets, PID providers and dialects is the SAM's
business and has no setting here.
"""

import os
import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy import make_url


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(value: str) -> str:
    """https, or http on loopback; no path, query or trailing slash."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http(s) URL")
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an origin: no path, query or trailing slash")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("plain http is for localhost only: wallets refuse it")
    return value


_HOST = re.compile(
    r"(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[1-9][0-9]{0,4})?"
)


def _host(value: str) -> str:
    """``host`` or ``host:port``, in lower case; as it stands in addresses."""
    if not _HOST.fullmatch(value):
        raise ValueError("must be host or host:port, in lower case")
    return value


class WebConfig(BaseSettings):
    """Frozen. Paths are relative to the working directory; units are in the names."""

    model_config = SettingsConfigDict(env_prefix="QES_", frozen=True, extra="forbid")

    base_url: Annotated[str, AfterValidator(_origin)] = "http://localhost:8000"
    database_url: str = "sqlite:///var/web/app.db"
    sam_socket: Path = Path("var/sam/sam.sock")
    sam_urls: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """SAM nodes on other hosts, the preferred one first; instead of the socket."""
    sam_client_certificate: Path | None = None
    """How those nodes know us: a PEM chain, leaf first."""
    sam_client_key: Path | None = None
    sam_authority: Path | None = None
    """How we know them: the one authority of their certificates."""
    tsa_url: str = "http://localhost:8003/tsa"
    secret_file: Path = Path("var/web/secret")
    documents_dir: Path = Path("var/web/documents")

    validation_anchors: Path = Path("var/sam/ca-anchor.pem")
    """A PEM file or a folder of them: what our own validation of results trusts."""
    crl_urls: tuple[str, ...] = ("http://localhost:8003/crl/issuing-ca.crl",)

    egress_hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    """Where the worker may fetch status lists from: https, public addresses only."""
    egress_private_hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    """The same for hosts inside, at whatever address; loopback ones also by http if
    ``base_url`` is loopback too."""

    free_tier_policy: Path | None = None
    """The rule for free signatures, one JSON file; the SAM must hold the same."""
    wallet_attestation: Literal["off", "optional", "required"] = "off"
    """Whether a wallet has to show which product it is to get a token."""
    wallet_provider_anchors: Path | None = None
    """A PEM file or a folder of them: who vouches for wallets."""
    wallet_dpop_required: bool = False
    """Whether only tokens that are bound to a key are given (HAIP)."""
    wallet_profile: str | None = None
    """The kind of wallet that is asked where nobody chose one; the SAM's first if not
    set. It must be one of the SAM's profiles."""
    cross_device: bool = True
    """Whether a code shown on the phone may confirm the browser that started."""
    identification_alone: bool = False
    """Whether ``/identify`` shows anybody who they are, without a document."""
    dc_api: bool = False
    """Whether pages ask through browsers that can (Digital Credentials API); the SAM
    has the same setting."""
    demo_wallet_url: Annotated[str, AfterValidator(_origin)] | None = None
    """A web wallet of the same machine, linked beside the wallet link; tests only."""

    max_upload_bytes: int = Field(default=32_000_000, gt=0, le=60_000_000)
    """Of all documents of one approval together."""
    max_documents: int = Field(default=10, gt=0, le=20)
    request_hours: int = Field(default=24, gt=0)
    retention_hours: int = Field(default=24, gt=0)
    browser_session_hours: int = Field(default=72, gt=0)

    web_bind: str = "127.0.0.1:8000"
    web_workers: int = Field(default=2, gt=0, le=64)
    web_threads: int = Field(default=8, gt=0, le=64)
    tls_certificate: Path | None = None
    """PEM chain, leaf first. With it and ``tls_key`` the web server speaks TLS itself;
    without both, something in front of it does."""
    tls_key: Path | None = None
    worker_interval_seconds: float = Field(default=2.0, gt=0)
    fault_file: Path | None = None
    """Tests only: a file that may say where a process ends itself (``app.faults``)."""

    @model_validator(mode="after")
    def _faults_are_for_tests(self) -> Self:
        if self.fault_file is not None and not self.on_loopback:
            raise ValueError("fault_file: for tests on loopback only")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together")
        if self.tls_certificate is not None and not self.secure:
            raise ValueError("a server that speaks TLS needs an https base_url")
        return self

    @model_validator(mode="after")
    def _attestation_has_anchors(self) -> Self:
        if self.wallet_attestation != "off" and self.wallet_provider_anchors is None:
            raise ValueError("wallet_attestation needs wallet_provider_anchors")
        return self

    @model_validator(mode="after")
    def _sam_nodes_are_reached_by_tls(self) -> Self:
        if not self.sam_urls:
            return self
        if any(urlsplit(url).scheme != "https" for url in self.sam_urls):
            raise ValueError("sam_urls: https only, also on loopback")
        files = self.sam_client_certificate, self.sam_client_key, self.sam_authority
        if None in files:
            raise ValueError(
                "sam_urls needs sam_client_certificate, sam_client_key, sam_authority"
            )
        return self

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by TLS, so that cookies may demand it."""
        return self.base_url.startswith("https://")

    @property
    def on_loopback(self) -> bool:
        """Whether this is a deployment that nobody outside of the machine reaches."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def request_lifetime(self) -> timedelta:
        return timedelta(hours=self.request_hours)

    @property
    def retention(self) -> timedelta:
        return timedelta(hours=self.retention_hours)

    @property
    def browser_session_lifetime(self) -> timedelta:
        return timedelta(hours=self.browser_session_hours)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("QES_CONFIG_FILE")  # noqa: TID251 — the one place
        toml = TomlConfigSettingsSource(settings_cls, Path(file) if file else None)
        return init_settings, env_settings, toml

    @classmethod
    def load(cls) -> Self:
        """From file and environment; raises pydantic's ``ValidationError``."""
        return cls()

    def shown(self) -> dict[str, str]:
        """Variable → value, for ``qes config``; a database password is masked."""
        values = self.model_dump(mode="json")
        values["database_url"] = make_url(self.database_url).render_as_string()
        return {f"QES_{name.upper()}": str(value) for name, value in values.items()}

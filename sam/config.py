"""What an operator may set for the SAM; validated once, all problems named at once.

Values come from ``QES_…`` in the environment, or from the TOML file that
``QES_SAM_CONFIG_FILE`` names. Trust anchors, policy and dialect are the SAM's settings:
no caller can influence them. Nothing turns production mode on yet.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy import make_url

from hsm.config import HsmConfig
from sam.messages import AttackPotential, KeyAttestationPolicy
from sam.tls import Credentials
from sam.trust.categories import Category

REQUEST_LIFETIME = timedelta(minutes=5)
APPROVAL_LIFETIME = timedelta(minutes=10)
HANDLE_LIFETIME = timedelta(minutes=30)
PASS_LIFETIME = timedelta(days=30)
NONCE_LIFETIME = timedelta(minutes=5)
CLOCKS_APART = timedelta(hours=1)
"""Used nonces are remembered for longer by this: another node's clock may be late."""

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class SamConfig(BaseSettings):
    """The SAM's settings; ``sam_directory`` holds all that it owns."""

    model_config = SettingsConfigDict(
        env_prefix="QES_", frozen=True, extra="ignore", populate_by_name=True
    )

    base_url: str = "http://localhost:8000"
    sam_directory: Path = Path("var/sam")
    sam_database_url: str | None = None
    sam_socket: Path | None = None
    sam_processes: int = Field(default=1, gt=0, le=64)
    """How many sign at a time here; more than one needs PostgreSQL."""
    sam_lease_seconds: int = Field(default=30, gt=0, le=300)
    """How long a process that does not stir may be at a signature, before others end it
    as failed."""
    sam_tls_bind: str | None = None
    """Address and port for web tiers on other hosts; mutual TLS, never plain."""
    sam_tls_certificate: Path | None = None
    sam_tls_key: Path | None = None
    sam_tls_authority: Path | None = None
    """The one authority of the web tiers' certificates; not the machine's."""
    sam_tls_clients: tuple[str, ...] = ()
    """DNS names: whose certificates of that authority are let in."""
    pid_trust_anchors: Path | None = None
    wallet_provider_trust_anchors: Path | None = None
    sam_trust_sources: Path | None = None
    """TOML: the trust lists to go by, per category (``sam.trust.sources``)."""
    sam_free_tier_policy: Path | None = None
    sam_algorithm_policy: Path | None = None
    """JSON: ends algorithms sooner than the shipped policy (``sam.algorithms``)."""
    status_list_uris: tuple[str, ...] = ()
    """Lists to hold before the first credential names them; more come by themselves."""
    status_list_max_age_hours: int = Field(default=25, gt=0, le=24 * 31)
    """Counted from the list's own ``iat``, whatever its ``exp`` allows."""
    identification_query: Path | None = None
    """One DCQL credential query for a PID, as JSON: what identification alone asks."""
    identification_trust_anchors: Path | None = None
    """Whose PIDs identification alone accepts, in place of the PID providers': for the
    issuers of test suites, whose PIDs must never make a signer."""
    dc_api: bool = False
    """Whether identifications may be asked for through browsers."""
    pass_key_attestation: KeyAttestationPolicy = KeyAttestationPolicy.OFF
    """Whether a wallet provider has to vouch for the key of a signing pass."""
    pass_key_storage: AttackPotential | None = None
    """What the key's storage has to resist, at least, where it is vouched for."""
    pass_user_authentication: AttackPotential | None = None
    client_id_prefix: Literal["x509_hash", "x509_san_dns"] = "x509_hash"
    sam_profiles: tuple[str, ...] = ("production",)
    """Kinds of wallets: names of shipped profiles, or JSON files. The first is used
    where nobody chooses."""
    registration_certificates: Path | None = None
    """A folder with ``identify.jwt`` and ``sign.jwt``, if there are any."""
    est_url: str = "https://localhost:8002"
    ocsp_url: str | None = None
    """Where the CA says whether certificates are revoked; unset: at ``est_url``."""
    pkcs11_module: Path = Path("/usr/lib/softhsm/libsofthsm2.so")
    pkcs11_token: str = "qes"  # noqa: S105 — a token's label
    pkcs11_pin_file: Path | None = None
    softhsm2_conf: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("QES_SOFTHSM2_CONF", "SOFTHSM2_CONF"),
    )
    fault_kill_at: str | None = None
    """Tests only: where this process ends itself (``sam.faults``)."""
    fault_file: Path | None = None
    """Tests only: a file that may name such a place while the process runs."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        named = os.environ.get("QES_SAM_CONFIG_FILE")  # noqa: TID251 — its one place
        file = TomlConfigSettingsSource(settings_cls, toml_file=named)
        return init_settings, env_settings, file

    @field_validator("base_url", "est_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _plain_http_on_loopback_only(self) -> "SamConfig":
        for name in ("base_url", "est_url"):
            parts = urlsplit(getattr(self, name))
            if parts.scheme != "https" and parts.hostname not in LOOPBACK:
                raise ValueError(f"{name}: plain http is for loopback only")
        return self

    @field_validator("ocsp_url")
    @classmethod
    def _a_web_address(cls, value: str | None) -> str | None:
        """Plain http too: an answer is signed and holds our nonce (``sam.ocsp``)."""
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("ocsp_url: an http or https address")
        return value

    @property
    def ocsp_responder(self) -> str:
        return self.ocsp_url or f"{self.est_url}/ocsp"

    @model_validator(mode="after")
    def _faults_are_for_tests(self) -> "SamConfig":
        if self.fault_kill_at is None and self.fault_file is None:
            return self
        if not self.test_mode or urlsplit(self.base_url).hostname not in LOOPBACK:
            raise ValueError("fault_kill_at, fault_file: for tests on loopback only")
        return self

    @model_validator(mode="after")
    def _several_processes_need_postgresql(self) -> "SamConfig":
        if self.sam_processes > 1 and self.embedded_database:
            raise ValueError("sam_processes: SQLite is for one process, 1")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> "SamConfig":
        if self.sam_tls_bind is not None:
            if self.tls is None or not self.sam_tls_clients:
                raise ValueError(
                    "sam_tls_bind needs sam_tls_certificate, sam_tls_key, "
                    "sam_tls_authority and sam_tls_clients"
                )
        elif self.sam_tls_certificate or self.sam_tls_clients:
            raise ValueError("sam_tls_…: no address to listen on (sam_tls_bind)")
        return self

    @property
    def tls(self) -> Credentials | None:
        """None: there is only the socket."""
        files = self.sam_tls_certificate, self.sam_tls_key, self.sam_tls_authority
        certificate, key, authority = files
        if certificate is None or key is None or authority is None:
            return None
        return Credentials(certificate, key, authority)

    @property
    def embedded_database(self) -> bool:
        """SQLite: one process per state directory (ADR 25)."""
        return make_url(self.database_url).get_backend_name() == "sqlite"

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.sam_lease_seconds)

    @property
    def database_url(self) -> str:
        default = f"sqlite:///{self.sam_directory / 'sam.db'}"
        return self.sam_database_url or default

    @property
    def socket(self) -> Path:
        return self.sam_socket or self.sam_directory / "sam.sock"

    @property
    def certificates(self) -> Path:
        """The SAM's own certificates, one PEM chain per service key."""
        return self.sam_directory / "certificates"

    @property
    def registration_folder(self) -> Path:
        return self.registration_certificates or self.sam_directory / "registration"

    @property
    def test_mode(self) -> bool:
        """Nothing turns production mode on yet."""
        return True

    @property
    def ca_anchor(self) -> Path:
        return self.sam_directory / "ca-anchor.pem"

    def anchor_folders(self, category: Category) -> tuple[Path, ...]:
        """The SAM's own folder of a category, and the operator's if one is set."""
        name, named = {
            Category.PID_PROVIDERS: ("pid", self.pid_trust_anchors),
            Category.WALLET_PROVIDERS: (
                "wallet-providers",
                self.wallet_provider_trust_anchors,
            ),
        }[category]
        own = self.sam_directory / "anchors" / name
        return (own,) if named is None else (own, named)

    @property
    def pid_anchor_folders(self) -> tuple[Path, ...]:
        return self.anchor_folders(Category.PID_PROVIDERS)

    @property
    def free_tier_policy(self) -> Path:
        """May be absent, unless the operator named it: then nobody has a quota."""
        return self.sam_free_tier_policy or self.sam_directory / "free-tier.json"

    @property
    def status_list_max_age(self) -> timedelta:
        return timedelta(hours=self.status_list_max_age_hours)

    @property
    def pass_type(self) -> str:
        """The ``vct`` of the signing pass; its type metadata is served there."""
        return f"{self.base_url}/oid4vci/types/signing-pass"

    @property
    def hsm(self) -> HsmConfig:
        return HsmConfig(
            module=self.pkcs11_module,
            token_label=self.pkcs11_token,
            pin_file=self.pkcs11_pin_file or self.sam_directory / "pin",
            softhsm_conf=self._softhsm_conf,
        )

    @property
    def _softhsm_conf(self) -> Path | None:
        """Only SoftHSM has such a file; other modules find their own way."""
        if "softhsm" not in self.pkcs11_module.name:
            return None
        return self.softhsm2_conf or self.sam_directory / "softhsm2.conf"

"""The operator's file of trust lists: per category, where from, and signed by whom.

``QES_SAM_TRUST_SOURCES`` names it (TOML)::

    [[pid_providers]]
    name = "eu-pid"                      # part of every signer's identity: keep it
    kind = "lote"                        # or "trusted_list"
    uri = "https://lists.example/pid-providers.json"
    signers = "eu-scheme-operator.pem"   # one or more certificates, beside this file
    countries = ["FI", "NO"]             # optional
    service_types = ["http://…"]         # required for a trusted_list

Nothing else says which list to trust: no list is believed about another one.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sam.messages import FileKind
from sam.trust.categories import Category

LOTE_TYPES: Final = MappingProxyType(
    {
        Category.PID_PROVIDERS: "http://uri.etsi.org/19602/LoTEType/EUPIDProvidersList",
        Category.WALLET_PROVIDERS: (
            "http://uri.etsi.org/19602/LoTEType/EUWalletProvidersList"
        ),
    }
)
ISSUANCE: Final = MappingProxyType(
    {
        Category.PID_PROVIDERS: "http://uri.etsi.org/19602/SvcType/PID/Issuance",
        Category.WALLET_PROVIDERS: (
            "http://uri.etsi.org/19602/SvcType/WalletSolution/Issuance"
        ),
    }
)
MAX_SIGNERS: Final = 20

_Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class SourcesFileError(Exception):
    """The file cannot be used; the message says where, and why."""

    code = "trust_sources_file"


class SourceSettings(BaseModel):
    """One list as the file names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    kind: FileKind
    uri: str = Field(max_length=2048, pattern=r"^https?://[!-~]+$")
    signers: Path
    service_types: tuple[str, ...] = ()
    countries: tuple[_Country, ...] = ()
    signing_certificates: bool = False
    """Also believe listed certificates that are no CA, each for itself alone."""

    @model_validator(mode="after")
    def _of_a_trust_list(self) -> Self:
        if self.kind not in {FileKind.LOTE, FileKind.TRUSTED_LIST}:
            raise ValueError("kind: lote or trusted_list")
        if self.kind is FileKind.TRUSTED_LIST and not self.service_types:
            raise ValueError(
                "service_types: a trusted_list lists services of all sorts"
            )
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    pid_providers: tuple[SourceSettings, ...] = ()
    wallet_providers: tuple[SourceSettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One list of one category. ``signers``: the scheme operator's, pinned.

    ``service_types``: what a listed service must be one of. ``countries`` empty: all.
    """

    name: str
    category: Category
    kind: FileKind
    uri: str
    signers: tuple[x509.Certificate, ...]
    service_types: frozenset[str]
    countries: frozenset[str] = frozenset()
    signing_certificates: bool = False

    def record(self) -> dict[str, object]:
        """For the audit log: what was gone by, and under whose certificates."""
        return {
            "name": self.name,
            "category": self.category,
            "uri": self.uri,
            "signers": [c.fingerprint(hashes.SHA256()).hex() for c in self.signers],
        }

    @property
    def list_type(self) -> str | None:
        """What a LoTE must call itself; of a trusted list its parser decides."""
        return LOTE_TYPES[self.category] if self.kind is FileKind.LOTE else None


def load(file: Path | None) -> tuple[Source, ...]:
    """Every source, in the file's order; none if the operator named no file."""
    if file is None:
        return ()
    try:
        settings = _File.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise SourcesFileError(f"{file}: {_short(error)}") from error
    named: Mapping[Category, tuple[SourceSettings, ...]] = {
        Category.PID_PROVIDERS: settings.pid_providers,
        Category.WALLET_PROVIDERS: settings.wallet_providers,
    }
    sources = tuple(
        _source(file, category, one) for category, some in named.items() for one in some
    )
    if len({source.name for source in sources}) != len(sources):
        raise SourcesFileError(f"{file}: two lists have one name")
    return sources


def _source(file: Path, category: Category, settings: SourceSettings) -> Source:
    return Source(
        name=settings.name,
        category=category,
        kind=settings.kind,
        uri=settings.uri,
        signers=_signers(file.parent / settings.signers),
        service_types=frozenset(settings.service_types or (ISSUANCE[category],)),
        countries=frozenset(settings.countries),
        signing_certificates=settings.signing_certificates,
    )


def _signers(file: Path) -> tuple[x509.Certificate, ...]:
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SourcesFileError(f"{file}: no readable PEM certificate") from error
    if len(found) > MAX_SIGNERS:
        raise SourcesFileError(f"{file}: more than {MAX_SIGNERS} certificates")
    return tuple(found)


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()
        )
    return str(error)

"""Where an emulator lives, as its commands are told: ``--directory``, ``--tls-ca``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from cryptography import x509

from wallet_emulator.certificates import load_certificates
from wallet_emulator.errors import NotSetUpError
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.wallet import Wallet

ACCESS_ROOT_FILE: Final = "access-root.pem"
PERSON: Final = click.Choice(sorted(PERSONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The emulator's directory: provider files, ``wallet/``, the access root."""

    directory: Path
    tls_ca: Path | None

    @property
    def wallet(self) -> Wallet:
        return Wallet(self.directory / "wallet")

    def access_roots(self, given: Path | None) -> tuple[x509.Certificate, ...]:
        return load_certificates(given or self.directory / ACCESS_ROOT_FILE)

    def provider(self) -> PidProvider | None:
        try:
            return PidProvider.open(self.directory)
        except NotSetUpError:
            return None


def now() -> datetime:
    return datetime.now(UTC)


def directory_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--directory`` also after the command's name, where people type it."""
    return click.option(
        "--directory",
        "own_directory",
        type=click.Path(path_type=Path, file_okay=False),
        help="As before the command.",
    )(command)


def home_of(context: click.Context, own_directory: Path | None) -> Home:
    home = context.find_object(Home)
    if home is None:
        raise NotSetUpError("the command was not started by wallet-emulator")
    return Home(directory=own_directory or home.directory, tls_ca=home.tls_ca)

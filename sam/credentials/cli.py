"""``sam credentials``: what an operator does with them on the SAM's own machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import click
from sqlalchemy.exc import SQLAlchemyError

from hsm.errors import HsmError
from hsm.pkcs11_device import Pkcs11Device
from sam.config import SamConfig
from sam.credentials import ledger, rewrapping
from sam.credentials.record import AlteredCredentialError
from sam.database import Database
from sam.module import no_fault


@dataclass(frozen=True, slots=True)
class _Desk:
    """Database and device beside a SAM that serves; no calls, no CA, no wallets."""

    database: Database
    device: Pkcs11Device

    @property
    def clock(self) -> Callable[[], datetime]:
        return lambda: datetime.now(UTC)

    @property
    def fault(self) -> Callable[[str], None]:
        return no_fault


@click.group("credentials")
def credentials_group() -> None:
    """Signing credentials that are kept."""


@credentials_group.command("verify")
@click.pass_obj
def verify(config: SamConfig) -> None:
    """Check the ledger of credentials from its first entry to its head."""
    with _desk(config) as desk:
        count = ledger.verify(desk)
    click.echo(f"{count} entries hold together")


@credentials_group.command("rewrap")
@click.option("--new-key", is_flag=True, help="Make a new wrapping key first.")
@click.pass_obj
def rewrap(config: SamConfig, new_key: bool) -> None:
    """Put every credential's key under the newest wrapping key; the SAM may serve on.

    Killed or broken off, it is simply run again, without --new-key. Older wrapping
    keys are destroyed once nothing can need them.
    """
    with _desk(config) as desk:
        done = rewrapping.rewrap(desk, desk.device, new_key=new_key)
    click.echo(f"{done.count} rewrapped, {len(done.destroyed)} wrapping keys destroyed")
    for sentence in done.left:
        click.echo(f"left: {sentence}")
    if done.kept:
        click.echo(f"{len(done.kept)} older wrapping keys may be needed: run it again")
        raise click.exceptions.Exit(1)


@contextmanager
def _desk(config: SamConfig) -> Iterator[_Desk]:
    database = Database(config.database_url)
    try:
        device = Pkcs11Device.open(config.hsm)
        try:
            yield _Desk(database, device)
        finally:
            device.close()
    except (HsmError, AlteredCredentialError) as error:
        raise click.ClickException(f"{error.code}: {error}") from error
    except SQLAlchemyError as error:
        raise click.ClickException(str(error).splitlines()[0]) from error
    finally:
        database.close()

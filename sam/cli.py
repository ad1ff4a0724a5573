"""``sam``: set up, serve and check the Signature Activation Module."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO

import click
from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hsm.errors import HsmError
from hsm.pkcs11_device import Pkcs11Device
from sam import audit, setup
from sam.config import SamConfig
from sam.credentials.cli import credentials_group
from sam.database import Database
from sam.start import StartError, missing, unusable_policy
from sam.trust import chain_doctor, chain_file
from sam.trust import status as trust_status
from sam.trust.categories import Category


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """The Signature Activation Module: verifies approvals, holds the keys, signs."""
    os.umask(0o077)  # whatever the SAM writes is its own
    try:
        context.obj = SamConfig()
    except ValidationError as error:
        raise click.ClickException(str(error)) from error


@main.command("setup")
@click.pass_obj
def set_up(config: SamConfig) -> None:
    """Make token, keys, certificate requests and database, if they are missing."""
    try:
        setup.set_up(config, click.echo)
    except HsmError as error:
        raise click.ClickException(f"{error.code}: {error}") from error
    click.echo(f"SAM is set up under {config.sam_directory}")


@main.command()
@click.pass_obj
def serve(config: SamConfig) -> None:
    """Answer calls on the Unix socket until told to stop."""
    from sam.serving import serve as serve_forever  # noqa: PLC0415 — gunicorn, here only

    lacking = [*missing(config), *unusable_policy(config)]
    if lacking:  # said once, before gunicorn would start worker after worker
        raise click.ClickException("\n".join(lacking))
    serve_forever(config)


@main.command("self-test")
@click.pass_obj
def self_test(config: SamConfig) -> None:
    """Ask the signing device known questions; say who answered."""
    try:
        device = Pkcs11Device.open(config.hsm)
        result = device.self_test()
        device.close()
    except HsmError as error:
        raise click.ClickException(f"{error.code}: {error}") from error
    click.echo(f"{result.manufacturer} {result.model} {result.library_version}")
    click.echo(f"token {result.token_label} ({result.token_serial})")
    for passed in result.passed:
        click.echo(f"  ok  {passed}")


@main.command("status")
@click.pass_obj
def show_status(config: SamConfig) -> None:
    """Say how trust stands: each list, and what ends when."""
    try:
        sentences = list(trust_status.sentences(config, datetime.now(UTC)))
    except StartError as error:
        raise click.ClickException(str(error)) from error
    except SQLAlchemyError as error:
        raise click.ClickException(_unready(error)) from error
    for sentence in sentences:
        click.echo(sentence)


@main.command("explain-chain")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--category",
    type=click.Choice([category.value for category in Category]),
    default=Category.PID_PROVIDERS.value,
    help="What the issuer is to be trusted for.",
)
@click.pass_obj
def explain_chain(config: SamConfig, file: BinaryIO, category: str) -> None:
    """Say why a certificate chain is accepted or refused, check by check.

    FILE: PEM certificates (leaf first), or an SD-JWT VC or request object with x5c.
    """
    now = datetime.now(UTC)
    try:
        chain = chain_file.read(file.read(chain_file.MAX_FILE_BYTES + 1))
        trust = trust_status.current_anchors(config, now)
    except (chain_file.ChainFileError, StartError) as error:
        raise click.ClickException(str(error)) from error
    except SQLAlchemyError as error:
        raise click.ClickException(_unready(error)) from error
    found = chain_doctor.explain(chain, trust, Category(category), now)
    click.echo(
        f"{'refused' if found.provider is None else 'accepted'}: {found.verdict}"
    )
    for fault in found.faults:
        click.echo(f"  {fault.code}: {fault.says}")
    for note in found.notes:
        click.echo(f"  note: {note}")
    sys.exit(0 if found.provider else 1)


@main.command("config")
@click.pass_obj
def show_config(config: SamConfig) -> None:
    """Print the settings in force."""
    click.echo(config.model_dump_json(indent=2))


main.add_command(credentials_group)


@main.group("audit")
def audit_group() -> None:
    """The audit log."""


@audit_group.command("verify")
@click.pass_obj
def verify_audit(config: SamConfig) -> None:
    """Check that no record was edited, removed or put elsewhere."""
    with _reading(config) as connection:
        try:
            count = audit.verify_chain(audit.records(connection))
        except audit.AuditBrokenError as error:
            click.echo(f"the audit log is broken: {error}", err=True)
            sys.exit(1)
        head = audit.head(connection)
    shown = audit.GENESIS.hex() if head is None else head.hash.hex()
    click.echo(f"{count} records hold together; head {shown}")


@audit_group.command("show")
@click.pass_obj
def show_audit(config: SamConfig) -> None:
    """Print the records, one JSON object a line."""
    with _reading(config) as connection:
        for entry in audit.records(connection):
            record: dict[str, Any] = json.loads(entry.record)
            click.echo(json.dumps(record, ensure_ascii=False))


@contextmanager
def _reading(config: SamConfig) -> Iterator[Connection]:
    database = Database(config.database_url)
    try:
        with database.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise click.ClickException(_unready(error)) from error
    finally:
        database.close()


def _unready(error: SQLAlchemyError) -> str:
    return f"{str(error).splitlines()[0]}; has `sam setup` been run?"

"""``qes``: the programs of the web tier."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import ClassVar

import click
from alembic.util.exc import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app.config import WebConfig
from app.database import check as check_database
from app.database import upgrade as upgrade_database
from app.plans.policy import UnusablePolicyError
from app.plans.policy import load as load_policy
from app.web_secret import SecretFileError, load_secret


class LazyGroup(click.Group):
    """Groups of other packages are imported when they are called."""

    LAZY: ClassVar = {
        "trust-services": ("app.trust_services.cli", "trust_services"),
        "setup": ("app.local.cli", "setup"),
        "run": ("app.local.cli", "run"),
        "demo": ("app.local.cli", "demo"),
        "evidence": ("app.verification.cli", "evidence"),
        "uplift": ("app.verification.uplift_cli", "uplift"),
        "verify": ("app.verification.cli", "verify_file"),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self.LAZY])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.LAZY:
            return super().get_command(ctx, cmd_name)
        module, attribute = self.LAZY[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup)
def main() -> None:
    """The signing service (TEST — no legal effect)."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # httpx logs addresses of calls; ours are few and known.
    logging.getLogger("httpx").setLevel(logging.WARNING)


@main.command()
def web() -> None:
    """Serve pages and wallet endpoints."""
    from app.serving import WebServer  # noqa: PLC0415 — gunicorn only where it serves

    config = _config()
    with _told_plainly():  # before gunicorn, which would start worker after worker
        load_secret(config.secret_file)
        check_database(config.database_url)
        if config.free_tier_policy is not None:
            load_policy(config.free_tier_policy)
    WebServer(config).run()


@main.command()
@click.option("--once", is_flag=True, help="One round, then exit.")
def worker(*, once: bool) -> None:
    """Expire, retry deliveries, purge, fetch status lists."""
    from app.serving import run_worker  # noqa: PLC0415
    from app.wiring import Parts, peers_of  # noqa: PLC0415

    config = _config()
    with _told_plainly():
        parts = Parts(config, peers_of(config))
        if once:
            parts.round_of_work()
    if not once:
        run_worker(parts.round_of_work, config.worker_interval_seconds)


@main.command("config")
def show_config() -> None:
    """Print the settings in force."""
    for name, value in _config().shown().items():
        click.echo(f"{name}={value}")


@main.command()
def doctor() -> None:
    """Say what holds on this machine and what does not; exit 1 if something fails."""
    from app.doctor import examine  # noqa: PLC0415
    from app.wiring import peers_of  # noqa: PLC0415

    config = _config()
    peers = peers_of(config)
    findings = list(examine(config, peers))
    peers.documents.close()
    marks = {True: "ok", False: "!!", None: "  "}
    for finding in findings:
        click.echo(f"{marks[finding.holds]}  {finding.subject}: {finding.says}")
    raise SystemExit(any(finding.holds is False for finding in findings))


@main.group()
def db() -> None:
    """The web tier's database."""


@db.command()
def upgrade() -> None:
    """Create or migrate the schema."""
    with _told_plainly():
        upgrade_database(_config().database_url)


@db.command("check")
def check_schema() -> None:
    """Fail unless models and migrations agree."""
    with _told_plainly():
        check_database(_config().database_url)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What an operator can mend is one line, not a traceback."""
    try:
        yield
    except (SecretFileError, UnusablePolicyError) as error:
        raise click.ClickException(str(error)) from error
    except (SQLAlchemyError, CommandError) as error:
        reason = str(error).splitlines()[0]
        raise click.ClickException(f"{reason}; run `qes db upgrade`") from error


def _config() -> WebConfig:
    try:
        return WebConfig.load()
    except ValidationError as error:
        problems = [
            f"QES_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()
        ]
        raise click.ClickException("\n".join(problems)) from error

"""``wallet-emulator scheme-operator``: who says which PID providers there are.

setup     its key, and the certificate that relying parties pin
publish   the next list: with the test PID provider, or without
serve     the list published last, until SIGTERM
"""

from pathlib import Path

import click
from flask import Flask, Response

from wallet_emulator.errors import NotSetUpError
from wallet_emulator.home import directory_option, home_of, now
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.scheme_operator import (
    LIST_FILE,
    MEDIA_TYPE,
    OPERATOR_FILE,
    SchemeOperator,
)
from wallet_emulator.serving import LoopbackServer
from wallet_emulator.transport import is_loopback


@click.group("scheme-operator")
def scheme_operator() -> None:
    """A test operator of a list of PID providers."""


@scheme_operator.command("setup")
@directory_option
@click.pass_context
def setup(context: click.Context, own_directory: Path | None) -> None:
    """Make the operator's key and certificate, once."""
    directory = home_of(context, own_directory).directory
    SchemeOperator.setup(directory, now())
    click.echo(f"operator ready; relying parties pin {directory / OPERATOR_FILE}")


@scheme_operator.command("publish")
@click.option("--withdrawn", is_flag=True, help="The test PID provider is not in it.")
@directory_option
@click.pass_context
def publish(
    context: click.Context, *, own_directory: Path | None, withdrawn: bool
) -> None:
    """Sign the next list of PID providers."""
    directory = home_of(context, own_directory).directory
    cas = () if withdrawn else (PidProvider.open(directory).ca,)
    number = SchemeOperator.open(directory).publish(cas, now())
    click.echo(f"list {number} is {directory / LIST_FILE}")


@scheme_operator.command("serve")
@click.option("--bind", default="127.0.0.1:8008", show_default=True)
@directory_option
@click.pass_context
def serve(context: click.Context, own_directory: Path | None, bind: str) -> None:
    """Hand out the list published last, at ``/pid-providers.jose``."""
    if not is_loopback(bind.rpartition(":")[0].strip("[]")):
        raise click.BadParameter("a test list is served on loopback only", None)
    file = home_of(context, own_directory).directory / LIST_FILE
    if not file.exists():
        raise NotSetUpError("`scheme-operator publish` never ran")
    LoopbackServer(lambda: create_app(file), bind=bind).run()


def create_app(file: Path) -> Flask:
    """Serve one file, whatever is in it by then."""
    app = Flask("scheme-operator", static_folder=None)

    @app.get(f"/{LIST_FILE}")
    def published() -> Response:
        return Response(file.read_bytes(), content_type=MEDIA_TYPE)

    return app

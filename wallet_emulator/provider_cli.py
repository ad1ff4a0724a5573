"""``wallet-emulator pid-provider``: the test PID provider at a terminal.

    setup     its keys and certificates, and where its lists are published
    issue     a person's PID to the wallet
    revoke    the PID that a wallet holds
    serve     the status list and the identifier list, until SIGTERM

A wallet of its own is played by the rest of ``wallet-emulator``.
"""

from pathlib import Path

import click
from flask import Flask

from wallet_emulator.errors import NotSetUpError
from wallet_emulator.home import PERSON, Home, directory_option, home_of, now
from wallet_emulator.list_server import SignedLists, create_app
from wallet_emulator.persons import PERSONS
from wallet_emulator.phone.holders import wallet_of
from wallet_emulator.pid_provider import CA_FILE, PidProvider
from wallet_emulator.serving import LoopbackServer
from wallet_emulator.transport import is_loopback
from wallet_emulator.wallet import receive_pid, revoke_pid


@click.group("pid-provider")
def pid_provider() -> None:
    """The test PID provider."""


@pid_provider.command("setup")
@click.option(
    "--lists-url", help="Origin at which its lists are served; empty: there are none."
)
@directory_option
@click.pass_context
def setup(
    context: click.Context, own_directory: Path | None, lists_url: str | None
) -> None:
    """Make the provider's CA and signer, once."""
    directory = home_of(context, own_directory).directory
    PidProvider.setup(directory, now(), lists_url=lists_url)
    click.echo(f"PID provider ready; relying parties trust {directory / CA_FILE}")


@pid_provider.command("issue")
@click.option("--person", type=PERSON, default="erika", show_default=True)
@click.option(
    "--identifier-list", is_flag=True, help="The mdoc's status, in place of the list's."
)
@directory_option
@click.pass_context
def issue(
    context: click.Context,
    *,
    own_directory: Path | None,
    person: str,
    identifier_list: bool,
) -> None:
    """Issue a person's PID to the wallet, in both encodings, for new keys."""
    home = home_of(context, own_directory)
    provider = PidProvider.open(home.directory)
    chosen = PERSONS[person]
    held = receive_pid(
        home.wallet, provider, chosen, now(), mdoc_by_name=identifier_list
    )
    click.echo(
        f"PID of {chosen.given_name} {chosen.family_name} is in the wallet, as SD-JWT "
        f"VC and as ISO mdoc, until {held.expires_at}"
    )


@pid_provider.command("revoke")
@click.option("--holder", type=PERSON, help="The wallet of this person on the phone.")
@directory_option
@click.pass_context
def revoke(
    context: click.Context, own_directory: Path | None, holder: str | None
) -> None:
    """Revoke the PID that a wallet holds, in both encodings, for ever."""
    home = home_of(context, own_directory)
    wallet = wallet_of(home.directory, holder) if holder else home.wallet
    revoke_pid(wallet, PidProvider.open(home.directory))
    click.echo("revoked; services learn of it when they fetch the list again")


@pid_provider.command("serve")
@click.option("--bind", default="127.0.0.1:8007", show_default=True)
@directory_option
@click.pass_context
def serve(context: click.Context, own_directory: Path | None, bind: str) -> None:
    """Publish the lists of which PIDs are revoked."""
    if not is_loopback(bind.rpartition(":")[0].strip("[]")):
        raise click.BadParameter("a test provider is served on loopback only", None)
    app = _lists(home_of(context, own_directory))
    LoopbackServer(lambda: app, bind=bind).run()


def _lists(home: Home) -> Flask:
    provider = PidProvider.open(home.directory)
    if provider.lists is None:
        raise NotSetUpError("`pid-provider setup --lists-url` says where lists are")
    return create_app(SignedLists(provider.lists, provider.list_signer, now))

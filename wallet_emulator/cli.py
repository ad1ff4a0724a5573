"""``wallet-emulator``: the emulator at a terminal.

    wallet-emulator pid-provider …              the test PID provider
    wallet-emulator scheme-operator …           the test list of PID providers
    wallet-emulator wallet-provider             someone who vouches for its keys
    wallet-emulator wallet show                 what the wallet holds
    wallet-emulator accept-offer LINK           receive a signing pass
    wallet-emulator present LINK                answer a request, honestly or not
    wallet-emulator serve                       the same wallet as a phone in a browser
    wallet-emulator deviations                  the ways to misbehave
    wallet-emulator demo                        the whole job against a running service

Exit codes: 0 done · 1 refused or failed, with ``error[code]: …`` on standard error ·
2 wrong usage · 3 the person declined.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
from flask import Flask

from wallet_emulator.answer import no_change
from wallet_emulator.browser import Browser
from wallet_emulator.certificates import load_certificates
from wallet_emulator.consent import ENCODINGS, Consent, Decision
from wallet_emulator.demo import Demo, Narration
from wallet_emulator.deviations import DEVIATIONS, GROUPS
from wallet_emulator.errors import WalletEmulatorError
from wallet_emulator.home import PERSON, Home, directory_option, home_of, now
from wallet_emulator.issuance import receive_offer
from wallet_emulator.persons import PERSONS
from wallet_emulator.phone import create_app
from wallet_emulator.phone.exchanges import Exchanges
from wallet_emulator.phone.holders import Holders
from wallet_emulator.phone.phone import Phone
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.presentation import Presenter
from wallet_emulator.provider_cli import pid_provider
from wallet_emulator.sample.lease import LEASE_FILE
from wallet_emulator.scheme_cli import scheme_operator
from wallet_emulator.serving import LoopbackServer, ServerCertificate
from wallet_emulator.transport import is_loopback, open_client
from wallet_emulator.wallet import (
    KINDS,
    MDOC_FORMAT,
    SD_JWT_FORMAT,
    Held,
    HeldMdoc,
    Wallet,
    receive_pid,
)
from wallet_emulator.wallet_kinds import EMULATOR
from wallet_emulator.wallet_kinds import KINDS as WALLET_KINDS
from wallet_emulator.wallet_provider import CA_FILE as WALLET_CA_FILE
from wallet_emulator.wallet_provider import WalletProvider

DEFAULT_DIRECTORY: Final = Path("var/wallet")
EXIT_DECLINED: Final = 3
_FORMATS: Final = {"sd-jwt": SD_JWT_FORMAT, "mdoc": MDOC_FORMAT}
_FORMAT: Final = click.Choice(sorted(_FORMATS))
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


def main() -> None:
    """Run the command line; an emulator error ends with its code, not a traceback."""
    try:
        cli()
    except WalletEmulatorError as error:
        click.echo(f"error[{error.code}]: {error}", err=True)
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_DIRECTORY,
    show_default=True,
    help="Where the emulator keeps its files.",
)
@click.option("--tls-ca", type=_FILE, help="PEM file of a CA to trust for https.")
@click.pass_context
def cli(context: click.Context, directory: Path, tls_ca: Path | None) -> None:
    """A test wallet for the EU Digital Identity Wallet. TEST ONLY."""
    context.obj = Home(directory=directory, tls_ca=tls_ca)


cli.add_command(pid_provider)
cli.add_command(scheme_operator)


@cli.command("wallet-provider")
@directory_option
@click.pass_context
def wallet_provider(context: click.Context, own_directory: Path | None) -> None:
    """Make a test wallet provider, once: from then on it vouches for new keys."""
    directory = home_of(context, own_directory).directory
    WalletProvider.setup(directory, now())
    click.echo(f"wallet provider ready; issuers trust {directory / WALLET_CA_FILE}")


@cli.group("wallet")
def wallet() -> None:
    """What the wallet holds."""


@wallet.command("show")
@directory_option
@click.pass_context
def show(context: click.Context, own_directory: Path | None) -> None:
    """List credentials and their claims."""
    held = home_of(context, own_directory).wallet.credentials()
    if not held:
        click.echo("the wallet is empty")
    for credential in held:
        state = "usable" if credential.usable_at(now()) else "EXPIRED"
        encoding = ENCODINGS[credential.format]
        click.echo(f"{credential.kind}: {credential.type} ({encoding})")
        click.echo(f"  {state}, until {credential.expires_at or 'no end'}")
        for name, value in _listed(credential):
            click.echo(f"  {name}: {value}")


def _listed(credential: Held) -> list[tuple[str, object]]:
    if isinstance(credential, HeldMdoc):
        spaces = credential.mdoc.elements().values()
        return [pair for elements in spaces for pair in elements.items()]
    claims = credential.claims().items()
    return [(name, v) for name, v in claims if name not in ("cnf", "vct", "status")]


@cli.command("accept-offer")
@click.argument("link")
@click.option("--issuer-root", type=_FILE, help="PEM of roots that vouch for issuers.")
@directory_option
@click.pass_context
def accept_offer(
    context: click.Context,
    *,
    own_directory: Path | None,
    link: str,
    issuer_root: Path | None,
) -> None:
    """Receive the credential behind an openid-credential-offer:// link."""
    home = home_of(context, own_directory)
    with open_client(home.tls_ca) as http:
        held = receive_offer(
            link,
            wallet=home.wallet,
            http=http,
            issuer_roots=load_certificates(issuer_root) if issuer_root else (),
            now=now(),
            wallet_provider=WalletProvider.find(home.directory),
        )
    click.echo(f"holding {held.vct} until {held.expires_at or 'no end'}")
    if issuer_root is None:
        click.echo("the issuer's chain holds together; no root was given to anchor it")


@cli.command("present")
@click.argument("link")
@click.option("--deviation", type=click.Choice(sorted(DEVIATIONS)), help="Misbehave.")
@click.option("--on", "kind", type=click.Choice(KINDS), help="Which presentation.")
@click.option("--format", "form", type=_FORMAT, help="If both are asked, show this.")
@click.option("--decline", is_flag=True, help="Answer access_denied.")
@click.option("--plain-error", is_flag=True, help="Send the error unencrypted.")
@click.option(
    "--as",
    "wallet_kind",
    type=click.Choice(sorted(WALLET_KINDS)),
    default=EMULATOR.name,
    show_default=True,
    help="Read the request as this wallet does.",
)
@click.option("--yes", is_flag=True, help="Approve without asking.")
@click.option("--access-root", type=_FILE, help="PEM of roots of relying parties.")
@click.option(
    "--accomplice",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Another emulator directory, for another-persons-pass.",
)
@directory_option
@click.pass_context
def present(
    context: click.Context,
    *,
    own_directory: Path | None,
    link: str,
    deviation: str | None,
    kind: str | None,
    form: str | None,
    decline: bool,
    plain_error: bool,
    wallet_kind: str,
    yes: bool,
    access_root: Path | None,
    accomplice: Path | None,
) -> None:
    """Answer the request behind an openid4vp:// link."""
    home = home_of(context, own_directory)
    chosen = DEVIATIONS[deviation] if deviation else None
    with open_client(home.tls_ca) as http:
        presenter = Presenter(
            wallet=home.wallet,
            access_roots=home.access_roots(access_root),
            http=http,
            clock=now,
            prefer=_FORMATS[form] if form else None,
            change=chosen.change(kind) if chosen else no_change,
            adapt_link=chosen.adapt_link if chosen else lambda parsed: parsed,
            provider=home.provider(),
            accomplice=Wallet(accomplice / "wallet") if accomplice else None,
            encrypt_errors=not plain_error,
            kind=WALLET_KINDS[wallet_kind],
        )
        outcome = presenter.present(link, _decider(decline=decline, yes=yes))
    click.echo(f"answered; the browser goes to {outcome.redirect_uri or '(nowhere)'}")
    if outcome.decision is Decision.DECLINE:
        sys.exit(EXIT_DECLINED)


@cli.command("serve")
@click.option("--bind", default="127.0.0.1:8005", show_default=True)
@click.option("--base-url", help="The signing service, for a link on the first page.")
@click.option("--access-root", type=_FILE, help="PEM of roots of relying parties.")
@click.option("--issuer-root", type=_FILE, help="PEM of roots that vouch for issuers.")
@click.option("--tls-certificate", type=_FILE, help="PEM chain, to be served by https.")
@click.option("--tls-key", type=_FILE, help="Its key.")
@directory_option
@click.pass_context
def serve(
    context: click.Context,
    *,
    own_directory: Path | None,
    bind: str,
    base_url: str | None,
    access_root: Path | None,
    issuer_root: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
) -> None:
    """Be a phone in the browser: choose a person, open links, approve, misbehave."""
    if not is_loopback(bind.rpartition(":")[0].strip("[]")):
        raise click.BadParameter("a test wallet is served on loopback only", None)
    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key belong together")
    home = home_of(context, own_directory)
    holders = Holders(home.directory, PidProvider.open(home.directory), now)
    holders.hand_to(holders.current)
    access_roots = home.access_roots(access_root)
    issuer_roots = load_certificates(issuer_root) if issuer_root else ()

    def make_app() -> Flask:
        phone = Phone(
            holders=holders,
            exchanges=Exchanges(now),
            access_roots=access_roots,
            issuer_roots=issuer_roots,
            http=open_client(home.tls_ca),
            clock=now,
            wallet_provider=WalletProvider.find(home.directory),
        )
        return create_app(phone, base_url)

    certificate = (
        ServerCertificate(chain=tls_certificate, key=tls_key)
        if tls_certificate is not None and tls_key is not None
        else None
    )
    LoopbackServer(make_app, bind=bind, certificate=certificate).run()


@cli.command("deviations")
def deviations() -> None:
    """List the named ways to misbehave and what a verifier should say to each."""
    for title, group in GROUPS.items():
        click.echo(f"  {title} ({len(group)})")
        for entry in group:
            click.echo(f"{entry.name}\n    breaks {entry.breaks}")
            click.echo(
                f"    threat {entry.threat} · check {entry.check} · "
                f"on {' or '.join(entry.kinds)} · expect {entry.expected}"
            )


@cli.command("demo")
@click.option("--base-url", required=True, help="The service's start page.")
@click.option("--pdf", type=_FILE, default=LEASE_FILE, help="Document to sign.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo")
)
@click.option("--access-root", type=_FILE, help="PEM of roots of relying parties.")
@click.option("--issuer-root", type=_FILE, help="PEM of roots that vouch for issuers.")
@click.option("--person", type=PERSON, default="erika", show_default=True)
@click.option(
    "--pid-format", "form", type=_FORMAT, help="If both are asked, show this."
)
@directory_option
@click.pass_context
def demo(
    context: click.Context,
    *,
    own_directory: Path | None,
    base_url: str,
    pdf: Path,
    out: Path,
    access_root: Path | None,
    issuer_root: Path | None,
    person: str,
    form: str | None,
) -> None:
    """Sign a document as browser and wallet at once, over HTTP only."""
    home = home_of(context, own_directory)
    provider = PidProvider.setup(home.directory, now())
    receive_pid(home.wallet, provider, PERSONS[person], now())
    with open_client(home.tls_ca) as phone, open_client(home.tls_ca) as desk:
        walk = Demo(
            base_url=base_url,
            document=pdf,
            out=out,
            browser=Browser(desk),
            presenter=Presenter(
                wallet=home.wallet,
                access_roots=home.access_roots(access_root),
                http=phone,
                clock=now,
                prefer=_FORMATS[form] if form else None,
            ),
            issuer_roots=load_certificates(issuer_root) if issuer_root else (),
            wallet_provider=WalletProvider.find(home.directory),
            http=phone,
            clock=now,
            narration=Narration(echo=click.echo),
        )
        walk.run()
    click.echo("The digest shown, the digest approved and the digest signed are equal.")


def _decider(*, decline: bool, yes: bool) -> Callable[[Consent], Decision]:
    def decide(consent: Consent) -> Decision:
        for line in consent.lines():
            click.echo(line)
        if decline or not (yes or click.confirm("Approve?")):
            return Decision.DECLINE
        return Decision.ALLOW

    return decide

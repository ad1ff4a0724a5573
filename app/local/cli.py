"""``qes setup``, ``qes run``, ``qes demo``: the whole service on this machine."""

import subprocess
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from app.doctor import isolation
from app.local import processes
from app.local.layout import STATUS_LIST, AddressError, Layout, LocalConfig, program
from app.local.processes import ProcessFailedError
from app.local.setup import SetupFailedError, set_up
from app.local.verdict import InvalidSignatureError, validated

REPORTED = (
    AddressError,
    InvalidSignatureError,
    ProcessFailedError,
    SetupFailedError,
)
P = ParamSpec("P")
T = TypeVar("T")


def _reported(command: Callable[P, T]) -> Callable[P, T]:
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except REPORTED as error:
            raise click.ClickException(str(error)) from error

    return run


_tls = click.option("--tls", is_flag=True, help="https, with a CA of this machine.")


@click.command()
@_tls
@_reported
def setup(*, tls: bool) -> None:
    """Make what a local deployment needs under var/; run again, it changes nothing."""
    set_up(Layout(LocalConfig.load(tls=tls)), lambda line: click.echo(f"  {line}"))


@click.command()
@_tls
@_reported
def run(*, tls: bool) -> None:
    """Serve everything, and a phone to click through it, until Ctrl-C."""
    layout = Layout(LocalConfig.load(tls=tls), phone=True)
    set_up(layout, lambda line: click.echo(f"  {line}"))
    with processes.running(layout) as stack:
        _addresses(layout)
        try:
            stack.watch()
        except KeyboardInterrupt:
            click.echo("\nstopping")
        else:
            raise ProcessFailedError(
                "\n".join(p.last_words() for p in stack.processes.values() if p.ended)
            )


@click.command()
@click.option(
    "--pdf",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The document to sign. [a sample lease]",
)
@_tls
@_reported
def demo(*, pdf: Path | None, tls: bool) -> None:
    """Set up, start everything, sign a document as browser and wallet, stop."""
    layout = Layout(LocalConfig.load(tls=tls))
    click.echo("Setting up (TEST keys and authorities; kept for the next time)")
    set_up(layout, lambda line: click.echo(f"  {line}"))
    with processes.running(layout):
        click.echo(f"Serving {layout.config.base_url} · {_isolation(layout)}\n")
        walked = subprocess.run(  # noqa: S603 — our own program, no shell
            _driver(layout, pdf), env=layout.environment(), check=False
        )
        if walked.returncode != 0:
            raise ProcessFailedError(f"the demo ended early; see {layout.log}")
        verdict = validated(layout)
    click.echo(f"\nValid: {verdict.summary}")
    for label, file in _results(layout).items():
        click.echo(f"  {label:<18} {_shown(file)}")


def _driver(layout: Layout, pdf: Path | None) -> list[str]:
    anchors = {
        "--access-root": layout.wallet / "access-root.pem",
        "--issuer-root": layout.demo / "trust-anchor.pem",
        "--directory": layout.wallet,
        "--out": layout.demo,
    }
    options = [str(part) for option in anchors.items() for part in option]
    document = [] if pdf is None else ["--pdf", str(pdf)]
    address = ["--base-url", layout.config.base_url]
    emulator = [program("wallet-emulator"), *processes.trusting(layout.tls)]
    return [*emulator, "demo", *address, *options, *document]


def _results(layout: Layout) -> dict[str, Path]:
    return {
        "signed document": layout.demo / "signed.pdf",
        "evidence": layout.demo / "evidence.zip",
        "demo trust anchor": layout.demo / "trust-anchor.pem",
    }


def _shown(file: Path) -> Path:
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _isolation(layout: Layout) -> str:
    found = isolation(layout.socket)
    return f"{found.subject}: {found.says}"


def _addresses(layout: Layout) -> None:
    config = layout.config
    click.echo(f"""
  1  Open  {config.base_url}   the signing service, in your browser
  2  Open  {config.phone_url}   a phone with a test wallet, in a second window

     Choose a PDF in 1. Where it shows a code to scan, take its link to 2.
     A private window for 2 makes it another device than 1.
""")
    if layout.tls is not None:
        click.echo("     Browsers and phones must trust this CA first, for this host:")
        click.echo(f"     {_shown(layout.tls.ca)} (docs/how-to/run-with-tls.md)\n")
    click.echo(f"  Time stamps, CRL  {config.public_url}")
    click.echo(f"  CA (EST)          {config.est_url}")
    if layout.lists_url is not None:
        click.echo(f"  Revoked test PIDs {layout.lists_url}{STATUS_LIST}")
    click.echo(f"  Logs              {_shown(layout.log)}")
    click.echo(f"  {_isolation(layout)}")
    click.echo("\n  Stop with Ctrl-C.")

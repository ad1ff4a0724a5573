"""``qes trust-services``: set up, certify, revoke, serve.

``certify`` and ``revoke`` are an administrator's acts on the folder itself; neither
door offers them.
"""

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services import csr, files
from app.trust_services.errors import TrustServicesError
from app.trust_services.installation import Installation
from app.trust_services.profiles import SERVICE_PROFILES
from app.trust_services.revocation import REASONS
from app.trust_services.server import WORKERS, DoorServer
from app.trust_services.setup import EST_SERVER, EST_URL, PUBLIC_URL, set_up

DOORS: Final = {"est": "127.0.0.1:8002", "public": "127.0.0.1:8003"}
MAX_CSR_FILE: Final = 64 * 1024
_PEM: Final = re.compile(rb"-----BEGIN (NEW )?CERTIFICATE REQUEST-----")

P = ParamSpec("P")
T = TypeVar("T")


def _clock() -> datetime:
    return datetime.now(UTC)


def _reported(command: Callable[P, T]) -> Callable[P, T]:
    """Show what the operator must act on as one line, not as a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except TrustServicesError as error:
            raise click.ClickException(f"{error.code}: {error}") from error
        except OSError as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error

    return run


_directory = click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of keys, certificates and the ledger.",
)


@click.group("trust-services")
def trust_services() -> None:
    """The demo CA (EST), its CRLs and the time-stamping authority. TEST only."""


@trust_services.command()
@_directory
@click.option("--est-url", help=f"Base URL of the EST door. [first run: {EST_URL}]")
@click.option("--public-url", help=f"Of the public door. [first run: {PUBLIC_URL}]")
@_reported
def setup(directory: Path, est_url: str | None, public_url: str | None) -> None:
    """Make the demo PKI; run again, it changes nothing."""
    made = set_up(directory, est_url=est_url, public_url=public_url, now=_clock())
    for one in made:
        click.echo(f"{'made' if one.new else 'kept'}  {one.path}")


@trust_services.command()
@_directory
@click.option("--profile", type=click.Choice(sorted(SERVICE_PROFILES)), required=True)
@click.option(
    "--csr",
    "csr_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="PKCS#10 request, PEM or DER.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="PEM chain: leaf, then intermediates; no root.",
)
@click.option(
    "--host",
    default="localhost",
    show_default=True,
    help="subjectAltName of request-signing and pass-issuing.",
)
@_reported
def certify(
    directory: Path, profile: str, csr_file: Path, out: Path, host: str
) -> None:
    """Certify a key of the SAM. The same key again: the same certificate."""
    request = csr.parse(_read_csr(csr_file))
    chain = Installation.open(directory).certify(profile, request, _clock(), host=host)
    files.replace(out, files.certificates_pem(*chain), mode=files.PUBLIC)
    click.echo(f"{profile}  serial {chain[0].serial_number:x}  {out}")


@trust_services.command()
@_directory
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="PEM; the first certificate in it is revoked.",
)
@click.option("--reason", type=click.Choice(REASONS), default="cessationOfOperation")
@_reported
def revoke(directory: Path, certificate: Path, reason: str) -> None:
    """Put a certificate on its CA's CRL, for good."""
    revoked = files.read_certificate(certificate)
    installation = Installation.open(directory)
    issuer = installation.revoke(revoked, x509.ReasonFlags(reason), _clock())
    click.echo(f"revoked  serial {revoked.serial_number:x}  by {issuer}")


@trust_services.command()
@_directory
@click.option("--door", type=click.Choice(sorted(DOORS)), required=True)
@click.option("--bind", help="Address and port. [est: 8002, public: 8003 on loopback]")
@click.option("--workers", default=WORKERS, show_default=True)
@_reported
def serve(directory: Path, door: str, bind: str | None, workers: int) -> None:
    """Serve one door until SIGTERM: est (https) or public (http)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    installation = Installation.open(directory)
    address = bind or DOORS[door]
    if door == "est":
        application, tls = installation.est_door(_clock), directory / EST_SERVER
    else:
        application, tls = installation.public_door(_clock), None
    DoorServer(application, bind=address, workers=workers, tls=tls).run()


def _read_csr(path: Path) -> bytes:
    """Return the DER of a PEM or DER file of at most ``MAX_CSR_FILE`` octets."""
    with path.open("rb") as file:
        content = file.read(MAX_CSR_FILE)
    if not _PEM.search(content):
        return content
    try:
        return x509.load_pem_x509_csr(content).public_bytes(Encoding.DER)
    except (ValueError, x509.InvalidVersion) as error:
        raise click.ClickException(f"{path}: not a PEM request") from error

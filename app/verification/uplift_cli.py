"""``qes uplift``: which signed files need an archive time stamp soon, and give it them.

0: nothing is left to do. 1: something is, or a file is not valid. 2: no file was found,
or a setting is unfit.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
import httpx

from app.ades import algorithm_ends, timestamp
from app.ades.algorithm_ends import Assumed, UnusablePolicyError
from app.ades.archives import Archives
from app.ades.documents import Limits
from app.ades.errors import AdesError
from app.ades.uplift import Action
from app.ades.uplifting import Judged, Uplifts
from app.verification.cli import FILE, content, ders, refused, revocation_list
from app.verification.document_checks import MAX_DOCUMENT
from app.verification.report import printable
from app.verification.sources import TIMEOUT_SECONDS, FileTrust, configured_trust
from app.verification.validation_trust import ValidationTrustError

PATHS = click.Path(exists=True, path_type=Path)


@click.command("uplift")
@click.argument("paths", type=PATHS, nargs=-1)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--assume-ended", "assumed", multiple=True, help="NAME@DATE, as sha-256@2027-01-01."
)
@click.option("--policy", type=FILE, help="The SAM's algorithm policy, if not shipped.")
@click.option(
    "--ahead", default=365, show_default=True, help="Days before an end to act."
)
@click.option("--tsa-url", help="Where time stamps come from. Default: the settings'.")
@click.option("--anchor", "anchors", type=FILE, multiple=True, help="PEM you trust.")
@click.option("--crl", "crls", type=FILE, multiple=True, help="CRL, DER or PEM.")
@click.option("--offline", is_flag=True, help="Fetch no CRL.")
def uplift(
    *,
    paths: Sequence[Path],
    assumed: Sequence[str],
    policy: Path | None,
    ahead: int,
    tsa_url: str | None,
    anchors: Sequence[Path],
    crls: Sequence[Path],
    dry_run: bool,
    offline: bool,
) -> None:
    """Say for signed PDFs until when they can be proven, and prolong it.

    PATHS: files and folders (default: this folder). A file that needs it gets a time
    stamp over the whole file (PAdES B-LTA), in place; its bytes stay as they are and
    only grow. Exit code 0: nothing is left to do.
    """
    files = sorted(set(_files(paths or (Path(),))))
    if not files:
        raise refused("There is no PDF.")
    archives = Archives(Limits(max_bytes=MAX_DOCUMENT, wall_seconds=60, cpu_seconds=30))
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS) as http:
            given = ders(anchors), tuple(revocation_list(crl) for crl in crls)
            trust = _trust(http, given, offline=offline)
            uplifts = Uplifts(
                archives=archives,
                ends=algorithm_ends.load(policy).assume(_assumed(assumed)),
                anchors=trust.anchors(),
                crls=trust.crls(),
                now=_now(),
                ahead=timedelta(days=ahead),
            )
            stamps = None if dry_run else _Stamps(tsa_url or _configured_tsa(), http)
            done = [_one(file, uplifts, stamps) for file in files]
    except (UnusablePolicyError, ValidationTrustError) as error:
        raise refused(str(error)) from error
    finally:
        archives.close()
    raise SystemExit(not all(done))


class _Stamps:
    """Tokens of one authority."""

    def __init__(self, url: str, http: httpx.Client) -> None:
        self._url, self._http = url, http

    def __call__(self, digest: bytes, algorithm: str) -> bytes:
        return timestamp.fetch_over_digest(
            self._url, digest, algorithm, http=self._http
        )


def _one(file: Path, uplifts: Uplifts, stamps: _Stamps | None) -> bool:
    """Whether nothing is left to do with this file."""
    signed = content(file, MAX_DOCUMENT)
    try:
        judged = uplifts.judge(signed)
        left = judged.advice is None or judged.advice.action is not Action.NOTHING
        click.echo(_sentence(file, judged))
        if not left or judged.advice is None:
            return not left
        if judged.advice.action is Action.SIGN_AGAIN:
            return False
        size = len(signed)
        if stamps is None:
            click.echo(
                f"    would add a {uplifts.algorithm()} time stamp over {size} B"
            )
            return False
        _replace(file, uplifts.uplift(signed, stamps))
    except AdesError as error:
        click.echo(f"    not uplifted: {printable(str(error))}")
        return False
    click.echo(f"    uplifted: {uplifts.algorithm()} time stamp over all {size} bytes")
    return True


def _sentence(file: Path, judged: Judged) -> str:
    name = printable(str(file))
    if judged.advice is None:
        return f"not valid    {name}: {printable(judged.summary)}"
    advice = judged.advice
    by = "" if advice.by is None else f" before {advice.by}"
    word = "good" if advice.action is Action.NOTHING else str(advice.action)
    when = by if advice.action is Action.ARCHIVE else ""
    return f"{word:12} {name}{when}: {printable(advice.because)}"


def _replace(file: Path, uplifted: bytes) -> None:
    """At once or not at all; the old bytes are the beginning of the new."""
    beside = file.with_name(f".{file.name}.uplift")
    with beside.open("wb") as stream:
        stream.write(uplifted)
        stream.flush()
        os.fsync(stream.fileno())
    beside.chmod(file.stat().st_mode & 0o777)
    beside.replace(file)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (each for each in path.rglob("*.pdf") if each.is_file())
        else:
            yield path


def _assumed(words: Sequence[str]) -> list[Assumed]:
    found = []
    for word in words:
        name, _, day = word.partition("@")
        try:
            ends = date.fromisoformat(day)
        except ValueError:
            raise refused(f"{printable(word)} is not NAME@YYYY-MM-DD.") from None
        found.append(Assumed(algorithm_ends.policy_name(name), ends))
    return found


def _trust(
    http: httpx.Client,
    given: tuple[tuple[bytes, ...], tuple[bytes, ...]],
    *,
    offline: bool,
) -> FileTrust:
    anchors, crls = given
    configured = configured_trust(http, _now, offline=offline)
    return FileTrust(anchors_given=anchors, crls_given=crls, configured=configured)


def _now() -> datetime:
    return datetime.now(UTC)


def _configured_tsa() -> str:
    from app.config import WebConfig  # noqa: PLC0415 — settings may be unfit here

    return WebConfig.load().tsa_url

"""``qes evidence verify`` and ``qes verify``: files in, sentences and an exit code out.

0: everything that was checked holds. 1: something does not, or cannot be told.
2: there is nothing to judge.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.ades.documents import Documents, Limits
from app.ades.errors import AdesError
from app.verification import chains
from app.verification.archive import MAX_ARCHIVE, UnreadableEvidenceError
from app.verification.document_checks import MAX_DOCUMENT
from app.verification.evidence import Trust
from app.verification.evidence import verify as verify_evidence
from app.verification.report import NotShownError, printable, wrapped
from app.verification.signed_file import Judgement, SignedFiles, Verdict
from app.verification.sources import TIMEOUT_SECONDS, FileTrust, configured_trust
from app.verification.spoken import spoken

UNREADABLE = 2
MAX_CRL = 50_000_000
LIMITS = Limits(max_bytes=MAX_DOCUMENT, wall_seconds=60.0, cpu_seconds=30)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def evidence() -> None:
    """What a signer keeps besides the file."""


@evidence.command("verify")
@click.argument("archive", type=FILE)
@click.option(
    "--document",
    "documents",
    type=FILE,
    multiple=True,
    help="A signed PDF the evidence is about; repeatable.",
)
@click.option(
    "--anchor",
    "anchors",
    type=FILE,
    multiple=True,
    help="PEM you trust for the signer's certificate and the pass; repeatable.",
)
@click.option(
    "--request-anchor",
    "request_anchors",
    type=FILE,
    multiple=True,
    help="PEM you trust for the access certificate of the request; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="The report for programs.")
def verify_archive(
    archive: Path,
    documents: Sequence[Path],
    anchors: Sequence[Path],
    request_anchors: Sequence[Path],
    *,
    as_json: bool,
) -> None:
    """Check an evidence.zip offline, step by step.

    Needs no network and nothing of the service. Exit code 0: no check failed; 1: one
    did; 2: the file is no evidence archive.
    """
    trust = Trust(
        anchors=certificates(anchors), request_anchors=certificates(request_anchors)
    )
    files = {printable(file.name): content(file, MAX_DOCUMENT) for file in documents}
    if len(files) != len(documents):
        raise refused("Two documents have the same file name.")
    parser = Documents(LIMITS)
    try:
        report = verify_evidence(
            content(archive, MAX_ARCHIVE), documents=files, trust=trust, parser=parser
        )
    except UnreadableEvidenceError as error:
        name = printable(archive.name)
        raise refused(f"{name} is no evidence archive: {error}.") from None
    finally:
        parser.close()
    tell(report.lines(), report.to_json(), as_json=as_json)
    raise SystemExit(not report.holds)


@click.command("verify")
@click.argument("file", type=FILE)
@click.option(
    "--anchor",
    "anchors",
    type=FILE,
    multiple=True,
    help="PEM you trust; repeatable. Default: the configured anchors.",
)
@click.option(
    "--crl", "crls", type=FILE, multiple=True, help="CRL, DER or PEM; repeatable."
)
@click.option("--offline", is_flag=True, help="Fetch no CRL.")
@click.option("--json", "as_json", is_flag=True, help="The verdict for programs.")
def verify_file(
    file: Path,
    anchors: Sequence[Path],
    crls: Sequence[Path],
    *,
    offline: bool,
    as_json: bool,
) -> None:
    """Say who signed a PDF, when, and whether it was changed since.

    Exit code 0: every signature is valid; 1: one is not, or that cannot be told; 2: the
    file has no signature or cannot be read.
    """
    pdf = content(file, MAX_DOCUMENT)
    given = ders(anchors), tuple(revocation_list(crl) for crl in crls)
    judgement = _judged(pdf, *given, offline=offline)
    name = printable(file.name)
    body = {"file": name, **judgement.to_json()}
    tell(spoken(judgement, name), body, as_json=as_json)
    nothing = judgement.verdict in {Verdict.NO_SIGNATURE, Verdict.UNREADABLE}
    raise SystemExit(UNREADABLE if nothing else not judgement.verdict.good)


def _judged(
    pdf: bytes,
    anchors: tuple[bytes, ...],
    crls: tuple[bytes, ...],
    *,
    offline: bool,
) -> Judgement:
    documents = Documents(LIMITS)
    with httpx.Client(timeout=TIMEOUT_SECONDS) as http:
        trust = FileTrust(
            anchors_given=anchors,
            crls_given=crls,
            configured=configured_trust(http, _now, offline=offline),
        )
        try:
            files = SignedFiles(documents=documents, trust=trust, clock=_now)
            return files.judge(pdf)
        except AdesError as error:
            raise refused(f"The file cannot be judged here: {error}.") from None
        finally:
            documents.close()


def _now() -> datetime:
    return datetime.now(UTC)


def tell(lines: Iterable[str], body: object, *, as_json: bool) -> None:
    if as_json:
        lines = [json.dumps(body, indent=2)]
    for line in lines:
        click.echo(line)


def certificates(files: Sequence[Path]) -> tuple[x509.Certificate, ...]:
    found: list[x509.Certificate] = []
    for file in files:
        try:
            found += chains.anchors_from_pem(file.read_bytes())
        except NotShownError as error:
            raise refused(f"{printable(file.name)} {error}.") from None
    return tuple(found)


def ders(files: Sequence[Path]) -> tuple[bytes, ...]:
    return tuple(c.public_bytes(Encoding.DER) for c in certificates(files))


def revocation_list(file: Path) -> bytes:
    """A CRL as DER."""
    raw = content(file, MAX_CRL)
    try:
        pem = raw.lstrip().startswith(b"-----BEGIN")
        load = x509.load_pem_x509_crl if pem else x509.load_der_x509_crl
        return load(raw).public_bytes(Encoding.DER)
    except ValueError:
        raise refused(f"{printable(file.name)} is no CRL.") from None


def content(file: Path, limit: int) -> bytes:
    """The file, read to its limit and no further."""
    with file.open("rb") as stream:
        read = stream.read(limit + 1)
    if len(read) > limit:
        raise refused(f"{printable(file.name)} is larger than {limit // 1_000_000} MB.")
    return read


class NothingToJudgeError(click.ClickException):
    exit_code = UNREADABLE


def refused(sentence: str) -> click.ClickException:
    return NothingToJudgeError(wrapped("", sentence))

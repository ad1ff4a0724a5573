"""``qes evidence verify`` and ``qes verify``: files in, sentences and an exit code out.

0: everything that was checked holds. 1: something does not, or cannot be told.
2: there is nothing to judge.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.verification import chains
from app.verification.archive import MAX_ARCHIVE, UnreadableEvidenceError
from app.verification.document_checks import MAX_DOCUMENT
from app.verification.evidence import Trust
from app.verification.evidence import verify as verify_evidence
from app.verification.report import NotShownError, wrapped

UNREADABLE = 2
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
    files = {file.name: content(file, MAX_DOCUMENT) for file in documents}
    if len(files) != len(documents):
        raise refused("Two documents have the same file name.")
    try:
        report = verify_evidence(
            content(archive, MAX_ARCHIVE), documents=files, trust=trust
        )
    except UnreadableEvidenceError as error:
        raise refused(f"{archive.name} is no evidence archive: {error}.") from None
    tell(report.lines(), report.to_json(), as_json=as_json)
    raise SystemExit(not report.holds)


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
            raise refused(f"{file.name} {error}.") from None
    return tuple(found)


def ders(files: Sequence[Path]) -> tuple[bytes, ...]:
    return tuple(c.public_bytes(Encoding.DER) for c in certificates(files))


def content(file: Path, limit: int) -> bytes:
    """The file, read to its limit and no further."""
    with file.open("rb") as stream:
        read = stream.read(limit + 1)
    if len(read) > limit:
        raise refused(f"{file.name} is larger than {limit // 1_000_000} MB.")
    return read


def refused(sentence: str) -> click.ClickException:
    error = click.ClickException(wrapped("", sentence))
    error.exit_code = UNREADABLE
    return error

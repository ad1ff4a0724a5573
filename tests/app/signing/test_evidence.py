import io
import zipfile

import pytest

from app.signing.evidence import EvidenceError, evidence_archive

FILES = {"README.txt": "ä\n", "audit.json": "{}"}


def test_the_archive_holds_exactly_the_files_given() -> None:
    archive = zipfile.ZipFile(io.BytesIO(evidence_archive(FILES)))

    assert {n: archive.read(n).decode() for n in archive.namelist()} == FILES


def test_the_same_evidence_gives_the_same_bytes() -> None:
    turned = dict(reversed(FILES.items()))

    assert evidence_archive(FILES) == evidence_archive(turned)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("../audit.json", id="parent"),
        pytest.param("/audit.json", id="absolute"),
        pytest.param("a/b.txt", id="folder"),
        pytest.param("a\\b.txt", id="backslash"),
        pytest.param("", id="empty"),
        pytest.param("a.txt\n", id="newline"),
        pytest.param(".hidden", id="hidden"),
    ],
)
def test_a_name_that_could_leave_the_archive_is_refused(name: str) -> None:
    with pytest.raises(EvidenceError):
        evidence_archive({name: ""})

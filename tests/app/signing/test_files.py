import hashlib
import stat
from pathlib import Path

import pytest

from app.signing.files import DocumentChangedError, DocumentFiles

REQUEST = "0f" * 16


@pytest.fixture
def files(tmp_path: Path) -> DocumentFiles:
    return DocumentFiles(tmp_path / "documents")


def test_what_was_put_is_read_back_by_its_digest(files: DocumentFiles) -> None:
    checksum = files.put(REQUEST, b"content")

    assert checksum == hashlib.sha256(b"content").hexdigest()
    assert files.get(REQUEST, checksum) == b"content"


def test_a_file_changed_on_disk_is_noticed(
    files: DocumentFiles, tmp_path: Path
) -> None:
    checksum = files.put(REQUEST, b"content")
    (tmp_path / "documents" / REQUEST / checksum).write_bytes(b"CONTENT")

    with pytest.raises(DocumentChangedError):
        files.get(REQUEST, checksum)


def test_a_file_that_is_gone_is_noticed(files: DocumentFiles) -> None:
    with pytest.raises(DocumentChangedError):
        files.get(REQUEST, "00" * 32)


def test_nobody_else_on_the_machine_may_look(
    files: DocumentFiles, tmp_path: Path
) -> None:
    files.put(REQUEST, b"content")

    folders = (tmp_path / "documents", tmp_path / "documents" / REQUEST)
    assert {stat.S_IMODE(f.stat().st_mode) for f in folders} == {0o700}


def test_purging_one_request_leaves_the_same_content_of_another(
    files: DocumentFiles,
) -> None:
    files.put(REQUEST, b"content")
    checksum = files.put("1f" * 16, b"content")

    files.purge(REQUEST)

    assert files.get("1f" * 16, checksum) == b"content"


def test_a_purged_document_is_gone(files: DocumentFiles) -> None:
    checksum = files.put(REQUEST, b"content")

    files.purge(REQUEST)

    with pytest.raises(DocumentChangedError):
        files.get(REQUEST, checksum)

import pytest

from app.signing.names import MAX_NAME, document_name, prepared_name, signed_name


@pytest.mark.parametrize(
    ("upload_name", "name"),
    [
        pytest.param("lease.pdf", "lease.pdf", id="unchanged"),
        pytest.param("Mietvertrag für Zoë.pdf", "Mietvertrag für Zoë.pdf", id="umlaut"),
        pytest.param("/etc/passwd", "passwd", id="path"),
        pytest.param("C:\\Users\\a\\lease.pdf", "lease.pdf", id="windows-path"),
        pytest.param("..", "document.pdf", id="parent-folder"),
        pytest.param("", "document.pdf", id="empty"),
        pytest.param(None, "document.pdf", id="none"),
        pytest.param("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf", id="crlf"),
        pytest.param("fdp.\u202eesael.pdf", "fdp.esael.pdf", id="bidi-override"),
        pytest.param("le\u200base.pdf", "lease.pdf", id="zero-width"),
        pytest.param("a\x00b.pdf", "ab.pdf", id="nul"),
        pytest.param("\x1b[31mred.pdf", "[31mred.pdf", id="ansi"),
        pytest.param("e\u0301.pdf", "\u00e9.pdf", id="nfc"),
        pytest.param("   .pdf  ", "pdf", id="only-dots-and-spaces-before"),
    ],
)
def test_an_upload_name_becomes_safe_to_show(
    upload_name: str | None, name: str
) -> None:
    assert document_name(upload_name) == name


def test_a_long_name_is_cut_and_keeps_its_end() -> None:
    name = document_name("x" * 10_000 + "-v3.pdf")

    assert len(name) == MAX_NAME
    assert name.endswith("x-v3.pdf")


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        pytest.param("lease.pdf", "lease-signed.pdf", id="pdf"),
        pytest.param("LEASE.PDF", "LEASE-signed.pdf", id="upper-case"),
        pytest.param("lease", "lease-signed.pdf", id="no-extension"),
    ],
)
def test_a_signed_file_says_so_in_its_name(name: str, signed: str) -> None:
    assert signed_name(name) == signed


def test_a_prepared_file_cannot_be_taken_for_a_signed_one() -> None:
    assert prepared_name("lease.pdf") == "lease-to-be-signed.pdf"

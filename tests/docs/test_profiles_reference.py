"""The page about profiles says what the profiles say."""

from tests.docs.profiles import FILE, renewed


def test_the_tables_are_up_to_date() -> None:
    """Renew them with ``python -m tests.docs.profiles``."""
    page = FILE.read_text()

    assert page == renewed(page)

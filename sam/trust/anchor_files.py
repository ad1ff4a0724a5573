"""Anchors the operator put down as PEM files: the file's stem is the provider's id.

A folder belongs to one category. Two files of one name, or one certificate under two
names, stop the start: a signer's identity hangs on the provider's id.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography import x509


class AnchorFileError(Exception):
    """A folder of anchors cannot be used; the message says which file, and why."""

    code = "anchor_file"


def read(folders: Iterable[Path]) -> Mapping[str, x509.Certificate]:
    """Provider id → anchor, over all folders of one category."""
    anchors: dict[str, x509.Certificate] = {}
    for folder in folders:
        for file in sorted(folder.glob("*.pem")):
            if file.stem in anchors:
                raise AnchorFileError(f"two anchors are called {file.stem}")
            anchors[file.stem] = _first(file)
    if len(set(anchors.values())) != len(anchors):
        raise AnchorFileError("one certificate is the anchor of two providers")
    return anchors


def _first(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())[0]
    except ValueError as error:
        raise AnchorFileError(f"{file} holds no readable PEM certificate") from error

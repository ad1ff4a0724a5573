"""What a browser loads from us: nothing of others, nothing unknown, and little."""

import gzip
from pathlib import Path

from tests.app.web import vendored

STATIC = Path(__file__).parents[3] / "app/web/static"


def own_scripts() -> list[Path]:
    return sorted((STATIC / "js").iterdir())


def test_every_vendored_file_is_the_one_of_the_manifest() -> None:
    found = {
        str(path.relative_to(vendored.VENDOR)): vendored.sha256(path.read_bytes())
        for path in vendored.VENDOR.rglob("*")
        if path.is_file() and path != vendored.MANIFEST
    }

    assert found == vendored.hashes()


def test_every_vendored_package_brings_its_licence() -> None:
    assert all("LICENSE" in package["files"] for package in vendored.packages())


def test_our_scripts_are_at_most_20_kb_compressed() -> None:
    content = b"".join(path.read_bytes() for path in own_scripts())

    assert len(gzip.compress(content)) <= 20_000


def test_no_script_turns_text_into_code_or_markup() -> None:
    for path in own_scripts():
        script = path.read_text()
        for way in ("eval(", "innerHTML", "outerHTML", "document.write", "Function("):
            assert way not in script, path.name


def test_scripts_and_style_name_no_other_host() -> None:
    for path in [*own_scripts(), STATIC / "style.css"]:
        assert "//" not in path.read_text().replace("// ", ""), path.name


def test_the_style_sheet_stays_readable() -> None:
    assert len((STATIC / "style.css").read_text().splitlines()) <= 700

"""Documentation that can be wrong is checked: links, paths, commands, settings."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.docs.configuration import reference

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PATH = re.compile(r"`((?:app|sam|hsm|openid4vp|tests|wallet_emulator)/[\w/.]+)`")
MAKE = re.compile(r"^make ([a-z]+)", re.MULTILINE)
PROGRAM = re.compile(r"^\.venv/bin/(.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text()

    dead = [
        target
        for target in LINK.findall(text)
        if not (ROOT / page.parent / target).resolve().exists()
    ]

    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_named_file_exists(page: Path) -> None:
    text = (ROOT / page).read_text()

    assert [path for path in PATH.findall(text) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = MAKE.findall((ROOT / page).read_text())

    assert [t for t in named if not re.search(rf"^{t}:", makefile, re.MULTILINE)] == []


def commands() -> list[str]:
    tutorial = (ROOT / "docs/tutorial/first-signature.md").read_text()
    return sorted(set(PROGRAM.findall(tutorial.replace("\\\n", " "))))


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_tutorial_is_understood(command: str) -> None:
    """With --help in place of its arguments, so that nothing is done."""
    program, *words = shlex.split(command)
    acts = [w for w in words if re.fullmatch(r"[a-z-]+", w) and not w.startswith("-")]
    options = [w for w in words if w.startswith("--")]
    path = ROOT / ".venv" / "bin" / program

    shown = subprocess.run(
        [path if path.exists() else program, *_leading(words, acts), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.returncode == 0, shown.stderr
    assert [o for o in options if o not in shown.stdout] == []


def _leading(words: list[str], acts: list[str]) -> list[str]:
    """The words before the first that is no name of a command."""
    count = next((i for i, w in enumerate(words) if w not in acts), len(words))
    return words[:count]


def test_the_configuration_reference_is_up_to_date() -> None:
    """Renew it with ``python -m tests.docs.configuration``."""
    written = (ROOT / "docs/reference/configuration.md").read_text()

    assert written == reference()

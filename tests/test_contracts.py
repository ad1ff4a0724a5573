"""The import contracts name every module they mean, also those that come later."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
OPEN_TO_CALLERS = {"client", "errors", "messages"}


def test_the_web_tier_is_kept_from_every_other_module_of_the_sam() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]
    modules = {file.stem for file in (ROOT / "sam").glob("*.py")} - {"__init__"}

    forbidden = {name.removeprefix("sam.") for name in contract["forbidden_modules"]}

    assert modules - OPEN_TO_CALLERS <= forbidden

"""Policies as an operator would write them: the shipped one with something changed."""

import json
from pathlib import Path
from typing import Any

from sam.algorithms.loading import SHIPPED


def shipped() -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(SHIPPED.read_text())
    return policy


def ended(use: str, until: str, **subject: object) -> dict[str, Any]:
    """The shipped policy with an end for every rule that has all of ``subject``."""
    policy = shipped()
    for rule in (*policy["hashes"], *policy["signatures"]):
        if subject.items() <= rule.items() and use in rule["uses"]:
            rule["uses"][use] = {"until": until}
    return policy


def written(folder: Path, policy: object) -> Path:
    file = folder / "algorithms.json"
    file.write_text(json.dumps(policy))
    return file

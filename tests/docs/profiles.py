"""Write the table of ``docs/reference/profiles.md`` from the profiles themselves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openid4vp.policy_floor import NO_SWITCH
from openid4vp.profile import PRODUCTION
from sam.profiles.loading import SHIPPED, load

FILE = Path(__file__).parents[2] / "docs/reference/profiles.md"
NAMES = ("name", "title")


def table() -> str:
    """Switch, production's value, and who has another."""
    profiles = load(SHIPPED, test_mode=True)
    changed = {
        name: dict(_flat(json.loads(profile.to_json())))
        for name, profile in profiles.items()
    }
    rows = ["| switch | production | other |", "|---|---|---|"]
    for switch, default in _flat(json.loads(PRODUCTION.model_dump_json())):
        if switch in NAMES:
            continue
        others = [
            f"{name}: {_shown(values[switch])}"
            for name, values in changed.items()
            if switch in values
        ]
        rows.append(f"| `{switch}` | {_shown(default)} | {'<br>'.join(others)} |")
    return "\n".join(rows) + "\n"


def refused() -> str:
    """What no file may name, and why."""
    rows = [f"| `{name}` | {reason} |" for name, reason in NO_SWITCH.items()]
    return "\n".join(["| no switch | because |", "|---|---|", *rows]) + "\n"


def renewed(page: str) -> str:
    """``page`` with both tables as they should be."""
    for name, text in (("switches", table()), ("refused", refused())):
        before, start, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->\n")
        page = f"{before}{start}{text}{end}{after}"
    return page


def _flat(members: dict[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in members.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield f"{within}{name}", value


def _shown(value: Any) -> str:
    if value is None:
        return "as `QES_CLIENT_ID_PREFIX` says"
    if isinstance(value, list):
        return ", ".join(f"`{item}`" for item in value) or "none"
    return f"`{json.dumps(value) if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    FILE.write_text(renewed(FILE.read_text()))

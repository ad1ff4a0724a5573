"""Write ``docs/reference/configuration.md`` from the settings' own models."""

from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.config import WebConfig
from app.local.layout import LocalConfig
from sam.config import SamConfig

FILE = Path(__file__).parents[2] / "docs/reference/configuration.md"
HEAD = """\
# Configuration

Every setting is an environment variable. The web tier and its worker also read the
TOML file that `QES_CONFIG_FILE` names, the SAM the one that `QES_SAM_CONFIG_FILE`
names; there the names are in lower case and without `QES_`. The environment wins.
`qes config` and `sam config` print what is in force.

Trust anchors, policy and dialect are the SAM's settings: nothing that the web tier is
told can change them. Where the SAM has an OS user of its own, put `QES_SAM_SOCKET` into
a folder that the web tier's group may enter; the SAM's own folder stays closed.
"""
MODELS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The SAM (`sam …`)", SamConfig),
    ("The web tier (`qes web`, `qes worker`)", WebConfig),
    ("A local deployment (`qes setup`, `run`, `demo`)", LocalConfig),
)


def reference() -> str:
    return "\n".join([HEAD, *(_table(title, model) for title, model in MODELS)])


def _table(title: str, model: type[BaseModel]) -> str:
    rows = [_row(name, field) for name, field in model.model_fields.items()]
    return "\n".join([f"## {title}\n", "| setting | default |", "|---|---|", *rows, ""])


def _row(name: str, field: FieldInfo) -> str:
    alias = field.alias or f"QES_{name.upper()}"
    default = "" if field.default is None else f"`{field.default}`"
    return f"| `{alias}` | {default} |"


if __name__ == "__main__":
    FILE.write_text(reference())

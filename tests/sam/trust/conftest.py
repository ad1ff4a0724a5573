"""A SAM that goes by one list of PID providers, which it does not hold yet."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sam.trust.lists import OPERATOR
from tests.sam.world import World
from wallet_emulator.pid_provider import PidProvider

URI = "https://lists.example/pid-providers.json"

Configure = Callable[..., None]


def write_sources(folder: Path, *tables: str, **signers: x509.Certificate) -> Path:
    """The operator's file, and the PEM files beside it."""
    folder.mkdir(exist_ok=True)
    for name, certificate in ({"operator": OPERATOR} | signers).items():
        pem = certificate.public_bytes(Encoding.PEM)
        (folder / f"{name}.pem").write_bytes(pem)
    many = OPERATOR.public_bytes(Encoding.PEM) * 21
    (folder / "many.pem").write_bytes(many)
    file = folder / "sources.toml"
    file.write_text("\n".join(tables))
    return file


def table(category: str = "pid_providers", **values: object) -> str:
    said: dict[str, object] = {
        "name": "eu-pid",
        "kind": "lote",
        "uri": URI,
        "signers": "operator.pem",
    } | values
    written = (
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for key, value in said.items()
    )
    return "\n".join([f"[[{category}]]", *written])


@pytest.fixture
def configure(world: World, tmp_path: Path) -> Configure:
    """Restart the SAM with these sources."""

    def configured(*tables: str, **signers: x509.Certificate) -> None:
        file = write_sources(tmp_path / "trust", *tables, **signers)
        world.restart(world.sam.config.model_copy(update={"sam_trust_sources": file}))

    configured(table())
    return configured


@pytest.fixture
def listed(world: World, configure: Configure) -> PidProvider:
    """A PID provider that no file names."""
    return PidProvider.create(world.clock.now)

"""Callers who speak to both nodes, as a web tier would, and to one of them alone."""

import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from app.local.layout import program
from sam import errors
from sam import messages as m
from sam.client import SamClient
from tests.nodes.nodes import Nodes
from tests.sam.callers import Callers
from wallet_emulator.pid_provider import PidProvider


class RealTime:
    @property
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class Scene(Callers):
    nodes: Nodes
    folder: Path
    client: SamClient = field(init=False)
    each: tuple[SamClient, ...] = field(init=False)
    provider: PidProvider = field(init=False)
    access_root: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        wallet = self.nodes.layout.wallet
        self.client = self.nodes.client()
        self.each = tuple(self.nodes.client(node) for node in self.nodes.nodes)
        self.provider = PidProvider.open(wallet)
        root = (wallet / "access-root.pem").read_bytes()
        self.access_root = x509.load_pem_x509_certificate(root)

    @property
    def watch(self) -> RealTime:
        return RealTime()

    def releases(self) -> list[m.Release]:
        """All of them, from however many pages."""
        found: list[m.Release] = []
        while more := self.client.releases(found[-1].number if found else 0).releases:
            found += more
        return found

    def audit_holds(self) -> bool:
        done = subprocess.run(
            [program("sam"), "audit", "verify"],
            env=self.nodes.layout.environment(),
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def keys_on_the_token(self) -> int:
        """Object files of the token; one-time keys must never be among them."""
        tokens = self.nodes.layout.sam / "tokens"
        return sum(1 for _ in tokens.rglob("*.object"))


def at_the_same_moment(*acts: Callable[[], object]) -> list[object]:
    """What each came to, or the code it was refused with, behind one barrier."""
    together = threading.Barrier(len(acts))
    outcomes: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        together.wait()
        try:
            outcomes[place] = act()
        except errors.SamError as error:
            outcomes[place] = error.code

    threads = [
        threading.Thread(target=run, args=numbered) for numbered in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes

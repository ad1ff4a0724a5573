"""Two SAM nodes over one PostgreSQL and one token, reached by mutual TLS.

Real processes throughout. Each node has a state directory, a lock file and a socket of
its own; the token's folder, which both use, stands for an HSM on the network.
"""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from app.local.layout import Layout, program
from app.local.processes import Process, Stack, start_trust_services
from sam.client import SamClient, connect_tls
from sam.errors import SamError
from sam.tls import Credentials
from tests.deployment import deployed, environment, free_port
from tests.postgresql import fresh_database
from tests.sam.link import CLIENT, SERVER, Authority

WEB = "web.internal"
SHARED = ("certificates", "anchors", "ca-anchor.pem", "free-tier.json")
LEASE_SECONDS = 4


@dataclass(slots=True)
class Node:
    """One host's SAM, as far as one machine can show it."""

    name: str
    directory: Path
    url: str
    server: Credentials

    def environment(self, processes: int) -> dict[str, str]:
        return {
            "QES_SAM_DIRECTORY": str(self.directory),
            "QES_SAM_SOCKET": str(self.directory / "sam.sock"),
            "QES_SAM_PROCESSES": str(processes),
            "QES_SAM_TLS_BIND": self.url.replace("https://localhost", "127.0.0.1"),
            "QES_SAM_TLS_CERTIFICATE": str(self.server.certificate),
            "QES_SAM_TLS_KEY": str(self.server.key),
            "QES_SAM_TLS_AUTHORITY": str(self.server.authority),
            "QES_SAM_TLS_CLIENTS": json.dumps([WEB]),
            "QES_FAULT_FILE": str(self.directory / "fault"),
        }


@dataclass(slots=True)
class Nodes:
    """A deployment whose SAM is two nodes; nothing runs before it is started."""

    layout: Layout
    stack: Stack
    authority: Authority
    web: Credentials
    nodes: tuple[Node, Node]
    processes: int
    clients: list[SamClient] = field(default_factory=list)

    def start(self, node: Node) -> None:
        command = [program("sam"), "serve"]
        with environment(node.environment(self.processes)):
            self.stack.start(node.name, command, partial(self._answers, node))

    def client(self, *nodes: Node) -> SamClient:
        urls = [node.url for node in nodes or self.nodes]
        web = self.web
        return connect_tls(urls, web.certificate, web.key, web.authority)

    def _answers(self, node: Node) -> bool:
        try:
            self.client(node).info()
        except SamError:
            return False
        return True

    def kill(self, node: Node) -> None:
        """The host is gone: master and workers at once, with no goodbye."""
        os.killpg(self.process(node).running.pid, signal.SIGKILL)
        self.process(node).running.wait()

    def order(self, node: Node, kind: signal.Signals, point: str) -> None:
        """Whichever of the node's processes comes to ``point`` first gets it."""
        file = self.ordered(node)
        whole = file.with_suffix(".new")
        whole.write_text(f"{kind.name} {point}")
        whole.rename(file)

    def ordered(self, node: Node) -> Path:
        """Is there until somebody took the order."""
        return node.directory / "fault"

    def process(self, node: Node) -> Process:
        return self.stack.processes[node.name]

    @property
    def web_environment(self) -> dict[str, str]:
        return {
            "QES_SAM_URLS": json.dumps([node.url for node in self.nodes]),
            "QES_SAM_CLIENT_CERTIFICATE": str(self.web.certificate),
            "QES_SAM_CLIENT_KEY": str(self.web.key),
            "QES_SAM_AUTHORITY": str(self.web.authority),
        }


@contextmanager
def two_nodes(
    folder: Path,
    cluster: Path,
    module: Path,
    *,
    processes: int = 1,
    base_url: str | None = None,
) -> Iterator[Nodes]:
    """Both nodes run while the block does, and the trust services beside them."""
    settings = {
        "QES_PKCS11_MODULE": str(module),
        "QES_DATABASE_URL": fresh_database(cluster, "web_of_nodes"),
        "QES_SAM_DATABASE_URL": fresh_database(cluster, "sam_of_nodes"),
        "QES_SAM_LEASE_SECONDS": str(LEASE_SECONDS),
    }
    with deployed(folder, base_url=base_url, **settings) as layout:
        token = {
            "QES_SOFTHSM2_CONF": str(layout.sam / "softhsm2.conf"),
            "QES_PKCS11_PIN_FILE": str(layout.sam / "pin"),
        }
        made = _made(layout, processes)
        try:
            with environment(token):
                start_trust_services(made.stack)
                for node in made.nodes:
                    made.start(node)
                yield made
        finally:
            _wake(made)
            made.stack.stop()


def _made(layout: Layout, processes: int) -> Nodes:
    authority = Authority(layout.root / "link")
    second = layout.root / "sam-2"
    second.mkdir(mode=0o700)
    for name in SHARED:
        source = layout.sam / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, second / name)
    first, other = (
        Node(
            name,
            directory,
            f"https://localhost:{free_port()}",
            authority.issue("localhost", SERVER),
        )
        for name, directory in (("sam-1", layout.sam), ("sam-2", second))
    )
    return Nodes(
        layout=layout,
        stack=Stack(layout),
        authority=authority,
        web=authority.issue(WEB, CLIENT),
        nodes=(first, other),
        processes=processes,
    )


def _wake(made: Nodes) -> None:
    """Who was stopped cannot be told to end."""
    for process in made.stack.processes.values():
        if not process.ended:
            os.killpg(process.running.pid, signal.SIGCONT)

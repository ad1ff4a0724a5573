"""The whole service on PostgreSQL: two web processes, two SAM nodes of two processes
each, and one node that dies while people sign."""

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.local.processes import start_web, start_worker
from tests.deployment import environment
from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import Signer
from tests.nodes.nodes import Node, Nodes, two_nodes
from wallet_emulator.browser import Page

pytestmark = pytest.mark.long

EACH_SIGNS = 3
ENDS = {"signed", "failed"}


@pytest.fixture(scope="module")
def nodes(softhsm_module: Path, postgresql_cluster: Path) -> Iterator[Nodes]:
    with (
        tempfile.TemporaryDirectory(prefix="service-of-nodes-") as folder,
        two_nodes(
            Path(folder), postgresql_cluster, softhsm_module, processes=2
        ) as made,
        environment(made.web_environment | {"QES_WEB_WORKERS": "2"}),
    ):
        start_web(made.stack)
        start_worker(made.stack)
        yield made


@pytest.fixture(scope="module")
def service(nodes: Nodes) -> Iterator[Service]:
    with ExitStack() as opened:
        yield Service(nodes.layout, nodes.stack, nodes.client(), opened)


@dataclass(slots=True)
class Signing:
    """One person, one document after the other."""

    signer: Signer
    pages: list[Page] = field(default_factory=list)
    problem: BaseException | None = None

    def run(self) -> None:
        try:
            for _ in range(EACH_SIGNS):
                page = self.signer.approve()
                self.pages.append(page)
                returned = self.signer.answer(page)
                self.signer.browser.open(str(returned.redirect_uri))
        except BaseException as problem:  # noqa: BLE001 — raised by the test
            self.problem = problem

    def ends(self) -> list[str]:
        return [self._end(page) for page in self.pages]

    def _end(self, page: Page) -> str:
        until = time.monotonic() + 120
        while (state := self.signer.state(page)) not in ENDS:
            assert time.monotonic() < until, state
            time.sleep(0.5)
        return state


@pytest.mark.processes
def test_a_node_that_dies_while_people_sign_leaves_nobody_without_an_end(
    nodes: Nodes, service: Service, tmp_path: Path
) -> None:
    people = [Signing(Signer(service, tmp_path, name)) for name in ("erika", "asa")]
    threads = [threading.Thread(target=person.run) for person in people]
    for node in nodes.nodes:
        nodes.order(node, signal.SIGSTOP, "after-intent")
    for thread in threads:
        thread.start()
    nodes.kill(_the_first_that_stops(nodes))
    for thread in threads:
        thread.join()

    ends = [end for person in people for end in person.ends()]

    problems = [person.problem for person in people if person.problem]
    assert problems == []
    assert len(ends) == len(people) * EACH_SIGNS
    assert 1 <= ends.count("failed") <= nodes.processes  # what it was at
    released = service.sam.releases(0).releases
    assert len(released) == ends.count("signed")
    assert service.sam.info().audit_sequence > 0


def _the_first_that_stops(nodes: Nodes) -> Node:
    """The order for the other is taken back."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for node, other in zip(nodes.nodes, reversed(nodes.nodes), strict=True):
            if not nodes.ordered(node).exists():
                nodes.ordered(other).unlink(missing_ok=True)
                return node
        time.sleep(0.02)
    raise AssertionError("nobody came to sign")

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nodes.nodes import Nodes, two_nodes
from tests.nodes.scene import Scene
from tests.sam.callers import BASE_URL


@pytest.fixture(scope="module")
def nodes(softhsm_module: Path, postgresql_cluster: Path) -> Iterator[Nodes]:
    with (
        tempfile.TemporaryDirectory(prefix="nodes-") as folder,
        two_nodes(
            Path(folder), postgresql_cluster, softhsm_module, base_url=BASE_URL
        ) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def scene(nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(nodes, tmp_path_factory.mktemp("wallets"))

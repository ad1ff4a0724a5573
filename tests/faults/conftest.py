import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.bench import bench
from tests.faults.scenarios import Scenarios, staged


@pytest.fixture(scope="module")
def scenarios(softhsm_module: Path) -> Iterator[Scenarios]:
    """A SAM to break. Without a C compiler: a skip here and a failure in CI."""
    if shutil.which("gcc") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no gcc")
        pytest.skip("no gcc")
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        bench(Path(folder), softhsm_module) as broken,
    ):
        found = staged(broken, random.Random(20261120))  # noqa: S311 — not for secrets
        yield found
        found.crowd.close()

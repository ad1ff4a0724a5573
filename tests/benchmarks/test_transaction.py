"""The benchmark itself, with two transactions: it measures, and says so readably."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PROCESSES = {"web", "sam", "documents"}  # that no transaction can do without


@pytest.fixture(scope="module")
def measured(
    softhsm_module: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Any]]:
    """What it printed, and its JSON."""
    file = tmp_path_factory.mktemp("benchmark") / "transaction.json"
    module = [sys.executable, "-m", "benchmarks.transaction"]
    done = subprocess.run(
        [*module, "--transactions", "2", "--json", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(file.read_text())


@pytest.mark.processes
def test_the_page_fits_a_screen(measured: tuple[str, dict[str, Any]]) -> None:
    printed, _ = measured

    assert 20 < len(printed.splitlines()) <= 45


@pytest.mark.processes
def test_every_process_of_a_transaction_used_cpu(
    measured: tuple[str, dict[str, Any]],
) -> None:
    _, result = measured

    used = {name for name, p in result["service"]["cpu_ms"].items() if sum(p.values())}
    assert used >= PROCESSES


@pytest.mark.processes
def test_every_call_and_step_of_the_sam_took_time(
    measured: tuple[str, dict[str, Any]],
) -> None:
    _, result = measured

    steps = result["sam"]["cpu_ms"].values()
    assert all(ms > 0 for step in steps for ms in step.values())
    assert {call for step in steps for call in step} == set(result["sam"]["calls"])


@pytest.mark.processes
def test_the_parts_of_the_floor_add_up(measured: tuple[str, dict[str, Any]]) -> None:
    _, result = measured

    floor = result["floor"]
    assert floor["total_us"] == pytest.approx(sum(floor["party_us"].values()))
    assert all(us > 0 for us in floor["party_us"].values())


@pytest.mark.processes
@pytest.mark.parametrize(
    ("party", "counts"),
    [
        pytest.param("SAM open_sign", {"generate": 1}, id="the response key"),
        pytest.param("SAM request", {"sign": 1, "verify": 1}, id="request object"),
        # PID: issuer, holder, its path walked before; pass: issuer, holder; one JWE
        pytest.param("SAM submit", {"verify": 4, "agree": 1}, id="the answer"),
        # PKCS#10, CMC and document; two steps of the path and the document
        pytest.param(
            "SAM finish", {"generate": 1, "sign": 3, "verify": 3}, id="signing"
        ),
        # registration authority's certificate and message, possession; certificate
        pytest.param("CA", {"verify": 3, "sign": 1}, id="the certificate"),
        pytest.param("TSA", {"sign": 1}, id="the time stamp"),
    ],
)
def test_the_operations_are_those_that_the_design_names(
    measured: tuple[str, dict[str, Any]], party: str, counts: dict[str, int]
) -> None:
    _, result = measured

    assert result["floor"]["counts"][party] == counts


@pytest.mark.processes
def test_the_service_costs_more_than_its_floor(
    measured: tuple[str, dict[str, Any]],
) -> None:
    _, result = measured

    assert result["ratio"]["service"] > 1
    assert result["ratio"]["sam"] > 1

"""With the web tier in an attacker's hands: no signature, no certificate, no PID.

The attacker runs under another OS user when the tests run as root. Counted from
outside, before and after each attack: what the SAM released, what it did with signers'
keys, what the CA issued.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.red_team import (
    attacks,
    batch_attacks,
    credential_attacks,
    free_tier_attacks,
    pass_attacks,
)
from tests.red_team.attacks import Attack
from tests.red_team.stage import NOBODY, Stage, as_attacker

ATTACKS = (
    *attacks.ATTACKS,
    *free_tier_attacks.ATTACKS,
    *batch_attacks.ATTACKS,
    *pass_attacks.ATTACKS,
    *credential_attacks.ATTACKS,
)
GROUP = NOBODY if os.getuid() == 0 else None


@pytest.fixture(scope="module", autouse=True)
def honest_walk(stage: Stage) -> None:
    """The unchanged case passes; it also loads all that a child will need."""
    holder = stage.person("jean")
    assert stage.finish(stage.approved(holder)).release > 0
    credential_attacks.prepare(stage)


def spoils(stage: Stage) -> tuple[int, int, int]:
    """Releases, operations with signers' keys, certificates issued."""
    issued = stage.layout.trust_services / "issued"
    certificates = sum(1 for file in issued.rglob("*") if file.is_file())
    return len(stage.releases), stage.key_operations, certificates


@pytest.mark.processes
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_hostile_web_tier_gains_nothing(stage: Stage, attack: Attack) -> None:
    before = spoils(stage)

    as_attacker(lambda: attack(stage), group=GROUP)

    assert spoils(stage) == before


@pytest.mark.processes
def test_finishing_twice_releases_once(stage: Stage) -> None:
    tx = stage.approved(stage.person("erika"))
    first = stage.finish(tx)
    before = spoils(stage)

    as_attacker(lambda: _finish_again(stage, tx, first.model_dump_json()), group=GROUP)

    assert spoils(stage) == before


def _finish_again(stage: Stage, tx: str, first: str) -> None:
    for _ in range(3):
        assert stage.finish(tx).model_dump_json() == first


def _unreadable(path: Path) -> Callable[[], None]:
    def read() -> None:
        with pytest.raises(PermissionError):
            list(path.iterdir()) if path.is_dir() else path.read_bytes()

    return read


@pytest.mark.processes
@pytest.mark.root
@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another OS user")
@pytest.mark.parametrize(
    "name",
    [
        "sam/pin",
        "sam/tokens",
        "sam/sam.db",
        "sam/softhsm2.conf",
        "trust-services/issuing-ca.key",
        "trust-services/tsa.key",
        "trust-services",
        "sam",
    ],
)
def test_the_web_tiers_user_cannot_read(stage: Stage, name: str) -> None:
    as_attacker(_unreadable(stage.layout.root / name), group=GROUP)


@pytest.mark.processes
@pytest.mark.root
@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another OS user")
def test_the_web_tiers_user_can_reach_the_socket(stage: Stage) -> None:
    """Guards the table above: that user exists, and is not refused everything."""
    as_attacker(lambda: _asks(stage), group=GROUP)


def _asks(stage: Stage) -> None:
    assert stage.client.info().test_mode

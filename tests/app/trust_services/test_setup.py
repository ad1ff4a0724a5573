"""Set-up: idempotent, resumable, private."""

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from app.trust_services import files
from app.trust_services.errors import SetupError
from app.trust_services.installation import Installation
from app.trust_services.setup import NAMES, distinguished_name, set_up


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file()
    }


def _set_up(folder: Path, box: Any, **change: Any) -> tuple[Any, ...]:
    given = {"est_url": None, "public_url": None, "now": box.NOW, **change}
    return set_up(folder, **given)


def test_a_second_run_changes_no_octet(tmp_path: Path, box: Any) -> None:
    _set_up(tmp_path / "ts", box)
    before = _digests(tmp_path / "ts")

    made = _set_up(tmp_path / "ts", box, now=box.NOW + timedelta(days=1))

    assert _digests(tmp_path / "ts") == before
    assert not any(one.new for one in made)


@pytest.mark.parametrize(
    "lost", ["root.pem", "issuing-ca.pem", "tsa.pem", "est-server.pem", "tsa.key"]
)
def test_an_interrupted_run_is_completed(tmp_path: Path, box: Any, lost: str) -> None:
    """What came after the interruption is made; keys that exist are kept."""
    folder = tmp_path / "ts"
    _set_up(folder, box)
    order = [one.path for one in _set_up(folder, box)]
    for path in order[order.index(folder / lost) :]:
        path.unlink()

    _set_up(folder, box)

    assert Installation.open(folder).public_door(lambda: box.NOW)


def test_two_set_ups_at_once_make_one_pki(tmp_path: Path, box: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: _set_up(tmp_path / "ts", box), range(4)))

    assert sum(one.new for run in runs for one in run) == len(runs[0])


def test_the_folder_is_private(tmp_path: Path, box: Any) -> None:
    _set_up(tmp_path / "ts", box)

    assert stat.S_IMODE((tmp_path / "ts").stat().st_mode) == 0o700


def test_a_folder_that_was_open_is_closed(tmp_path: Path, box: Any) -> None:
    (tmp_path / "ts").mkdir(mode=0o755)

    _set_up(tmp_path / "ts", box)

    assert stat.S_IMODE((tmp_path / "ts").stat().st_mode) == 0o700


def test_every_key_file_is_for_its_owner_only(tmp_path: Path, box: Any) -> None:
    _set_up(tmp_path / "ts", box)
    keys = sorted((tmp_path / "ts").glob("*.key"))

    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert len(keys) == 5


def test_a_key_others_can_read_is_not_used(pki: Any) -> None:
    (pki.folder / "issuing-ca.key").chmod(0o640)

    with pytest.raises(SetupError, match="chmod 600"):
        Installation.open(pki.folder)


@pytest.mark.parametrize(
    "change",
    [{"est_url": "https://other:8002"}, {"public_url": "http://localhost:9999"}],
)
def test_a_folder_made_for_other_addresses_is_refused(
    tmp_path: Path, box: Any, change: dict[str, str]
) -> None:
    """Certificates that are out carry the addresses of the first set-up."""
    _set_up(tmp_path / "ts", box)

    with pytest.raises(SetupError, match="was set up for"):
        _set_up(tmp_path / "ts", box, **change)


def test_the_same_addresses_with_a_slash_are_the_same(tmp_path: Path, box: Any) -> None:
    _set_up(tmp_path / "ts", box)

    made = _set_up(tmp_path / "ts", box, public_url="http://localhost:8003/")

    assert not any(one.new for one in made)


@pytest.mark.parametrize(
    "change",
    [
        {"est_url": "http://localhost:8002"},
        {"est_url": "https://"},
        {"public_url": "localhost:8003"},
        {"public_url": "http://localhost:8003/?a"},
        {"public_url": "http://localhost:8003/#a"},
    ],
)
def test_an_address_that_cannot_work_is_refused(
    tmp_path: Path, box: Any, change: dict[str, str]
) -> None:
    with pytest.raises(SetupError, match="is not a base URL"):
        _set_up(tmp_path / "ts", box, **change)


@pytest.mark.parametrize("slug", sorted(NAMES))
def test_every_name_says_test(slug: str) -> None:
    values = [str(one.value) for one in distinguished_name(slug)]

    assert [value.startswith("TEST ") for value in values] == [False, True, True]


@pytest.mark.parametrize("slug", ["tsa", "est-server"])
def test_a_server_certificate_near_its_end_is_renewed(
    tmp_path: Path, box: Any, slug: str
) -> None:
    folder = tmp_path / "ts"
    _set_up(folder, box)
    before = files.read_certificate(folder / f"{slug}.pem")
    later = before.not_valid_after_utc - timedelta(days=29)

    _set_up(folder, box, now=later)

    after = files.read_certificate(folder / f"{slug}.pem")
    assert after.not_valid_after_utc > before.not_valid_after_utc
    assert after.public_key() == before.public_key()


def test_a_key_and_a_certificate_of_two_set_ups_are_refused(pki: Any) -> None:
    """Otherwise the CA would sign with a key its certificate does not name."""
    (pki.folder / "tsa.key").replace(pki.folder / "issuing-ca.key")

    with pytest.raises(SetupError, match="do not belong together"):
        Installation.open(pki.folder)


def test_a_folder_that_is_not_set_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="is not set up"):
        Installation.open(tmp_path)


def test_the_est_server_names_the_host_of_its_address(tmp_path: Path, box: Any) -> None:
    _set_up(tmp_path / "ts", box, est_url="https://127.0.0.1:8002")
    certificate = files.read_certificate(tmp_path / "ts" / "est-server.pem")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)

    assert [str(one) for one in names.value.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1"
    ]

"""What operators are told: the state of each list, and what ends when."""

import json
import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from app import doctor
from sam import audit, errors
from sam import messages as m
from sam.cli import main
from sam.trust import reports
from sam.trust.reports import Watched
from tests.openid4vp import wallet
from tests.openid4vp.wallet import NOW
from tests.sam.trust import lists
from tests.sam.trust.conftest import URI, Configure, table
from tests.sam.trust.handing import a_list, keep
from tests.sam.trust.lists import Lote, entity
from tests.sam.world import World
from wallet_emulator.pid_provider import PidProvider

DAY = timedelta(days=1)
OWN = {
    "certificate registration-authority",
    "certificate request-signing",
    "certificate pass-issuing",
    "CA anchor",
    "algorithm hash sha-224 (certificate_issuing, time_stamps, verifying_pids)",
    "algorithm rsa-pkcs1 from 3000 bits "
    "(certificate_issuing, signing, time_stamps, verifying_pids)",
}


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (timedelta(days=31), "ok"),
        (timedelta(days=30), "warn"),
        (timedelta(days=8), "warn"),
        (timedelta(days=7), "urgent"),
        (timedelta(seconds=1), "urgent"),
        (timedelta(0), "over"),
        (-DAY, "over"),
    ],
)
def test_thresholds(left: timedelta, level: str) -> None:
    assert Watched("x", NOW + left).level(NOW) == level


def test_a_list_warns_in_its_last_week_only() -> None:
    assert Watched("x", NOW + 8 * DAY, reports.LIST_WARN).level(NOW) == "ok"
    assert Watched("x", NOW + 7 * DAY, reports.LIST_WARN).level(NOW) == "warn"


def subjects(world: World, level: str | None = None) -> set[str]:
    found = world.client.info().expiries
    return {e.subject for e in found if level in {None, e.level}}


def test_everything_that_ends_is_watched(world: World, configure: Configure) -> None:
    keep(world, a_list(world, PidProvider.create(world.clock.now)))

    assert subjects(world) == OWN | {
        "anchor pid_providers demo-pid-provider",
        "anchor wallet_providers: none at all",
        "list eu-pid",
        "fetching of list eu-pid",
        "signer 1 of list eu-pid",
        "registration certificate: none",
    }
    assert subjects(world) == subjects(world, "ok")


def test_nothing_configured_is_said_too(world: World) -> None:
    (anchor,) = world.sam.config.pid_anchor_folders[0].glob("*.pem")
    anchor.unlink()
    world.restart()

    assert "anchor pid_providers: none at all" in subjects(world, "over")
    assert "list: none is configured" in subjects(world, "ok")


def test_what_ends_is_said_before_and_after(world: World) -> None:
    leaf = world.sam.request_signer.certificate_chain[0]
    world.clock.now = leaf.not_valid_after_utc - 20 * DAY
    assert "certificate request-signing" in subjects(world, "warn")

    world.clock.now = leaf.not_valid_after_utc + DAY
    assert "certificate request-signing" in subjects(world, "over")


def test_a_list_that_does_not_come_any_more_is_an_alarm_long_before_it_ends(
    world: World, configure: Configure
) -> None:
    content = a_list(world, PidProvider.create(world.clock.now)).sign()
    keep(world, content)
    world.clock.pass_by(days=1, hours=23)
    assert "fetching of list eu-pid" in subjects(world, "ok")

    world.clock.pass_by(hours=1)
    assert "fetching of list eu-pid" in subjects(world, "over")

    keep(world, content)
    assert "fetching of list eu-pid" in subjects(world, "ok")


def test_a_listed_anchor_is_named_when_it_ends_soon(
    world: World, configure: Configure
) -> None:
    soon = wallet.authority("soon", end=world.clock.now + 10 * DAY)
    keep(world, Lote([entity("P", soon)], issued=world.clock.now))

    assert "anchor pid_providers eu-pid/entity:VATSE-5560001111" in subjects(
        world, "warn"
    )


def test_info_names_things_and_dates_and_nothing_else() -> None:
    assert set(m.Expiry.model_fields) == {"subject", "ends_at", "level"}


# --- states in plain words, with what to do ---


def says(world: World) -> str:
    (source,) = world.client.info().trust_sources
    return f"{source.state}: {source.says}"


def test_each_state_says_what_to_do(world: World, configure: Configure) -> None:
    assert re.match("absent: never received: .*QES_EGRESS_HOSTS", says(world))

    with pytest.raises(errors.FileRefusedError):
        keep(world, b"x")
    assert re.match("broken: .*signers' file.*Nobody is trusted by it", says(world))

    keep(world, Lote([entity("P", registration=None)], issued=world.clock.now))
    assert re.match("empty: .*service_types.*Not usable: P: no stable", says(world))

    keep(world, a_list(world, PidProvider.create(world.clock.now), sequence=2))
    assert re.match(r"fresh: good until \d{4}", says(world))

    with pytest.raises(errors.FileRefusedError):
        keep(world, b"x")
    assert re.match("broken: .*The list held before counts until", says(world))

    world.clock.pass_by(days=181)
    assert re.match("stale: .*until a newer one comes; what came is", says(world))


def test_the_doctor_says_the_same(world: World, configure: Configure) -> None:
    found = {f.subject: f for f in doctor.trust(world.client)}
    assert found["trust list eu-pid"].holds is False
    assert found["expiry"].says.startswith("nothing ends soon; first ")

    keep(world, a_list(world, PidProvider.create(world.clock.now)))

    found = {f.subject: f for f in doctor.trust(world.client)}
    assert found["trust list eu-pid"].holds is True


def test_the_doctor_is_not_silent_without_lists_and_names_what_ended(
    world: World,
) -> None:
    world.clock.pass_by(days=5000)

    found = list(doctor.trust(world.client))

    assert found[0].subject == "trust lists"
    over = [f.says for f in found if f.subject == "over"]
    assert any(one.startswith("certificate request-signing: ") for one in over)
    assert not any(f.holds for f in found if f.subject == "over")


# --- sam status, and the log ---


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    config = world.sam.config
    monkeypatch.setenv("QES_SAM_DIRECTORY", str(config.sam_directory))
    monkeypatch.setenv("QES_SAM_DATABASE_URL", config.database_url)
    return CliRunner()


def test_status_needs_no_running_sam(
    world: World, configure: Configure, run: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QES_SAM_TRUST_SOURCES", str(world.sam.config.sam_trust_sources))
    result = run.invoke(main, ["status"])

    assert result.exit_code == 0
    assert re.search(r"^absent +list eu-pid \(pid_providers\): never", result.output)
    assert "certificate request-signing ends on" in result.output
    assert "none at all" in result.output


def test_status_says_what_keeps_a_sam_from_starting(
    world: World, run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QES_SAM_TRUST_SOURCES", str(tmp_path / "nowhere.toml"))

    result = run.invoke(main, ["status"])

    assert result.exit_code == 1
    assert "trust sources" in result.output
    assert "Traceback" not in result.output


def test_the_log_has_it_once_a_day(
    world: World, configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    def said() -> int:
        world.client.info()
        return sum("list eu-pid is absent" in r.message for r in caplog.records)

    caplog.set_level(logging.INFO, "sam.trust")
    assert [said(), said()] == [1, 1]
    world.clock.pass_by(hours=23)
    assert said() == 1
    world.clock.pass_by(hours=2)
    assert said() == 2


def test_the_log_says_so_when_all_is_well(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sam.trust")

    world.client.info()

    assert [r.message for r in caplog.records if r.name == "sam.trust"] == [
        "trust: nothing ends soon; every list is fresh"
    ]


# --- the operator's file ---

UNFIT = {
    "no-toml": ("[[", "trust sources"),
    "another-category": (table("status_signers"), "status_signers"),
    "another-kind": (table(kind="status_list"), "kind: lote or trusted_list"),
    "name-with-a-slash": (table(name="a/b"), "name"),
    "no-uri": (table(uri="ftp://x"), "uri"),
    "no-signers-file": (table(signers="nowhere.pem"), "nowhere.pem"),
    "country-in-words": (table(countries=["Finland"]), "countries"),
    "unknown-setting": (table(signer="operator.pem"), "signer"),
    "trusted-list-of-all-services": (table(kind="trusted_list"), "service_types"),
    "too-many-signers": (table(signers="many.pem"), "more than 20"),
    "two-of-one-name": (table() + "\n" + table(uri=f"{URI}?2"), "two lists"),
}


@pytest.mark.parametrize(("text", "complaint"), UNFIT.values(), ids=UNFIT)
def test_an_unfit_file_stops_the_start(
    configure: Configure, text: str, complaint: str
) -> None:
    with pytest.raises(Exception, match=complaint) as raised:
        configure(text)
    assert type(raised.value).__name__ == "StartError"


def test_a_fit_file_does_not(world: World, configure: Configure) -> None:
    """Guards the table above; the sources are in the file's order."""
    configure(table(name="b"), table(name="a"), table("wallet_providers", name="c"))

    assert [s.name for s in world.client.info().trust_sources] == ["b", "a", "c"]


def test_the_audit_log_says_which_lists_and_signers_a_start_goes_by(
    world: World, configure: Configure
) -> None:
    record = json.loads(world.audited(audit.Event.STARTED)[-1])

    (source,) = record["trust_sources"]
    assert (source["name"], source["uri"]) == ("eu-pid", URI)
    assert source["signers"] == [lists.OPERATOR.fingerprint(SHA256()).hex()]


def test_a_pem_file_may_hold_several_signers(
    world: World, configure: Configure, tmp_path: Path
) -> None:
    both = b"".join(
        c.public_bytes(Encoding.PEM) for c in (lists.RSA_OPERATOR, lists.OPERATOR)
    )
    (tmp_path / "trust" / "both.pem").write_bytes(both)
    configure(table(signers="both.pem"))

    assert keep(world, a_list(world))

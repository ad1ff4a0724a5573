"""A SAM whose policy has ended something: what it refuses, and what it says before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp.errors import IssuerNotTrustedError
from sam import audit
from sam import messages as m
from sam.algorithms.issuers import InTime
from sam.algorithms.loading import load
from sam.algorithms.policy import Use
from sam.errors import (
    AlgorithmEndedError,
    AnswerRefusedError,
    SigningFailedError,
)
from sam.start import StartError
from sam.trust import status
from tests.sam.algorithms.files import ended, shipped, written
from tests.sam.callers import Holder
from tests.sam.world import NOW, World

TODAY = "2026-11-20"


def go_by(world: World, policy: dict[str, Any]) -> None:
    file = written(world.folder, policy)
    config = world.sam.config.model_copy(update={"sam_algorithm_policy": file})
    world.restart(config)


def test_with_the_unchanged_policy_signatures_are_made(
    world: World, erika: Holder
) -> None:
    """Guards the refusals below."""
    go_by(world, shipped())

    assert world.finish(world.approved(erika)).signatures


@pytest.mark.parametrize(
    "subject", [{"curve": "P-256"}, {"name": "sha-256"}], ids=["curve", "hash"]
)
def test_nothing_is_opened_that_could_not_be_signed(
    world: World, subject: dict[str, object]
) -> None:
    go_by(world, ended("signing", TODAY, **subject))

    with pytest.raises(AlgorithmEndedError):
        world.open_sign()


def test_an_approval_is_not_signed_with_what_ended_meanwhile(
    world: World, erika: Holder
) -> None:
    tx = world.approved(erika)
    go_by(world, ended("signing", TODAY, curve="P-256"))

    with pytest.raises(AlgorithmEndedError):
        world.finish(tx)
    assert world.key_operations == 0
    assert world.row(tx)["state"] == m.State.VERIFIED


def test_a_key_is_not_certified_with_what_ended(world: World, erika: Holder) -> None:
    tx = world.approved(erika)
    go_by(world, ended("certificate_issuing", TODAY, curve="P-256"))

    with pytest.raises(SigningFailedError, match="algorithm_ended"):
        world.finish(tx)
    assert world.documents_of(tx)[0].dtbsr is None
    assert world.device.one_time_keys() == ()


def test_a_pid_under_what_ended_identifies_nobody(world: World, erika: Holder) -> None:
    tx = world.open_sign().tx
    go_by(world, ended("verifying_pids", TODAY, curve="P-256"))

    with pytest.raises(AnswerRefusedError):
        world.submit(tx, erika.answer(tx))
    assert "issuer_not_trusted" in world.audited(audit.Event.ANSWER_REFUSED)[-1]


def test_an_end_counts_from_its_day_without_a_restart(
    world: World, erika: Holder
) -> None:
    go_by(world, ended("signing", "2026-11-21", curve="P-256"))
    assert world.finish(world.approved(erika)).signatures

    world.clock.pass_by(hours=12)

    with pytest.raises(AlgorithmEndedError):
        world.open_sign()


def test_a_broken_policy_stops_the_start(world: World) -> None:
    with pytest.raises(StartError, match=r"algorithm policy .*algorithms\.json: "):
        go_by(world, {})


def test_the_policies_in_force_are_in_the_log(world: World) -> None:
    go_by(world, shipped() | {"version": "ours-3"})

    started = world.audited(audit.Event.STARTED)[-1]
    assert '"algorithm_policies":["ts-119-312 2.1.1","ts-119-312 ours-3"]' in started


@pytest.mark.parametrize(
    ("until", "level"),
    [
        ("2027-02-19", "ok"),
        ("2027-02-18", "warn"),
        ("2026-11-25", "urgent"),
    ],
)
def test_an_end_is_announced_90_days_before(
    world: World, until: str, level: str
) -> None:
    go_by(world, ended("signing", until, curve="P-256"))

    expiries = {e.subject: e.level for e in world.client.info().expiries}

    assert expiries["algorithm ecdsa P-256 (signing)"] == level


def test_what_this_sam_signs_with_is_missed_when_it_ended(world: World) -> None:
    go_by(world, ended("signing", TODAY, curve="P-256"))

    over = [e.subject for e in world.client.info().expiries if e.level == "over"]

    assert over == ["algorithm ecdsa P-256 with sha-256: past its end (signing)"]


def test_what_ended_and_is_not_in_use_alarms_nobody(world: World) -> None:
    assert not [e for e in world.client.info().expiries if "1900" in e.subject]


def test_the_operator_is_told_without_a_running_sam(world: World) -> None:
    go_by(world, ended("signing", "2027-01-01", name="sha-256"))

    said = list(status.sentences(world.sam.config, NOW))

    assert "warn     algorithm hash sha-256 (signing) ends on 2027-01-01" in said


def certificate(
    key: Any, signer: CertificateIssuerPrivateKeyTypes, digest: Any
) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key)
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(signer, digest)
    )
    return made.public_bytes(Encoding.DER)


SIGNERS: dict[str, tuple[CertificateIssuerPrivateKeyTypes, Any]] = {
    "P-256": (ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()),
    "P-384": (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
    "rsa-3072": (rsa.generate_private_key(65537, 3072), hashes.SHA256()),
    "rsa-2048": (rsa.generate_private_key(65537, 2048), hashes.SHA256()),
    "rsa-3072-sha-1": (rsa.generate_private_key(65537, 3072), hashes.SHA256()),
    "P-192": (ec.generate_private_key(ec.SECP192R1()), hashes.SHA256()),
    "ed25519": (ed25519.Ed25519PrivateKey.generate(), None),
}


SHA256_RSA = bytes.fromhex("2a864886f70d01010b")
SHA1_RSA = bytes.fromhex("2a864886f70d010105")


def path(signed_by: str) -> tuple[bytes, bytes]:
    """A leaf of that signer, and the signer's certificate under itself."""
    signer, digest = SIGNERS[signed_by]
    made = certificate(signer.public_key(), signer, digest)
    if signed_by.endswith("sha-1"):  # no library makes one any more
        made = made.replace(SHA256_RSA, SHA1_RSA)
    return made, made


@pytest.mark.parametrize("signed_by", ["P-256", "P-384", "rsa-3072"])
def test_a_path_of_accepted_signatures_is_accepted(signed_by: str) -> None:
    """Guards the tables below."""
    load(None).require_path(Use.ISSUING, path(signed_by), NOW)


@pytest.mark.parametrize(
    "signed_by", ["rsa-2048", "rsa-3072-sha-1", "P-192", "ed25519"]
)
def test_a_path_with_an_ended_signature_is_refused(signed_by: str) -> None:
    with pytest.raises(AlgorithmEndedError):
        load(None).require_path(Use.ISSUING, path(signed_by), NOW)


class Believing:
    """Trusts every chain."""

    def resolve(self, _chain: object, _now: datetime) -> str:
        return "everybody"


@pytest.mark.parametrize(
    "signed_by", ["rsa-2048", "rsa-3072-sha-1", "P-192", "ed25519"]
)
def test_a_pid_issuer_certified_by_an_ended_signature_is_not_believed(
    signed_by: str,
) -> None:
    chain = [x509.load_der_x509_certificate(der) for der in path(signed_by)]

    with pytest.raises(IssuerNotTrustedError):
        InTime(Believing(), load(None)).resolve(chain, NOW)


def test_a_pid_issuer_certified_acceptably_is_believed() -> None:
    """Guards the table above."""
    chain = [x509.load_der_x509_certificate(der) for der in path("rsa-3072")]

    assert InTime(Believing(), load(None)).resolve(chain, NOW) == "everybody"


def test_a_path_over_pkcs1_ends_with_pkcs1() -> None:
    later = datetime(2034, 1, 1, tzinfo=UTC)

    with pytest.raises(AlgorithmEndedError):
        load(None).require_path(Use.ISSUING, path("rsa-3072"), later)

"""The algorithm policy: its schema, its dates, and what each algorithm gets from it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from hsm.algorithms import Algorithm, Scheme
from sam.algorithms.loading import (
    MAX_FILE_BYTES,
    SHIPPED,
    UnusableAlgorithmPolicyError,
    load,
    read,
)
from sam.algorithms.mechanisms import Family, Mechanism, of_scheme
from sam.algorithms.policy import Use
from sam.errors import AlgorithmEndedError
from tests.sam.algorithms.files import ended, shipped, written

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
P256 = Mechanism(hash="sha-256", family=Family.ECDSA, curve="P-256")
PKCS1_3072 = Mechanism(hash="sha-256", family=Family.RSA_PKCS1, bits=3072)


def rsa(bits: int, hash_name: str = "sha-256") -> Mechanism:
    return Mechanism(hash=hash_name, family=Family.RSA_PSS, bits=bits)


def test_the_shipped_policy_is_of_the_schema() -> None:
    assert read(SHIPPED).id == "ts-119-312"


@pytest.mark.parametrize(
    ("algorithm", "scheme"),
    [
        (Algorithm.P256, Scheme.ECDSA_SHA256),
        (Algorithm.P384, Scheme.ECDSA_SHA384),
        (Algorithm.RSA3072, Scheme.RSA_PSS_SHA256),
        (Algorithm.RSA4096, Scheme.RSA_PKCS1_SHA512),
    ],
)
def test_what_our_devices_make_may_sign_today(
    algorithm: Algorithm, scheme: Scheme
) -> None:
    load(None).require_scheme(algorithm, scheme, NOW)


@pytest.mark.parametrize("use", list(Use))
@pytest.mark.parametrize(
    "mechanism",
    [
        pytest.param(rsa(2048), id="rsa-2048"),
        pytest.param(rsa(2999), id="rsa-2999"),
        pytest.param(rsa(1024), id="rsa-1024"),
        pytest.param(
            Mechanism(hash="sha-256", family=Family.RSA_PKCS1, bits=2048),
            id="pkcs1-2048",
        ),
        pytest.param(rsa(3072, "sha-1"), id="sha-1"),
        pytest.param(rsa(3072, "md5"), id="md5"),
        pytest.param(rsa(3072, "sm3"), id="hash-not-listed"),
        pytest.param(
            Mechanism(hash="sha-256", family=Family.ECDSA, curve="P-192"),
            id="curve-not-listed",
        ),
        pytest.param(
            Mechanism(hash="sha-256", family=Family.ECDSA), id="curve-not-said"
        ),
        pytest.param(
            Mechanism(hash="sha-256", family=Family.RSA_PSS), id="size-not-said"
        ),
    ],
)
def test_what_has_ended_or_is_not_listed_is_refused_for_every_use(
    mechanism: Mechanism, use: Use
) -> None:
    with pytest.raises(AlgorithmEndedError, match=f"not accepted for {use}"):
        load(None).require(use, mechanism, NOW)


@pytest.mark.parametrize("use", list(Use))
@pytest.mark.parametrize("bits", [3000, 3072, 8192])
def test_large_rsa_is_accepted_for_every_use(bits: int, use: Use) -> None:
    """Guards the table above."""
    load(None).require(use, rsa(bits), NOW)


@pytest.mark.parametrize(
    ("now", "accepted"),
    [
        (datetime(2033, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2034, 1, 1, tzinfo=UTC), False),
        # The same moments told elsewhere: a policy's days are days in UTC.
        (datetime(2034, 1, 1, 0, 59, tzinfo=timezone(timedelta(hours=1))), True),
        (datetime(2033, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1))), False),
    ],
    ids=["last-second", "first-day-without", "last-second-east", "first-day-west"],
)
def test_an_end_is_the_first_day_without(now: datetime, accepted: bool) -> None:
    assert load(None).accepts(Use.SIGNING, PKCS1_3072, now) is accepted


def test_before_its_first_day_an_algorithm_is_refused(tmp_path: Path) -> None:
    policy = shipped()
    policy["hashes"][0]["uses"]["signing"] = {"from": "2026-11-21"}

    rules = load(written(tmp_path, policy))

    assert not rules.accepts(Use.SIGNING, P256, NOW)
    assert rules.accepts(Use.SIGNING, P256, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    "subject", [{"name": "sha-256"}, {"curve": "P-256"}], ids=["hash", "curve"]
)
def test_an_operator_ends_an_algorithm_sooner(
    tmp_path: Path, subject: dict[str, object]
) -> None:
    rules = load(written(tmp_path, ended("signing", "2026-11-20", **subject)))

    assert not rules.accepts(Use.SIGNING, P256, NOW)
    assert rules.accepts(Use.SIGNING, P256, NOW - timedelta(days=1))
    assert rules.accepts(Use.TIME_STAMPS, P256, NOW)


def test_an_operator_cannot_keep_what_has_ended(tmp_path: Path) -> None:
    policy = ended("signing", "2040-01-01", family="rsa-pss", min_bits=1900)

    rules = load(written(tmp_path, policy))

    assert not rules.accepts(Use.SIGNING, rsa(2048), NOW)


def test_an_operator_cannot_add_what_is_not_listed(tmp_path: Path) -> None:
    policy = shipped()
    policy["hashes"].append({"name": "sm3", "uses": {"signing": {"until": None}}})

    rules = load(written(tmp_path, policy))

    assert not rules.accepts(Use.SIGNING, rsa(3072, "sm3"), NOW)


@pytest.mark.parametrize(("bits", "accepted"), [(3999, True), (4000, False)])
def test_a_rule_ends_at_its_largest_size(
    tmp_path: Path, bits: int, *, accepted: bool
) -> None:
    policy = shipped()
    large = next(r for r in policy["signatures"] if r.get("min_bits") == 3000)
    large["max_bits"] = 3999

    rules = load(written(tmp_path, policy))

    assert rules.accepts(Use.SIGNING, rsa(bits), NOW) is accepted


def test_what_an_operators_file_leaves_out_is_refused(tmp_path: Path) -> None:
    policy = shipped()
    policy["signatures"] = [
        rule for rule in policy["signatures"] if rule.get("curve") != "P-256"
    ]

    rules = load(written(tmp_path, policy))

    assert not rules.accepts(Use.SIGNING, P256, NOW)


@pytest.mark.parametrize(
    ("ends", "chosen"),
    [
        ({}, (Algorithm.P256, Scheme.ECDSA_SHA256)),
        ({"curve": "P-256"}, (Algorithm.P384, Scheme.ECDSA_SHA384)),
        ({"family": "ecdsa"}, (Algorithm.RSA3072, Scheme.RSA_PSS_SHA256)),
        ({"name": "sha-256"}, (Algorithm.P384, Scheme.ECDSA_SHA384)),
    ],
    ids=["nothing-ended", "P-256", "all-curves", "sha-256"],
)
def test_a_new_key_is_of_the_first_algorithm_that_is_accepted(
    tmp_path: Path, ends: dict[str, object], chosen: tuple[Algorithm, Scheme]
) -> None:
    policy = ended("signing", "2026-11-20", **ends) if ends else shipped()

    assert load(written(tmp_path, policy)).for_a_new_key(NOW) == chosen


def test_without_any_algorithm_there_is_no_new_key(tmp_path: Path) -> None:
    rules = load(written(tmp_path, ended("signing", "2026-11-20")))

    with pytest.raises(AlgorithmEndedError, match="no algorithm of ours"):
        rules.for_a_new_key(NOW)


def test_a_key_with_one_scheme_left_may_be_used(tmp_path: Path) -> None:
    rules = load(written(tmp_path, ended("signing", "2026-11-20", family="rsa-pss")))

    rules.require_key(Algorithm.RSA3072, NOW)


def test_a_key_without_a_scheme_left_may_not_be_used(tmp_path: Path) -> None:
    rules = load(written(tmp_path, ended("signing", "2026-11-20", curve="P-384")))

    with pytest.raises(AlgorithmEndedError, match="P-384"):
        rules.require_key(Algorithm.P384, NOW)


def test_a_scheme_that_ended_is_refused_while_the_key_has_another(
    tmp_path: Path,
) -> None:
    rules = load(written(tmp_path, ended("signing", "2026-11-20", family="rsa-pss")))

    with pytest.raises(AlgorithmEndedError, match="rsa-pss 3072"):
        rules.require_scheme(Algorithm.RSA3072, Scheme.RSA_PSS_SHA256, NOW)


def test_the_soonest_end_counts(tmp_path: Path) -> None:
    policy = ended("signing", "2030-05-05", family="rsa-pkcs1", min_bits=3000)

    rules = load(written(tmp_path, policy))

    ends = {(subject, use): str(until) for subject, use, until in rules.ends()}
    assert ends["rsa-pkcs1 from 3000 bits", Use.SIGNING] == "2030-05-05"
    assert ends["rsa-pkcs1 from 3000 bits", Use.ISSUING] == "2034-01-01"


def test_a_scheme_in_the_policys_words() -> None:
    mechanism = of_scheme(Algorithm.RSA4096, Scheme.RSA_PKCS1_SHA384)

    assert str(mechanism) == "rsa-pkcs1 4096 with sha-384"


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(lambda p: p.pop("hashes"), "hashes: Field", id="no-hashes"),
        pytest.param(lambda p: p.update(extra=1), "extra: ", id="unknown-member"),
        pytest.param(lambda p: p.update(version=7), "version: ", id="version-number"),
        pytest.param(lambda p: p.update(id="A B"), "id: ", id="id-with-a-space"),
        pytest.param(
            lambda p: p["hashes"][0]["uses"].update(sleeping={}), "uses", id="no-use"
        ),
        pytest.param(
            lambda p: p["hashes"][0]["uses"].update(signing={"until": "soon"}),
            "until: ",
            id="no-date",
        ),
        pytest.param(
            lambda p: p["hashes"][0]["uses"].update(signing={"till": None}),
            "till: ",
            id="misspelt-until",
        ),
        pytest.param(
            lambda p: p["hashes"][0]["uses"].update(
                signing={"from": "2027-01-01", "until": "2027-01-01"}
            ),
            "ends before it begins",
            id="ends-before-it-begins",
        ),
        pytest.param(
            lambda p: p["hashes"].append({"name": "sha-256", "uses": {}}),
            "listed twice",
            id="listed-twice",
        ),
        pytest.param(
            lambda p: p["signatures"][0].update(family="dsa"),
            "signatures.0",
            id="unknown-family",
        ),
        pytest.param(
            lambda p: p["signatures"].append(
                {"family": "rsa-pss", "min_bits": 0, "uses": {}}
            ),
            "min_bits: ",
            id="no-size",
        ),
    ],
)
def test_a_policy_with_one_thing_wrong_is_unusable(
    tmp_path: Path, change: Change, complaint: str
) -> None:
    policy = shipped()
    change(policy)
    file = written(tmp_path, policy)

    with pytest.raises(UnusableAlgorithmPolicyError, match=f"{file}: .*{complaint}"):
        load(file)


def test_the_unchanged_policy_is_usable(tmp_path: Path) -> None:
    """Guards the table above."""
    assert len(load(written(tmp_path, shipped())).policies) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b"[" * 60_000],
    ids=["empty", "cut", "list", "no-utf-8", "bomb"],
)
def test_a_file_that_is_no_policy_is_unusable(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "algorithms.json"
    file.write_bytes(content)

    with pytest.raises(UnusableAlgorithmPolicyError, match=str(file)):
        load(file)


def test_a_file_that_is_too_large_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "algorithms.json"
    file.write_text(json.dumps(shipped()).ljust(MAX_FILE_BYTES + 1))

    with pytest.raises(UnusableAlgorithmPolicyError, match="above 65536 bytes"):
        load(file)


def test_a_file_that_is_not_there_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(UnusableAlgorithmPolicyError, match="No such file"):
        load(tmp_path / "algorithms.json")

"""What is said of a signed file when an algorithm ends; what a time stamp changes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.ades import algorithm_ends
from app.ades.algorithm_ends import AlgorithmEnds, Assumed, Mechanism
from app.ades.archives import Archives
from app.ades.errors import UnsignableDocumentError
from app.ades.uplift import (
    Action,
    Cover,
    Proof,
    Protection,
    advise,
    stamp_hash,
)
from app.ades.uplifting import UpliftFailedError, Uplifts
from tests.app.ades.pki import NOW, Pki
from tests.app.ades.strong_tsa import StrongTsa

TODAY = date(2026, 11, 20)
SHA256 = Mechanism(use="signing", hash="sha-256")
DOCUMENT = Proof(subject="document", mechanism=SHA256, depth=0)


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


def ends(*assumed: tuple[str, str]) -> AlgorithmEnds:
    return algorithm_ends.load(None).assume(
        [Assumed(name, date.fromisoformat(day)) for name, day in assumed]
    )


@pytest.mark.parametrize(
    ("end", "covered", "action"),
    [
        pytest.param(None, None, Action.NOTHING, id="no-end"),
        pytest.param("2028-06-01", None, Action.NOTHING, id="far-end"),
        pytest.param("2027-11-21", None, Action.NOTHING, id="a-day-too-far"),
        pytest.param("2027-11-20", None, Action.ARCHIVE, id="within-a-year"),
        pytest.param("2026-11-21", None, Action.ARCHIVE, id="tomorrow"),
        pytest.param("2026-11-20", None, Action.SIGN_AGAIN, id="today-is-too-late"),
        pytest.param("2025-01-01", None, Action.SIGN_AGAIN, id="long-ended"),
        pytest.param("2025-01-01", "2024-12-31", Action.NOTHING, id="covered-in-time"),
        pytest.param("2025-01-01", "2025-01-01", Action.SIGN_AGAIN, id="covered-late"),
        pytest.param("2027-01-01", "2026-01-01", Action.NOTHING, id="covered-already"),
    ],
)
def test_what_is_to_be_done_depends_on_the_end_and_the_cover(
    end: str | None, covered: str | None, action: Action
) -> None:
    covers = () if covered is None else (Cover(made_at=at(covered), depth=1),)
    assumed = ends() if end is None else ends(("sha-256", end))

    advice = advise(Protection(proofs=(DOCUMENT,), covers=covers), assumed, today=TODAY)

    assert advice.action is action


@pytest.mark.parametrize("depth", [0, 1])
def test_a_time_stamp_does_not_cover_itself_or_what_comes_after(depth: int) -> None:
    late = replace(DOCUMENT, depth=1)
    cover = Cover(made_at=at("2024-01-01"), depth=depth)

    advice = advise(
        Protection(proofs=(late,), covers=(cover,)),
        ends(("sha-256", "2025-01-01")),
        today=TODAY,
    )

    assert advice.action is Action.SIGN_AGAIN


def test_a_signatures_own_stamp_covers_it_and_not_the_document() -> None:
    signature = replace(DOCUMENT, subject="signature", stamped_at=at("2024-01-01"))
    assumed = ends(("sha-256", "2025-01-01"))

    alone = advise(Protection(proofs=(signature,), covers=()), assumed, today=TODAY)
    both = advise(
        Protection(proofs=(signature, DOCUMENT), covers=()), assumed, today=TODAY
    )

    assert alone.action is Action.NOTHING
    assert (both.action, both.because) == (
        Action.SIGN_AGAIN,
        "document: sha-256 ends on 2025-01-01",
    )


def test_a_time_stamp_whose_certificate_ends_is_archived_before() -> None:
    stamp = replace(DOCUMENT, subject="time stamp", expires_at=at("2027-03-03"))

    advice = advise(Protection(proofs=(stamp,), covers=()), ends(), today=TODAY)

    assert (advice.action, advice.by) == (Action.ARCHIVE, date(2027, 3, 3))


def test_a_file_without_a_proof_is_to_be_signed() -> None:
    advice = advise(Protection(proofs=(), covers=()), ends(), today=TODAY)

    assert advice.action is Action.SIGN_AGAIN


@pytest.mark.parametrize(
    ("mechanism", "end"),
    [
        (SHA256, None),
        (Mechanism(use="signing", hash="sha-1"), date.min),
        (Mechanism(use="time_stamps", hash="sha-224"), date(2029, 1, 1)),
        (
            Mechanism(use="signing", hash="sha-256", family="rsa-pkcs1", bits=2048),
            date(2026, 4, 1),
        ),
        (
            Mechanism(use="signing", hash="sha-256", family="rsa-pkcs1", bits=3072),
            date(2034, 1, 1),
        ),
        (Mechanism(use="signing", hash="sha-256", family="dsa", bits=3072), date.min),
        (
            Mechanism(use="signing", hash="sha-256", family="ecdsa", curve="P-256"),
            None,
        ),
        (
            Mechanism(use="signing", hash="sha-256", family="ecdsa", curve="P-192"),
            date.min,
        ),
    ],
)
def test_ends_are_those_of_the_sams_policy(
    mechanism: Mechanism, end: date | None
) -> None:
    assert ends().end(mechanism) == end


def test_what_the_policy_does_not_know_cannot_be_assumed_to_end() -> None:
    with pytest.raises(algorithm_ends.UnusablePolicyError, match="sha256: one of"):
        ends(("sha256", "2027-01-01"))


@pytest.mark.parametrize(
    ("ended", "chosen"),
    [
        ([], "sha512"),
        ([("sha-512", "2020-01-01")], "sha384"),
        ([("sha-512", "2030-01-01"), ("sha-384", "2031-01-01")], "sha256"),
        ([("sha-512", "2030-01-01"), ("sha-256", "2029-01-01")], "sha384"),
    ],
)
def test_a_new_time_stamp_takes_the_hash_that_lasts(
    ended: list[tuple[str, str]], chosen: str
) -> None:
    assert stamp_hash(ends(*ended)) == chosen


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b" " * 70_000])
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "policy.json"
    file.write_bytes(content)

    with pytest.raises(algorithm_ends.UnusablePolicyError, match=str(file)):
        algorithm_ends.load(file)


# --- files ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archives() -> Iterator[Archives]:
    made = Archives()
    yield made
    made.close()


@pytest.fixture(scope="module")
def strong() -> StrongTsa:
    return StrongTsa(at=NOW + timedelta(minutes=5))


@pytest.fixture
def uplifts(archives: Archives, pki: Pki, strong: StrongTsa) -> Uplifts:
    return Uplifts(
        archives=archives,
        ends=ends(),
        anchors=(*pki.anchors, strong.anchor),
        crls=(pki.issuing.crl(),),
        now=NOW + timedelta(minutes=10),
    )


SOON = ("sha-256", "2027-01-01")


def test_a_fresh_file_needs_nothing(uplifts: Uplifts, signed: bytes) -> None:
    judged = uplifts.judge(signed)

    assert judged.valid
    assert judged.advice is not None
    assert judged.advice.action is Action.NOTHING


def test_a_file_is_listed_when_its_hash_is_to_end(
    uplifts: Uplifts, signed: bytes
) -> None:
    judged = replace(uplifts, ends=ends(SOON)).judge(signed)

    assert judged.advice is not None
    assert judged.advice.action is Action.ARCHIVE
    assert judged.advice.by == date(2027, 1, 1)


def test_a_file_whose_hash_has_ended_is_to_be_signed_again(
    uplifts: Uplifts, signed: bytes
) -> None:
    judged = replace(uplifts, ends=ends(("sha-256", "2026-01-01"))).judge(signed)

    assert judged.advice is not None
    assert judged.advice.action is Action.SIGN_AGAIN


def test_an_uplifted_file_needs_nothing_and_is_valid(
    uplifts: Uplifts, signed: bytes, strong: StrongTsa
) -> None:
    ending = replace(uplifts, ends=ends(SOON))

    uplifted = ending.uplift(signed, strong)

    judged = ending.judge(uplifted)
    assert uplifted.startswith(signed)
    assert judged.valid
    assert judged.advice is not None
    assert judged.advice.action is Action.NOTHING


def test_an_uplifted_file_is_still_good_after_the_end(
    uplifts: Uplifts, signed: bytes, strong: StrongTsa
) -> None:
    uplifted = replace(uplifts, ends=ends(SOON)).uplift(signed, strong)

    after = replace(uplifts, ends=ends(("sha-256", "2026-11-21"))).judge(uplifted)

    assert after.advice is not None
    assert after.advice.action is Action.NOTHING


def test_an_uplifted_file_can_be_uplifted_again(
    uplifts: Uplifts, signed: bytes, strong: StrongTsa
) -> None:
    once = uplifts.uplift(signed, strong)

    twice = uplifts.uplift(once, strong)

    assert twice.startswith(once)
    assert uplifts.judge(twice).valid


def test_a_time_stamp_by_what_ends_too_is_no_uplift(
    uplifts: Uplifts, signed: bytes, strong: StrongTsa
) -> None:
    ending = replace(uplifts, ends=ends(SOON, ("rsa-pkcs1", "2027-02-01")))

    with pytest.raises(UpliftFailedError, match=r"would not help.*rsa-pkcs1 3072"):
        ending.uplift(signed, strong)


def test_a_time_stamp_that_nobody_vouches_for_is_no_uplift(
    uplifts: Uplifts, signed: bytes
) -> None:
    with pytest.raises(UpliftFailedError, match="would not help"):
        replace(uplifts, ends=ends(SOON)).uplift(signed, StrongTsa())


def test_a_time_stamp_over_something_else_is_no_uplift(
    uplifts: Uplifts, signed: bytes, strong: StrongTsa
) -> None:
    def over_something_else(_digest: bytes, algorithm: str) -> bytes:
        return strong(bytes(64), algorithm)

    with pytest.raises(UpliftFailedError, match="would not help"):
        replace(uplifts, ends=ends(SOON)).uplift(signed, over_something_else)


def test_a_token_without_end_is_no_uplift(uplifts: Uplifts, signed: bytes) -> None:
    with pytest.raises(UnsignableDocumentError):
        uplifts.uplift(signed, lambda _digest, _algorithm: bytes(20_000))


@pytest.mark.parametrize("stamp", [b"", b"0", bytes(100)], ids=["none", "cut", "zeros"])
def test_what_is_no_token_is_no_uplift(
    uplifts: Uplifts, signed: bytes, stamp: bytes
) -> None:
    with pytest.raises((UpliftFailedError, UnsignableDocumentError)):
        uplifts.uplift(signed, lambda _digest, _algorithm: stamp)


@pytest.mark.parametrize("change", [(b"%PDF-1.7", b"%PDF-1.6"), (b"/Type", b"/Tzpe")])
def test_a_changed_file_is_not_made_valid(
    uplifts: Uplifts, signed: bytes, change: tuple[bytes, bytes], strong: StrongTsa
) -> None:
    changed = signed.replace(*change, 1)
    assert changed != signed

    assert uplifts.judge(changed).advice is None
    with pytest.raises((UpliftFailedError, UnsignableDocumentError)):
        uplifts.uplift(changed, strong)


def test_a_file_changed_after_its_uplift_is_not_valid(
    uplifts: Uplifts, signed: bytes, strong: StrongTsa
) -> None:
    uplifted = uplifts.uplift(signed, strong)
    place = uplifted.index(b"/DSS")

    judged = uplifts.judge(uplifted[:place] + b"/DXS" + uplifted[place + 4 :])

    assert judged.advice is None or judged.advice.action is not Action.NOTHING


def shipped() -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(
        (Path(__file__).parents[3] / "sam/algorithms/policy.json").read_text()
    )
    return policy


def test_an_operators_policy_is_read_like_the_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    policy = shipped()
    policy["hashes"][0]["uses"]["signing"] = {"until": "2027-05-05"}
    file.write_text(json.dumps(policy))

    assert algorithm_ends.load(file).end(SHA256) == date(2027, 5, 5)

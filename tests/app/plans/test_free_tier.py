"""What is free, for whom, and when it is not: reserve, return, admit, tell."""

from datetime import UTC, datetime, timedelta

import pytest

from app.plans import free_tier, policy, store
from app.plans.free_tier import OverFreeTierLimitError, QuotaUsedUpError
from sam import errors
from sam import messages as m
from tests.app.plans.conftest import NOW, POLICIES, World

MIDNIGHT = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
"""The end of November in Warsaw."""
MB = 1_000_000


def test_what_the_cap_allows_is_reserved(world: World) -> None:
    world.reserved("Ana", 5)

    assert world.used("Ana") == 5


def test_what_passes_the_cap_is_refused(world: World) -> None:
    world.reserved("Ana", 5)

    with pytest.raises(QuotaUsedUpError):
        world.reserved("Ana")


def test_a_refusal_changes_nothing(world: World) -> None:
    world.reserved("Ana", 4)
    tx = world.sam.approval("Ana")

    with pytest.raises(QuotaUsedUpError):
        world.tier.reserve(tx, 2)

    assert (world.used("Ana"), world.state(tx)) == (4, None)


def test_a_refusal_says_what_is_left_and_until_when(world: World) -> None:
    world.reserved("Ana", 4)

    with pytest.raises(QuotaUsedUpError) as refused:
        world.reserved("Ana", 2)

    assert (refused.value.left, refused.value.resets_at) == (1, MIDNIGHT)


def test_the_reset_is_told_in_the_policys_zone(world: World) -> None:
    world.reserved("Ana", 5)

    with pytest.raises(QuotaUsedUpError) as refused:
        world.reserved("Ana")

    assert refused.value.resets_at.isoformat() == "2026-12-01T00:00:00+01:00"


def test_after_a_refusal_fewer_documents_fit(world: World) -> None:
    world.reserved("Ana", 4)
    with pytest.raises(QuotaUsedUpError):
        world.reserved("Ana", 2)

    world.reserved("Ana", 1)

    assert world.used("Ana") == 5


def test_a_batch_counts_its_documents(world: World) -> None:
    world.reserved("Ana", 3)

    assert world.used("Ana") == 3


def test_one_persons_use_is_not_anothers(world: World) -> None:
    world.reserved("Ana", 5)

    world.reserved("Bo", 5)

    assert world.used("Bo") == 5


def test_reserving_again_changes_nothing(world: World) -> None:
    tx = world.reserved("Ana", 2)

    world.tier.reserve(tx, 2)

    assert world.used("Ana") == 2


def test_reserving_again_does_not_ask_the_sam(world: World) -> None:
    tx = world.signed("Ana")

    world.tier.reserve(tx, 1)

    assert world.sam.calls == ["quota_tag"]


def test_a_new_month_begins_at_nothing(world: World) -> None:
    world.reserved("Ana", 5)
    world.clock.now = MIDNIGHT

    world.reserved("Ana", 5)

    assert world.used("Ana") == 5


def test_without_a_cap_it_is_counted_all_the_same(world: World) -> None:
    free = world.under(policy.load(POLICIES / "demo.json"))

    for _ in range(3):
        free.reserved("Ana", 20)

    assert free.used("Ana") == 60


def test_without_a_policy_nothing_is_asked_or_kept(world: World) -> None:
    tx = world.sam.approval("Ana")

    world.under(None).tier.reserve(tx, 100)

    assert (world.sam.calls, world.state(tx)) == ([], None)


# --- give back


def test_what_is_given_back_is_free_again(world: World) -> None:
    tx = world.reserved("Ana", 5)

    world.tier.give_back(tx)

    assert (world.used("Ana"), world.state(tx)) == (0, "returned")


def test_giving_back_again_changes_nothing(world: World) -> None:
    world.reserved("Ana", 2)
    tx = world.reserved("Ana", 2)
    world.tier.give_back(tx)

    world.tier.give_back(tx)

    assert world.used("Ana") == 2


def test_giving_back_what_was_never_reserved_changes_nothing(world: World) -> None:
    world.reserved("Ana", 2)

    world.tier.give_back(world.sam.approval("Ana"))

    assert world.used("Ana") == 2


def test_what_was_given_back_keeps_no_tag(world: World) -> None:
    tx = world.reserved("Ana")

    world.tier.give_back(tx)

    with world.database.read() as db:
        held = store.reservation(db, tx)
    assert held is not None
    assert held.tag is None


def test_what_was_given_back_counts_when_it_is_reserved_again(world: World) -> None:
    tx = world.reserved("Ana", 2)
    world.tier.give_back(tx)

    world.tier.reserve(tx, 2)

    assert (world.used("Ana"), world.state(tx)) == (2, "reserved")


def test_reserving_again_after_a_return_obeys_the_cap(world: World) -> None:
    tx = world.reserved("Ana", 2)
    world.tier.give_back(tx)
    world.reserved("Ana", 4)

    with pytest.raises(QuotaUsedUpError):
        world.tier.reserve(tx, 2)

    assert (world.used("Ana"), world.state(tx)) == (4, "returned")


# --- the SAM refuses


@pytest.mark.parametrize(
    "refusal",
    [errors.SamUnavailableError, errors.NotVerifiedError, errors.NoPolicyError],
)
def test_what_the_sam_refuses_is_raised_and_nothing_kept(
    on_sqlite: World, refusal: type[errors.SamError]
) -> None:
    on_sqlite.sam.failing["quota_tag"] = refusal
    tx = on_sqlite.sam.approval("Ana")

    with pytest.raises(refusal):
        on_sqlite.tier.reserve(tx, 1)

    assert on_sqlite.state(tx) is None


def test_a_signed_approval_cannot_be_reserved_anew(on_sqlite: World) -> None:
    tx = on_sqlite.signed("Ana")
    on_sqlite.tier.give_back(tx)

    with pytest.raises(errors.NotVerifiedError):
        on_sqlite.tier.reserve(tx, 1)


@pytest.mark.parametrize(
    ("now", "skew"),
    [
        pytest.param(NOW, 0, id="same-period"),
        pytest.param(MIDNIGHT - timedelta(seconds=1), 2, id="the-sam-is-ahead"),
        pytest.param(MIDNIGHT + timedelta(seconds=1), -2, id="the-sam-is-behind"),
    ],
)
def test_at_midnight_the_sams_period_holds(
    on_sqlite: World, now: datetime, skew: int
) -> None:
    on_sqlite.clock.now, on_sqlite.sam.skew = now, timedelta(seconds=skew)

    tx = on_sqlite.reserved("Ana")

    with on_sqlite.database.read() as db:
        held = store.reservation(db, tx)
    assert held is not None
    assert held.period == on_sqlite.policy.period_of(now + on_sqlite.sam.skew).name


def test_a_clock_that_is_wrong_by_months_is_not_argued_with(on_sqlite: World) -> None:
    on_sqlite.sam.skew = timedelta(days=100)

    with pytest.raises(errors.PeriodOverError):
        on_sqlite.reserved("Ana")

    assert on_sqlite.sam.calls == ["quota_tag"] * 2


# --- allowance


def test_an_allowance_says_what_is_left(on_sqlite: World) -> None:
    on_sqlite.reserved("Ana", 2)

    allowance = on_sqlite.tier.allowance(on_sqlite.sam.handle("Ana"))

    assert allowance == free_tier.Allowance(used=2, cap=5, resets_at=MIDNIGHT)
    assert allowance.left == 3


def test_an_allowance_without_cap_leaves_no_number(on_sqlite: World) -> None:
    free = on_sqlite.under(policy.load(POLICIES / "demo.json"))

    allowance = free.tier.allowance(free.sam.handle("Ana"))

    assert allowance is not None
    assert (allowance.cap, allowance.left) == (None, None)


def test_a_lowered_cap_leaves_nothing_rather_than_less(on_sqlite: World) -> None:
    on_sqlite.reserved("Ana", 5)
    lowered = on_sqlite.policy.model_copy(update={"cap": 2})

    allowance = on_sqlite.under(lowered).tier.allowance(on_sqlite.sam.handle("Ana"))

    assert allowance is not None
    assert allowance.left == 0


@pytest.mark.parametrize("refusal", [errors.SamUnavailableError, errors.NoPolicyError])
def test_an_allowance_nobody_can_tell_is_none(
    on_sqlite: World, refusal: type[errors.SamError]
) -> None:
    on_sqlite.sam.failing["quota_tag"] = refusal

    assert on_sqlite.tier.allowance(on_sqlite.sam.handle("Ana")) is None


def test_an_unknown_handle_has_no_allowance(on_sqlite: World) -> None:
    assert on_sqlite.tier.allowance("x" * 43) is None


def test_without_a_policy_there_is_no_allowance(on_sqlite: World) -> None:
    tier = on_sqlite.under(None).tier

    assert tier.allowance(on_sqlite.sam.handle("Ana")) is None


# --- admit


@pytest.mark.parametrize(
    ("sizes", "admitted"),
    [
        pytest.param([5 * MB] * 5, True, id="all-there-is"),
        pytest.param([5 * MB + 1], False, id="one-byte-more"),
        pytest.param([1, 1, 5 * MB + 1], False, id="one-of-them-too-large"),
        pytest.param([1] * 6, False, id="one-document-more"),
    ],
)
def test_the_policys_sizes_are_admitted(
    on_sqlite: World, sizes: list[int], *, admitted: bool
) -> None:
    assert admits(on_sqlite, sizes) is admitted


def admits(world: World, sizes: list[int]) -> bool:
    try:
        world.tier.admit(sizes)
    except OverFreeTierLimitError:
        return False
    return True


def test_what_is_not_admitted_hears_the_policys_sentence(on_sqlite: World) -> None:
    with pytest.raises(OverFreeTierLimitError) as refused:
        on_sqlite.tier.admit([5 * MB + 1])

    assert str(refused.value) == on_sqlite.policy.texts.too_large


def test_without_a_policy_every_size_is_admitted(on_sqlite: World) -> None:
    assert admits(on_sqlite.under(None), [60 * MB] * 20)


# --- purpose


def test_under_a_policy_the_purpose_is_private(on_sqlite: World) -> None:
    assert on_sqlite.tier.purpose() == "private"


def test_without_a_policy_no_purpose_is_declared(on_sqlite: World) -> None:
    assert on_sqlite.under(None).tier.purpose() is None


def test_a_call_to_the_sam_finds_no_transaction_open(on_sqlite: World) -> None:
    pool = on_sqlite.database.engine.pool
    seen: list[int] = []
    asked = on_sqlite.sam.quota_tag

    def watched(call: m.QuotaTag) -> m.QuotaTagged:
        seen.append(pool.checkedout())  # type: ignore[attr-defined]
        return asked(call)

    on_sqlite.sam.quota_tag = watched  # type: ignore[method-assign]
    on_sqlite.reserved("Ana")

    assert seen == [0]

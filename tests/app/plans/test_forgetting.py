"""After a period nothing says who used it; what remains is how much it was used."""

from threading import Thread

import pytest
from sqlalchemy import inspect, text

from app.plans import free_tier, store
from app.plans.free_tier import Figure
from sam import errors
from tests.app.plans.conftest import World


def everything_in(world: World) -> str:
    """Every value of every table, as text."""
    engine = world.database.engine
    with engine.connect() as connection:
        rows = [
            connection.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608
            for table in inspect(engine).get_table_names()
        ]
    return repr(rows)


def tags(world: World, *persons: str) -> list[str]:
    period = world.policy.period_of(world.clock()).name
    return [world.sam.tag(person, period) for person in persons]


def after_the_period(world: World) -> None:
    world.clock.now = world.policy.period_of(world.clock()).ends_at
    world.sam.destroy_keys()


def test_while_the_period_lasts_the_tag_is_kept(world: World) -> None:
    world.signed("Ana")
    (tag,) = tags(world, "Ana")

    world.tier.forget()

    assert tag in everything_in(world)


def test_after_the_period_nothing_holds_a_tag(world: World) -> None:
    world.reserved("Ana")
    world.signed("Bo")
    world.tier.settle()
    world.tier.give_back(world.reserved("Cy"))
    old = tags(world, "Ana", "Bo", "Cy")
    after_the_period(world)

    world.tier.forget()

    kept = everything_in(world)
    assert [tag for tag in old if tag in kept] == []


def test_a_persons_tags_of_two_periods_are_not_alike(world: World) -> None:
    world.signed("Ana")
    (old,) = tags(world, "Ana")
    after_the_period(world)

    world.signed("Ana")

    assert tags(world, "Ana") != [old]


def test_the_sam_does_not_answer_and_tags_are_forgotten_all_the_same(
    world: World,
) -> None:
    world.reserved("Ana")
    (tag,) = tags(world, "Ana")
    after_the_period(world)
    world.sam.failing["status"] = errors.SamUnavailableError

    with pytest.raises(errors.SamUnavailableError):
        world.tier.forget()

    assert tag not in everything_in(world)


def test_a_policy_that_was_replaced_is_forgotten_too(world: World) -> None:
    world.reserved("Ana")
    (tag,) = tags(world, "Ana")
    after_the_period(world)

    world.under(None).tier.forget()

    assert tag not in everything_in(world)


def test_what_is_settled_after_the_period_still_enters_its_total(
    world: World,
) -> None:
    world.signed("Ana", 3)
    after_the_period(world)
    world.tier.forget()

    world.tier.settle()

    assert world.total() == (0, 3)


def test_what_is_returned_after_the_period_leaves_its_total(world: World) -> None:
    tx = world.signed("Ana", 3)
    world.tier.settle()
    after_the_period(world)
    world.tier.forget()

    world.tier.give_back(tx)

    assert (world.state(tx), world.total()[1]) == ("returned", 0)


def test_a_week_after_its_period_a_reservation_is_gone(world: World) -> None:
    tx = world.signed("Ana")
    world.tier.settle()
    after_the_period(world)
    world.clock.now += free_tier.KEPT_AFTER_PERIOD

    world.tier.forget()

    assert world.state(tx) is None


def test_a_reservation_that_is_not_settled_is_kept_for_it(world: World) -> None:
    tx = world.signed("Ana")
    after_the_period(world)
    world.clock.now += free_tier.KEPT_AFTER_PERIOD
    world.sam.failing["status"] = errors.SamUnavailableError
    with pytest.raises(errors.SamUnavailableError):
        world.tier.forget()

    world.tier.settle()

    assert world.state(tx) == "charged"


def test_workers_forget_one_after_the_other(on_postgresql: World) -> None:
    with on_postgresql.database.write() as db:
        store.forget_tags(db, on_postgresql.clock())
        other = Thread(target=on_postgresql.tier.forget)
        other.start()
        other.join(timeout=0.2)
        waits = other.is_alive()
    other.join()

    assert waits


# --- open statistics


@pytest.mark.parametrize(("persons", "told"), [(9, 0), (10, 1)])
def test_a_figure_needs_ten_persons(on_sqlite: World, persons: int, told: int) -> None:
    for n in range(persons):
        on_sqlite.signed(f"person {n}", 2)
    on_sqlite.tier.settle()
    after_the_period(on_sqlite)

    assert len(on_sqlite.tier.statistics()) == told


def test_a_figure_counts_persons_and_documents(on_sqlite: World) -> None:
    for n in range(12):
        on_sqlite.signed(f"person {n}", 2)
    on_sqlite.tier.settle()
    after_the_period(on_sqlite)
    on_sqlite.tier.forget()

    assert on_sqlite.tier.statistics() == (
        Figure(period="2026-11", persons=12, documents=24),
    )


def test_a_period_that_is_not_over_has_no_figure(on_sqlite: World) -> None:
    for n in range(12):
        on_sqlite.signed(f"person {n}")
    on_sqlite.tier.settle()

    assert on_sqlite.tier.statistics() == ()


def test_without_a_policy_there_are_no_figures(on_sqlite: World) -> None:
    assert on_sqlite.under(None).tier.statistics() == ()

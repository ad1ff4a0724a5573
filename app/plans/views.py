"""The page that states the free tier's rule before anybody meets it."""

from collections.abc import Sequence

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.plans.free_tier import FreeTier
from app.plans.policy import Alternative


def plans_blueprint(free_tier: FreeTier) -> Blueprint:
    bp = Blueprint("plans", __name__)

    @bp.get("/free")
    def free() -> ResponseReturnValue:
        policy, period = free_tier.policy, free_tier.period()
        if policy is None or period is None:
            return render_template("free.html", policy=None)
        return render_template(
            "free.html",
            policy=policy,
            resets_at=policy.period.local(period.ends_at),
            alternatives=by_name(policy.alternatives),
            figures=free_tier.statistics(),
        )

    return bp


def by_name(alternatives: Sequence[Alternative]) -> list[Alternative]:
    """The order of the alphabet, which is nobody's preference."""
    return sorted(alternatives, key=lambda other: other.name.casefold())

"""The free tier in tests of the SAM: a policy, and a short way to ask for tags."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from sam import audit, schema
from sam import messages as m
from tests.sam.world import World

POLICY, PERIOD = "pl-like", "2026-11"


def enact(world: World, **changed: object) -> None:
    """The operator's act: the policy's file, and a restart."""
    policy = {
        "id": POLICY,
        "version": "2026-11-01",
        "period": {"unit": "month", "zone": "Europe/Warsaw"},
        "cap": 5,
    }
    world.sam.config.free_tier_policy.write_text(json.dumps(policy | changed))
    world.restart()


def quota(world: World, **call: object) -> m.QuotaTagged:
    """Of ``handle`` or ``tx``; the current policy and period unless told."""
    given = {"policy": POLICY, "period": PERIOD} | call
    return world.client.quota_tag(m.QuotaTag(**given))  # type: ignore[arg-type]


def quota_rows(world: World) -> list[Mapping[str, Any]]:
    with world.sam.database.begin() as connection:
        rows = connection.execute(
            select(schema.quota_keys).order_by(schema.quota_keys.c.planned_at)
        )
        return [dict(row._mapping) for row in rows]


def ends_audited(world: World) -> list[Mapping[str, Any]]:
    return [json.loads(r) for r in world.audited(audit.Event.QUOTA_KEY_DESTROYED)]


def beginnings_audited(world: World) -> list[Mapping[str, Any]]:
    return [json.loads(r) for r in world.audited(audit.Event.QUOTA_KEY_CREATED)]

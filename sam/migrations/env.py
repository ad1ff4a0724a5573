"""Alembic's entry: the SAM's tables on the database that the settings name."""

from typing import Any, Literal

from alembic import context

from sam.database import Database
from sam.schema import UtcDateTime, metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration must not depend on code that may change: plain types only."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


url = context.config.get_main_option("sqlalchemy.url")
if url is None:
    raise RuntimeError("run migrations through `sam setup`, which names the database")

engine = Database(url).engine
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

"""Alembic's environment: run by ``app.database`` on the connection it gives."""

from alembic import context

from app.database import Base
from app.oauth import store as _oauth  # noqa: F401 — tables on the metadata
from app.plans import store as _plans  # noqa: F401
from app.signers import store as _signers  # noqa: F401
from app.signing import tables as _signing  # noqa: F401

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()

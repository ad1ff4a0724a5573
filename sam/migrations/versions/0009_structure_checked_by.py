"""what the web tier says checked that only a signature was added

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('documents', sa.Column('structure_checked_by', sa.String(length=120), nullable=True))


def downgrade() -> None:
    op.drop_column('documents', 'structure_checked_by')

"""lives of passes

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('passes', sa.Column('status_list', sa.Integer(), nullable=True))
    op.add_column('passes', sa.Column('status_index', sa.Integer(), nullable=True))
    op.add_column('passes', sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_passes_place', 'passes', ['status_list', 'status_index'], unique=True)


def downgrade() -> None:
    op.drop_index('ix_passes_place', table_name='passes')
    op.drop_column('passes', 'revoked_at')
    op.drop_column('passes', 'status_index')
    op.drop_column('passes', 'status_list')

"""trust lists, and the category of kept files

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('trust_lists',
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('uri', sa.Text(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('content_sha256', sa.LargeBinary(length=32), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fetch_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('problem', sa.String(length=64), nullable=True),
    sa.Column('problem_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('source', name=op.f('pk_trust_lists'))
    )
    with op.batch_alter_table('kept_files') as batch_op:
        batch_op.add_column(sa.Column('category', sa.String(length=32), server_default='pid_providers', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('kept_files') as batch_op:
        batch_op.drop_column('category')
    op.drop_table('trust_lists')

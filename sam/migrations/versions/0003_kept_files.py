"""kept files

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('kept_files',
    sa.Column('file_id', sa.LargeBinary(length=32), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('uri', sa.Text(), nullable=False),
    sa.Column('trust_point', sa.LargeBinary(), nullable=True),
    sa.Column('wanted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('content_sha256', sa.LargeBinary(length=32), nullable=True),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('usable_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fetch_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('file_id', name=op.f('pk_kept_files'))
    )
    op.create_index(op.f('ix_kept_files_wanted_at'), 'kept_files', ['wanted_at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_kept_files_wanted_at'), table_name='kept_files')
    op.drop_table('kept_files')

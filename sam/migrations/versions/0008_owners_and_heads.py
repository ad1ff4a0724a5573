"""owners and heads

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('owners',
    sa.Column('owner', sa.String(length=64), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('lease_until', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('owner', name=op.f('pk_owners'))
    )
    op.create_table('heads',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('audit_sequence', sa.Integer(), nullable=False),
    sa.Column('audit_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('release_number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_heads'))
    )
    op.add_column('transactions', sa.Column('epoch', sa.Integer(), nullable=True))
    op.add_column('quota_keys', sa.Column('owner', sa.String(length=64), nullable=True))
    op.add_column('quota_keys', sa.Column('epoch', sa.Integer(), nullable=True))
    # Nobody lives under epoch 0: what was being signed before has lost its owner.
    op.execute(sa.text('UPDATE transactions SET epoch = 0 WHERE owner IS NOT NULL'))


def downgrade() -> None:
    op.drop_column('quota_keys', 'epoch')
    op.drop_column('quota_keys', 'owner')
    op.drop_column('transactions', 'epoch')
    op.drop_table('heads')
    op.drop_table('owners')

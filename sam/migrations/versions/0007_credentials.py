"""credentials

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('credentials',
    sa.Column('credential_id', sa.String(length=22), nullable=False),
    sa.Column('handle_sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('signer_id', sa.LargeBinary(length=32), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('algorithm', sa.String(length=16), nullable=False),
    sa.Column('policy', sa.String(length=32), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replaces', sa.String(length=22), nullable=True),
    sa.Column('public_key', sa.LargeBinary(), nullable=True),
    sa.Column('blob', sa.LargeBinary(), nullable=True),
    sa.Column('wrapping_key', sa.LargeBinary(length=16), nullable=True),
    sa.Column('chain', sa.JSON(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('mac', sa.LargeBinary(length=32), nullable=True),
    sa.Column('current_tx', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('credential_id', name=op.f('pk_credentials')),
    sa.UniqueConstraint('handle_sha256', name=op.f('uq_credentials_handle_sha256'))
    )
    op.create_index(op.f('ix_credentials_signer_id'), 'credentials', ['signer_id'])
    op.create_table('credential_ledger',
    sa.Column('sequence', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('credential_id', sa.String(length=22), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('row_mac', sa.LargeBinary(length=32), nullable=False),
    sa.Column('previous_mac', sa.LargeBinary(length=32), nullable=False),
    sa.Column('mac', sa.LargeBinary(length=32), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_credential_ledger')),
    sa.UniqueConstraint('credential_id', 'version', name=op.f('uq_credential_ledger_credential_id'))
    )
    op.create_table('credential_heads',
    sa.Column('only', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('mac', sa.LargeBinary(length=32), nullable=False),
    sa.PrimaryKeyConstraint('only', name=op.f('pk_credential_heads'))
    )
    op.add_column('transactions', sa.Column('credential_id', sa.String(length=22), nullable=True))
    op.add_column('transactions', sa.Column('scheme', sa.String(length=32), nullable=True))
    op.create_index(op.f('ix_transactions_credential_id'), 'transactions', ['credential_id'])
    op.add_column('documents', sa.Column('message_digest', sa.LargeBinary(length=64), nullable=True))
    op.add_column('handles', sa.Column('subject', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column('handles', 'subject')
    op.drop_column('documents', 'message_digest')
    op.drop_index(op.f('ix_transactions_credential_id'), table_name='transactions')
    op.drop_column('transactions', 'scheme')
    op.drop_column('transactions', 'credential_id')
    op.drop_table('credential_heads')
    op.drop_table('credential_ledger')
    op.drop_index(op.f('ix_credentials_signer_id'), table_name='credentials')
    op.drop_table('credentials')

"""authorization code grant, bound tokens, used proofs, what a wallet did with a pass"""

from alembic import op
import sqlalchemy as sa
import app.database

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Offers and tokens live for five minutes and cannot be told in the new columns:
    # the ones under way end, and the person identifies again.
    op.execute("DELETE FROM pass_offers")
    with op.batch_alter_table('pass_offers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('state_hash', sa.String(length=64), nullable=False))
        batch_op.add_column(sa.Column('wallet_event', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('wallet_event_at', app.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_pass_offers_state_hash'), ['state_hash'])

    _drop_tokens()
    op.create_table('access_tokens',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('tx', sa.String(length=64), nullable=False),
    sa.Column('handle', sa.String(length=64), nullable=False),
    sa.Column('client_id', sa.String(length=256), nullable=True),
    sa.Column('thumbprint', sa.String(length=43), nullable=True),
    sa.Column('by_identifier', sa.Boolean(), nullable=False),
    sa.Column('expires_at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['tx'], ['exchanges.tx'], name=op.f('fk_access_tokens_tx'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_access_tokens'))
    )
    with op.batch_alter_table('access_tokens', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_tokens_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_tokens_tx'), ['tx'], unique=False)

    op.create_table('authorizations',
    sa.Column('request_hash', sa.String(length=64), nullable=False),
    sa.Column('tx', sa.String(length=64), nullable=False),
    sa.Column('client_id', sa.String(length=256), nullable=False),
    sa.Column('client_key', sa.String(length=43), nullable=True),
    sa.Column('redirect_uri', sa.String(length=1000), nullable=False),
    sa.Column('scope', sa.String(length=1000), nullable=True),
    sa.Column('state', sa.String(length=1000), nullable=True),
    sa.Column('code_challenge', sa.String(length=43), nullable=False),
    sa.Column('thumbprint', sa.String(length=43), nullable=True),
    sa.Column('by_identifier', sa.Boolean(), nullable=False),
    sa.Column('expires_at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_at', app.database.UtcDateTime(timezone=True), nullable=True),
    sa.Column('code_hash', sa.String(length=64), nullable=True),
    sa.Column('redeemed_at', app.database.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['tx'], ['exchanges.tx'], name=op.f('fk_authorizations_tx'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('request_hash', name=op.f('pk_authorizations')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_authorizations_code_hash'))
    )
    with op.batch_alter_table('authorizations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_authorizations_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_authorizations_tx'), ['tx'], unique=False)

    op.create_table('used_proofs',
    sa.Column('proof_hash', sa.String(length=64), nullable=False),
    sa.Column('thumbprint', sa.String(length=43), nullable=False),
    sa.Column('expires_at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('proof_hash', name=op.f('pk_used_proofs'))
    )
    with op.batch_alter_table('used_proofs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_used_proofs_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_used_proofs_thumbprint'), ['thumbprint'], unique=False)


def downgrade() -> None:
    op.drop_table('used_proofs')
    op.drop_table('authorizations')
    op.drop_table('access_tokens')
    op.create_table('access_tokens',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('handle', sa.String(length=64), nullable=False),
    sa.Column('expires_at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_access_tokens'))
    )
    with op.batch_alter_table('access_tokens', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_tokens_expires_at'), ['expires_at'], unique=False)

    with op.batch_alter_table('pass_offers', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_pass_offers_state_hash'), type_='unique')
        for column in ('wallet_event_at', 'wallet_event', 'state_hash'):
            batch_op.drop_column(column)


def _drop_tokens() -> None:
    with op.batch_alter_table('access_tokens', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_access_tokens_expires_at'))
    op.drop_table('access_tokens')

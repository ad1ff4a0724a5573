"""free tier: counters, reservations, totals, the mark of what is settled"""

from alembic import op
import sqlalchemy as sa
import app.database

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('free_tier_counters',
    sa.Column('policy', sa.String(length=64), nullable=False),
    sa.Column('period', sa.String(length=16), nullable=False),
    sa.Column('tag', sa.String(length=64), nullable=False),
    sa.Column('ends_at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('charged', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('policy', 'period', 'tag', name=op.f('pk_free_tier_counters'))
    )
    with op.batch_alter_table('free_tier_counters', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_free_tier_counters_ends_at'), ['ends_at'], unique=False)

    op.create_table('free_tier_reservations',
    sa.Column('tx', sa.String(length=64), nullable=False),
    sa.Column('policy', sa.String(length=64), nullable=False),
    sa.Column('period', sa.String(length=16), nullable=False),
    sa.Column('ends_at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.Column('tag', sa.String(length=64), nullable=True),
    sa.Column('documents', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('tx', name=op.f('pk_free_tier_reservations'))
    )
    with op.batch_alter_table('free_tier_reservations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_free_tier_reservations_ends_at'), ['ends_at'], unique=False)
        batch_op.create_index('ix_free_tier_reservations_state_at', ['state', 'at'], unique=False)

    op.create_table('free_tier_totals',
    sa.Column('policy', sa.String(length=64), nullable=False),
    sa.Column('period', sa.String(length=16), nullable=False),
    sa.Column('ends_at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('documents', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('policy', 'period', name=op.f('pk_free_tier_totals'))
    )
    mark = op.create_table('free_tier_mark',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('release', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_free_tier_mark'))
    )
    op.bulk_insert(mark, [{'id': 1, 'release': 0}])


def downgrade() -> None:
    op.drop_table('free_tier_mark')
    op.drop_table('free_tier_totals')
    with op.batch_alter_table('free_tier_reservations', schema=None) as batch_op:
        batch_op.drop_index('ix_free_tier_reservations_state_at')
        batch_op.drop_index(batch_op.f('ix_free_tier_reservations_ends_at'))

    op.drop_table('free_tier_reservations')
    with op.batch_alter_table('free_tier_counters', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_free_tier_counters_ends_at'))

    op.drop_table('free_tier_counters')

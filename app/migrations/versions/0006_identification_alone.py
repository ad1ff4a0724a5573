"""identifications that belong to no request, and answers that browsers carry"""

from alembic import op
import sqlalchemy as sa

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('exchanges', schema=None) as batch_op:
        batch_op.alter_column('request_id', existing_type=sa.String(length=32), nullable=True)
        batch_op.add_column(sa.Column('dc_api', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('started_on', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('issued_by', sa.String(length=128), nullable=True))
    with op.batch_alter_table('exchanges', schema=None) as batch_op:
        batch_op.alter_column('dc_api', server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM exchanges WHERE request_id IS NULL OR dc_api")
    with op.batch_alter_table('exchanges', schema=None) as batch_op:
        for column in ('issued_by', 'started_on', 'dc_api'):
            batch_op.drop_column(column)
        batch_op.alter_column('request_id', existing_type=sa.String(length=32), nullable=False)

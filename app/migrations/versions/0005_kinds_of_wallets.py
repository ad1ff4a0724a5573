"""which kind of wallet a browser's person uses, and how its link is written"""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('browser_sessions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('wallet_profile', sa.String(length=32), nullable=True))
    # An exchange that is under way was opened for the one kind there was.
    with op.batch_alter_table('exchanges', schema=None) as batch_op:
        batch_op.add_column(sa.Column('link_scheme', sa.String(length=200), nullable=False, server_default='openid4vp'))
        batch_op.add_column(sa.Column('request_uri_method', sa.String(length=8), nullable=False, server_default='post'))
    with op.batch_alter_table('exchanges', schema=None) as batch_op:
        batch_op.alter_column('link_scheme', server_default=None)
        batch_op.alter_column('request_uri_method', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('exchanges', schema=None) as batch_op:
        batch_op.drop_column('request_uri_method')
        batch_op.drop_column('link_scheme')
    with op.batch_alter_table('browser_sessions', schema=None) as batch_op:
        batch_op.drop_column('wallet_profile')

"""several documents in a request, typed codes, hand-overs"""

from alembic import op
import sqlalchemy as sa
import app.database

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

OF_A_DOCUMENT = (
    "name", "prepared", "length", "original_length", "byte_range", "sdr", "sodr",
    "page_count", "findings", "label", "code", "signed",
)


def upgrade() -> None:
    op.create_table('documents',
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('prepared', sa.String(length=64), nullable=False),
    sa.Column('length', sa.Integer(), nullable=False),
    sa.Column('original_length', sa.Integer(), nullable=False),
    sa.Column('byte_range', sa.JSON(), nullable=False),
    sa.Column('sdr', sa.String(length=64), nullable=False),
    sa.Column('sodr', sa.String(length=64), nullable=False),
    sa.Column('page_count', sa.Integer(), nullable=False),
    sa.Column('findings', sa.JSON(), nullable=False),
    sa.Column('earlier_signatures', sa.JSON(), nullable=False),
    sa.Column('label', sa.String(length=400), nullable=True),
    sa.Column('code', sa.String(length=16), nullable=True),
    sa.Column('signed', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['signing_requests.id'], name=op.f('fk_documents_request_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('request_id', 'position', name=op.f('pk_documents'))
    )
    columns = ", ".join(OF_A_DOCUMENT)
    op.execute(
        f"INSERT INTO documents (request_id, position, earlier_signatures, {columns})"
        f" SELECT id, 1, '[]', {columns} FROM signing_requests"
    )
    with op.batch_alter_table('signing_requests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('started_on', sa.String(length=60), nullable=False, server_default='a browser'))
        batch_op.add_column(sa.Column('terms_version', sa.String(length=64), nullable=True))
        for column in OF_A_DOCUMENT:
            batch_op.drop_column(column)
    with op.batch_alter_table('signing_requests', schema=None) as batch_op:
        batch_op.alter_column('started_on', server_default=None)

    op.create_table('handovers',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('ticket_hash', sa.String(length=64), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('from_browser_id', sa.String(length=32), nullable=False),
    sa.Column('expires_at', app.database.UtcDateTime(timezone=True), nullable=False),
    sa.Column('taken_at', app.database.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['from_browser_id'], ['browser_sessions.id'], name=op.f('fk_handovers_from_browser_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['request_id'], ['signing_requests.id'], name=op.f('fk_handovers_request_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handovers')),
    sa.UniqueConstraint('ticket_hash', name=op.f('uq_handovers_ticket_hash'))
    )
    with op.batch_alter_table('handovers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_handovers_request_id'), ['request_id'], unique=False)

    # An exchange lives for minutes and its return code cannot be derived here: the
    # ones under way end, and the person asks again.
    op.execute("DELETE FROM pass_offers")
    op.execute("DELETE FROM exchanges")
    op.execute(
        "UPDATE signing_requests SET state = 'ready', tx = NULL, reason = 'tried_again'"
        " WHERE state IN ('awaiting_wallet', 'awaiting_confirmation')"
    )
    with op.batch_alter_table('exchanges', schema=None) as batch_op:
        batch_op.add_column(sa.Column('return_hash', sa.String(length=64), nullable=False))
        batch_op.add_column(sa.Column('error_hash', sa.String(length=64), nullable=False))
        batch_op.add_column(sa.Column('code_tries', sa.Integer(), nullable=False))
        batch_op.add_column(sa.Column('confirmed_by', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('closed_at', app.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_exchanges_return_hash'), ['return_hash'])
        batch_op.create_unique_constraint(batch_op.f('uq_exchanges_error_hash'), ['error_hash'])


def downgrade() -> None:
    op.execute("DELETE FROM pass_offers")
    op.execute("DELETE FROM exchanges")
    with op.batch_alter_table('exchanges', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_exchanges_error_hash'), type_='unique')
        batch_op.drop_constraint(batch_op.f('uq_exchanges_return_hash'), type_='unique')
        for column in ('closed_at', 'confirmed_by', 'code_tries', 'error_hash', 'return_hash'):
            batch_op.drop_column(column)
    op.drop_table('handovers')
    # Requests of several documents cannot be told in one row; they go.
    op.execute("DELETE FROM signing_requests")
    op.drop_table('documents')
    with op.batch_alter_table('signing_requests', schema=None) as batch_op:
        batch_op.drop_column('terms_version')
        batch_op.drop_column('started_on')
        for restored in (
            sa.Column('name', sa.String(length=120), nullable=False),
            sa.Column('prepared', sa.String(length=64), nullable=False),
            sa.Column('length', sa.Integer(), nullable=False),
            sa.Column('original_length', sa.Integer(), nullable=False),
            sa.Column('byte_range', sa.JSON(), nullable=False),
            sa.Column('sdr', sa.String(length=64), nullable=False),
            sa.Column('sodr', sa.String(length=64), nullable=False),
            sa.Column('page_count', sa.Integer(), nullable=False),
            sa.Column('findings', sa.JSON(), nullable=False),
            sa.Column('label', sa.String(length=400), nullable=True),
            sa.Column('code', sa.String(length=16), nullable=True),
            sa.Column('signed', sa.String(length=64), nullable=True),
        ):
            batch_op.add_column(restored)

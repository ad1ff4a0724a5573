"""revoked certificates

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('revoked_certificates',
    sa.Column('certificate_sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('certificate', sa.LargeBinary(), nullable=False),
    sa.Column('issuer', sa.LargeBinary(), nullable=False),
    sa.Column('reason', sa.String(length=32), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ask_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shown_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('certificate_sha256')
    )


def downgrade() -> None:
    op.drop_table('revoked_certificates')

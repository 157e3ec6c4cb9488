"""Subscribers who asked to get nothing without asking."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
expands = True


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("declined_at", sa.BigInteger()))

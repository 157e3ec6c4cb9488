"""Nodes hold their names, and the binds of an account with a limit, under leases."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "node",
        sa.Column("instance", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("machine", sa.String(length=128), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("instance"),
        sa.UniqueConstraint("name", name="uq_node_name"),
        sa.UniqueConstraint("number", name="uq_node_number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bind_slot",
        sa.Column("account", sa.String(length=320), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("instance", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("account", "slot"),
        sqlite_with_rowid=False,
    )

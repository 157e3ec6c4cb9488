"""Receipts that wait for their push, and which attempt of a push a message id belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
expands = True


def upgrade() -> None:
    for name, default in (("attempt", "-1"), ("parts", "0"), ("noted", "0")):
        op.add_column("submission", sa.Column(name, sa.SmallInteger(), nullable=False, server_default=sa.text(default)))
    op.create_table(
        "parked_receipt",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=65), nullable=False),
        sa.Column("destination", sa.String(length=21), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("error", sa.String(length=32), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.BigInteger(), nullable=False),
        sa.Column("look_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "route", "message_id", "destination", "state"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_parked_receipt_look_at", "parked_receipt", ["look_at"])
    op.create_index("ix_parked_receipt_destination", "parked_receipt", ["destination"])

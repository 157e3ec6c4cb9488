"""On SQLite pushes lie in the order of their ids, and so of time: what is stored together shares its pages.

The id is the row's number there. It names its bucket, so that the two together are unique as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
expands = True  # columns, and what is unique among them, stay as they are


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    table = op.create_table(
        "push_by_id",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("imsi", sa.String(length=15), nullable=False),
        sa.Column("msisdn", sa.String(length=15), nullable=False),
        sa.Column("device", sa.String(length=14), nullable=False),
        sa.Column("settings", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("key_released", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("security", sa.SmallInteger()),
        sa.Column("sealed_secrets", sa.Text()),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("attention_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=64)),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("route", sa.String(length=64)),
        sa.Column("parts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivered_parts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts_before", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    names = [column.name for column in table.columns]
    before = sa.table("push", *map(sa.column, names))
    op.execute(sa.insert(table).from_select(names, sa.select(before).order_by(before.c.id)))
    op.drop_table("push")
    op.rename_table("push_by_id", "push")
    for name, columns, condition in (
        ("ix_push_attention", ["state", "attention_at", "bucket", "id"], "state < 5"),
        ("ix_push_ended_badly", ["state", "id"], "state > 5"),
    ):
        op.create_index(name, "push", columns, sqlite_where=sa.text(condition))
    op.create_index(
        "uq_push_pair_key", "push", ["bucket", "imsi", "device", "fingerprint", "key_released"], unique=True
    )

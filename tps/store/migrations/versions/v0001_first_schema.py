"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("set_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_up_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idempotency",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pair",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("imsi", sa.String(length=15), nullable=False),
        sa.Column("device", sa.String(length=14), nullable=False),
        sa.Column("software_version", sa.String(length=2), nullable=True),
        sa.Column("dirty", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "imsi", "device"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "push",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("imsi", sa.String(length=15), nullable=False),
        sa.Column("msisdn", sa.String(length=15), nullable=False),
        sa.Column("device", sa.String(length=14), nullable=False),
        sa.Column("settings", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("key_released", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("security", sa.SmallInteger(), nullable=True),
        sa.Column("sealed_secrets", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("attention_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=True),
        sa.Column("parts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivered_parts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_push_attention",
        "push",
        ["state", "attention_at", "bucket", "id"],
        unique=False,
        sqlite_where=sa.text("state < 5"),
        postgresql_where=sa.text("state < 5"),
    )
    op.create_index(
        "uq_push_pair_key", "push", ["bucket", "imsi", "device", "fingerprint", "key_released"], unique=True
    )
    op.create_table(
        "server_secret",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("sealed_value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sealed_body", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "submission",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=65), nullable=False),
        sa.Column("push_bucket", sa.SmallInteger(), nullable=False),
        sa.Column("push_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("msisdn", sa.String(length=15), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "route", "message_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriber",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("imsi", sa.String(length=15), nullable=False),
        sa.Column("msisdn", sa.String(length=15), nullable=False),
        sa.Column("settings", sa.String(length=64), nullable=True),
        sa.Column("sealed_values", sa.Text(), nullable=True),
        sa.Column("sealed_pin", sa.Text(), nullable=True),
        sa.Column("device", sa.String(length=14), nullable=True),
        sa.Column("device_seen_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "imsi"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriber_number",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("msisdn", sa.String(length=15), nullable=False),
        sa.Column("imsi", sa.String(length=15), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "msisdn"),
        sqlite_with_rowid=False,
    )

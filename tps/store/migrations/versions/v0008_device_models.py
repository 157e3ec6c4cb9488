"""What is known of device models."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
expands = True


def upgrade() -> None:
    op.create_table(
        "device_model",
        sa.Column("tac", sa.String(length=8), nullable=False),
        sa.Column("brand_key", sa.String(length=300), nullable=False),
        sa.Column("model_key", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "brand", "model",
                "client_provisioning", "browser_settings", "mobileconfig", "quirks", "hints", "licence",
            )
        ),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tac", "brand_key", "model_key", "source"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "device_change",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )

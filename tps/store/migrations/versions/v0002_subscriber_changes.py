"""Which subscribers were changed lately."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "subscriber_change",
        sa.Column("bucket", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket"),
        sqlite_with_rowid=False,
    )

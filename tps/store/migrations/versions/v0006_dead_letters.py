"""Dead letters are found without reading all pushes, and begin again with all their attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
expands = True


def upgrade() -> None:
    column = sa.Column("attempts_before", sa.SmallInteger(), nullable=False, server_default=sa.text("0"))
    op.add_column("push", column)
    op.create_index(
        "ix_push_ended_badly",
        "push",
        ["state", "id"],
        sqlite_where=sa.text("state > 5"),
        postgresql_where=sa.text("state > 5"),
    )

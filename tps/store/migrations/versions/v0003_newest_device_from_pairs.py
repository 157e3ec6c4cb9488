"""The newest device of a subscriber stands in the pairs alone."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_column("subscriber", "device")
    op.drop_column("subscriber", "device_seen_at")

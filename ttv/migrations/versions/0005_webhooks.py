"""which webhooks were taken, and when a source last sent one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "delivery",
        sa.Column("source", _KEY, primary_key=True),
        sa.Column("digest", _KEY, primary_key=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("delivery_by_time", "delivery", ["taken_at"])
    op.add_column("source", sa.Column("heard_at", sa.BigInteger()))

"""which webhooks were taken, when a source last sent one, and from when on it is to be looked at because of that."""

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
    for name in ("heard_at", "wanted_at"):
        op.add_column("source", sa.Column(name, sa.BigInteger()))

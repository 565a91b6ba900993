"""which version the data has, a number that goes up with every change; and in which state each source is."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "data_version",
        sa.Column("of", sa.Text(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
    for name in ("state", "remedy", "scope"):
        op.add_column("source", sa.Column(name, sa.Text()))

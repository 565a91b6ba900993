"""what a census of each source found, and what is needed to read quarantined records again or to drop them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply the step."""
    op.add_column("source", sa.Column("census_at", sa.BigInteger()))
    op.add_column("source", sa.Column("census_fault", sa.Text()))
    for column in (
        sa.Column("reader", sa.Text()),
        sa.Column("dropped_at", sa.BigInteger()),
        sa.Column("by", sa.Text()),
        sa.Column("why", sa.Text()),
    ):
        op.add_column("quarantine", column)

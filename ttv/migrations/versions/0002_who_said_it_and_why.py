"""who said it by hand, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply the step."""
    for table in ("event", "event_version", "link", "link_version", "initiative", "initiative_version"):
        op.add_column(table, sa.Column("by", sa.Text()))
        op.add_column(table, sa.Column("why", sa.Text()))
    for table in ("link_version", "initiative_version"):
        op.add_column(table, sa.Column("ended_by", sa.Text()))
        op.add_column(table, sa.Column("ended_why", sa.Text()))

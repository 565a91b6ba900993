"""what each version of the log touched, so that what is kept of it can be brought up to date."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "change",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("touched", sa.Text(), nullable=False),
    )

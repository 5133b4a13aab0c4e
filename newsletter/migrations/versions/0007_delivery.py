"""Delivery: whether a message's body may have left, what is known of destinations, and the pace that is kept."""

import sqlalchemy as sa
from alembic import op

from subscribers.models import Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("handed_over", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Whoever was in the midst of sending may have written the dot: nothing was noted of it then.
    op.execute(sa.text("UPDATE delivery SET handed_over = true WHERE state = 'sending'"))
    waits = sa.text("state IN ('pending', 'deferred', 'unknown')")
    op.drop_index("ix_delivery_due", "delivery")
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["state", "not_before", "id"],
        unique=False,
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.create_table(
        "destination",
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("paused_until", Utc(), nullable=True),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_destination")),
    )
    op.create_table(
        "pace",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("next_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pace")),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_due", "delivery")
    op.create_index("ix_delivery_due", "delivery", ["state", "not_before", "id"], unique=False)
    op.drop_table("pace")
    op.drop_table("destination")
    op.drop_column("delivery", "handed_over")

"""Confirmations and cool-downs of the web's sign-up, and an index for letters that somebody waits for."""

import sqlalchemy as sa
from alembic import op

from subscribers.models import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "join",
                "change",
                "data",
                name="confirmationkind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.Column("old_at", Utc(), nullable=True),
        sa.Column("new_at", Utc(), nullable=True),
        sa.Column("used_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_confirmation_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_confirmation_subscriber_id"), "confirmation", ["subscriber_id"], unique=False)
    op.create_index(op.f("ix_confirmation_expires_at"), "confirmation", ["expires_at"], unique=False)
    op.create_table(
        "cooldown",
        sa.Column("mailbox", sa.String(length=64), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_cooldown")),
    )
    op.create_index(op.f("ix_cooldown_until"), "cooldown", ["until"], unique=False)
    op.create_index(
        "ix_delivery_letter",
        "delivery",
        ["state", "not_before", "id"],
        unique=False,
        sqlite_where=sa.text("letter <> 'digest'"),
        postgresql_where=sa.text("letter <> 'digest'"),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_letter", "delivery")
    op.drop_table("cooldown")
    op.drop_table("confirmation")

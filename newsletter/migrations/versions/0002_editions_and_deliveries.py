"""Editions, deliveries with their picks, and feedback."""

import sqlalchemy as sa
from alembic import op

from subscribers.models import Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# In an order that no foreign key minds; their indexes go with them.
TABLES = ("pick", "editionpaper", "delivery", "feedback", "edition", "frozen")


def upgrade() -> None:
    op.create_table(
        "frozen",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_frozen")),
    )
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("template_hash", sa.String(length=64), nullable=False),
        sa.Column("model_version", sa.String(length=40), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["template_hash"], ["frozen.hash"], name=op.f("fk_edition_template_hash_frozen")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("date", "template_hash", name=op.f("uq_edition_date_template_hash")),
    )
    op.create_table(
        "feedback",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("thumb", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper"], ["paper.key"], name=op.f("fk_feedback_paper_paper"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_feedback_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "paper", name=op.f("pk_feedback")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("letter", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=80), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "sending",
                "sent",
                "deferred",
                "failed",
                "suppressed",
                "unknown",
                "skipped",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("date", Utc(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", Utc(), nullable=False),
        sa.Column("not_after", Utc(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", Utc(), nullable=True),
        sa.Column("sent_at", Utc(), nullable=True),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_delivery_edition_id_edition")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_delivery_subscriber_id_subscriber"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "subscriber_id", "letter", "period", name=op.f("uq_delivery_subscriber_id_letter_period")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_due", "delivery", ["state", "not_before", "id"], unique=False)
    op.create_index(
        "ix_delivery_lease",
        "delivery",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(op.f("ix_delivery_period"), "delivery", ["period"], unique=False)
    op.create_table(
        "editionpaper",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("paper", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_editionpaper_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "paper", name=op.f("pk_editionpaper")),
    )
    op.create_table(
        "pick",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("paper", sa.String(length=200), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("trending", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_pick_delivery_id_delivery"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_pick_subscriber_id_subscriber"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "paper", name=op.f("pk_pick")),
    )
    op.create_index(op.f("ix_pick_delivery_id"), "pick", ["delivery_id"], unique=False)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)

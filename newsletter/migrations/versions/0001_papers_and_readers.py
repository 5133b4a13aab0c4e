"""Papers, what sources tell of them, and the readers."""

import sqlalchemy as sa
from alembic import op

from subscribers.models import Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# In an order that no foreign key minds; their indexes go with them.
TABLES = (
    "follow",
    "consent",
    "suppression",
    "subscriber",
    "signal",
    "papersource",
    "alias",
    "sourcestate",
    "paper",
)


def upgrade() -> None:
    op.create_table(
        "paper",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("abstract", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("author_count", sa.Integer(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("pdf_url", sa.String(), nullable=False),
        sa.Column("code_url", sa.String(), nullable=False),
        sa.Column("discussion_url", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", Utc(), nullable=True),
        sa.Column("announced_at", Utc(), nullable=False),
        sa.Column("first_seen_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_paper")),
    )
    op.create_index(op.f("ix_paper_announced_at"), "paper", ["announced_at"], unique=False)
    op.create_table(
        "sourcestate",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.Column("last_success_at", Utc(), nullable=True),
        sa.Column("last_error_at", Utc(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sourcestate")),
    )
    op.create_table(
        "alias",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.key"], name=op.f("fk_alias_paper_paper"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alias")),
    )
    op.create_index(op.f("ix_alias_paper"), "alias", ["paper"], unique=False)
    op.create_table(
        "papersource",
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("announced_at", Utc(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=False),
        sa.Column("view", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper"], ["paper.key"], name=op.f("fk_papersource_paper_paper"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper", "source", name=op.f("pk_papersource")),
    )
    op.create_table(
        "signal",
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("seen_at", Utc(), nullable=False),
        sa.Column("upvotes", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.key"], name=op.f("fk_signal_paper_paper"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper", "source", "seen_at", name=op.f("pk_signal")),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "active",
                "paused",
                "unsubscribed",
                "bounced",
                "complained",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "cadence",
            sa.Enum(
                "daily",
                "weekdays",
                "chosen",
                "weekly",
                name="cadence",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("weekdays", sa.String(length=40), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("paused_until", Utc(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("confirmed_at", Utc(), nullable=True),
        sa.CheckConstraint("hour between 0 and 23", name=op.f("ck_subscriber_hour")),
        sa.CheckConstraint("size between 1 and 50", name=op.f("ck_subscriber_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("email", name=op.f("uq_subscriber_email")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_subscriber_status"), "subscriber", ["status"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_suppression")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_consent_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_subscriber_id"), "consent", ["subscriber_id"], unique=False)
    op.create_table(
        "follow",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "topic",
                "keyword",
                "author",
                "category",
                "org",
                name="followkind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_follow_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow")),
    )
    op.create_index(op.f("ix_follow_subscriber_id"), "follow", ["subscriber_id"], unique=False)
    op.create_index("uq_subscriber_identity", "subscriber", [sa.text("lower(email)")], unique=True)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)

"""A consent row's id is in a signed link: on SQLite too it never comes to mean another row."""

import sqlalchemy as sa
from alembic import op

from subscribers.models import Utc

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _recreate(autoincrement=True)


def downgrade() -> None:
    _recreate(autoincrement=False)


def _recreate(*, autoincrement: bool) -> None:
    # PostgreSQL's sequences never give a number twice.
    if op.get_bind().dialect.name != "sqlite":
        return
    # Named here, not reflected: SQLAlchemy warns of the reader's index over lower(email).
    consent = sa.Table(
        "consent",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column(
            "subscriber_id",
            sa.Integer(),
            sa.ForeignKey("subscriber.id", name="fk_consent_subscriber_id_subscriber", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=400), nullable=False),
        sa.Index("ix_consent_subscriber_id", "subscriber_id"),
        sqlite_autoincrement=autoincrement,
    )
    with op.batch_alter_table("consent", recreate="always", copy_from=consent):
        pass

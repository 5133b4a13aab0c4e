"""Ranking: what was learned from the archive, papers' vectors, papers that readers named as examples."""

import sqlalchemy as sa
from alembic import op

from subscribers.models import Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archivemodel",
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("prior", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_archivemodel")),
    )
    op.create_table(
        "embedding",
        sa.Column("paper", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper"], ["paper.key"], name=op.f("fk_embedding_paper_paper"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper", "model", name=op.f("pk_embedding")),
    )
    op.create_table(
        "example",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("abstract", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_example_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_example")),
        sa.UniqueConstraint("subscriber_id", "key", name=op.f("uq_example_subscriber_id_key")),
    )
    op.create_index("ix_example_key", "example", ["key"], unique=False)


def downgrade() -> None:
    for table in ("example", "embedding", "archivemodel"):
        op.drop_table(table)

"""The clock and the record: when a digest was due, why it was skipped, holds, the journal, marks, notices."""

import re

import sqlalchemy as sa
from alembic import op

from subscribers.models import Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("adminlink", "notice", "turn", "mark", "run", "hold")
SKIPS = ("nothing", "late", "missed", "soon", "day off", "resting", "cancelled")
CADENCES = ("daily", "weekdays", "chosen", "weekly", "monthly")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def upgrade() -> None:
    _cadences(CADENCES)
    op.add_column("sourcestate", sa.Column("last_news_at", Utc(), nullable=True))
    op.add_column("delivery", sa.Column("due_at", Utc(), nullable=True))
    # In words of its own: to add a checked column Alembic would copy the table, and lose how it counts its rows.
    check = f"CONSTRAINT ck_delivery_skip CHECK (skipped_for IN ({_quoted(SKIPS)}))"
    op.execute(f"ALTER TABLE delivery ADD COLUMN skipped_for VARCHAR(20) {check}")
    op.create_index("ix_delivery_due_at", "delivery", ["due_at"], unique=False)
    op.create_table(
        "hold",
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("state", _enum("holdstate", "held", "released", "cancelled"), nullable=False),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("settled_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("date", name=op.f("pk_hold")),
    )
    kinds = ("fetch", "plan", "gate", "send", "admin", "report", "tidy", "tick")
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("runkind", *kinds), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_kind_started_at", "run", ["kind", "started_at"], unique=False)
    op.create_table(
        "mark",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mark")),
    )
    op.create_table(
        "turn",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_turn")),
    )
    op.create_table(
        "notice",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_at", "notice", ["at"], unique=False)
    op.create_table(
        "adminlink",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.Column("used_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_adminlink")),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_delivery_due_at", table_name="delivery")
    for table, column in (("delivery", "skipped_for"), ("delivery", "due_at"), ("sourcestate", "last_news_at")):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute("UPDATE subscriber SET cadence = 'weekly' WHERE cadence = 'monthly'")
    _cadences(CADENCES[:-1])


def _cadences(values: tuple[str, ...]) -> None:
    """What the cadence's CHECK lets pass."""
    said = _quoted(values)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_subscriber_cadence"), "subscriber", type_="check")
        op.create_check_constraint(op.f("ck_subscriber_cadence"), "subscriber", f"cadence IN ({said})")
        return
    # SQLite can only copy the table: https://sqlite.org/lang_altertable.html#otheralter. Alembic's way stumbles
    # over the index on an expression and lets the numbers of erased readers be given again.
    rows = op.get_bind().exec_driver_sql("SELECT type, sql FROM sqlite_master WHERE tbl_name = 'subscriber'").all()
    table = next(sql for kind, sql in rows if kind == "table")
    checked = re.sub(r"cadence IN \([^)]*\)", f"cadence IN ({said})", table)
    last = op.get_bind().exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'subscriber'").scalar()
    op.execute(re.sub(r"TABLE \"?subscriber\"?", "TABLE subscriber_new", checked, count=1))
    op.execute("INSERT INTO subscriber_new SELECT * FROM subscriber")
    op.execute("DROP TABLE subscriber")
    op.execute("ALTER TABLE subscriber_new RENAME TO subscriber")
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'subscriber'")
    sequence = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
    op.execute(sequence.insert().values(name="subscriber", seq=last or 0))
    for kind, sql in rows:
        if kind == "index" and sql:
            op.execute(sql)

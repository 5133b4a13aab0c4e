"""Alembic's entry: runs the scripts on the connection that `migrate` handed in."""

from alembic import context
from sqlmodel import SQLModel

import newsletter.models
import newsletter.record_models  # noqa: F401 - they register the tables for autogenerate

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite can alter a table only by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

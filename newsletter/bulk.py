"""Many rows at once: plain tuples in and out of the driver, with statements that are compiled once."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Dialect, Executable, bindparam
from sqlalchemy.engine import CursorResult
from sqlmodel import Session, SQLModel

from newsletter.db import batches, insert

Row = tuple[Any, ...]

AT_ONCE = 512  # rows of one statement: both databases take thirty thousand values


def fetched(session: Session, asked: Executable) -> list[Row]:
    """The rows as the driver gives them: for columns of numbers and text, which need nothing done to them."""
    found: CursorResult[Any] = session.connection().execute(asked)
    with found:
        rows: list[Row] = list(map(tuple, found.cursor.fetchall()))
    return rows


def _columns(table: type[SQLModel]) -> Any:  # noqa: ANN401 - SQLAlchemy's own kind of collection
    return table.__table__.columns  # type: ignore[attr-defined] # SQLModel does not declare it


@cache
def defaults(table: type[SQLModel]) -> dict[str, Any]:
    """What stands in columns of which nobody says anything."""
    return {each.name: each.default.arg for each in _columns(table) if each.default and each.default.is_scalar}


def in_order(table: type[SQLModel], names: Collection[str]) -> tuple[str, ...]:
    """These columns in the table's own order, in which statements are made."""
    return tuple(each.name for each in _columns(table) if each.name in names)


def as_stored(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Values as the driver takes them, in the table's order of columns; the same object is converted once."""
    dialect = session.get_bind().dialect
    columns = []
    for name in in_order(table, rows[0]):
        kind = _columns(table)[name].type
        convert = kind.dialect_impl(dialect).bind_processor(dialect)
        values = [row[name] for row in rows]
        columns.append(values if convert is None else _converted(convert, values))
    return list(zip(*columns, strict=True))


def _converted(convert: Any, values: Sequence[Any]) -> list[Any]:  # noqa: ANN401 - SQLAlchemy's own kind of callable
    """Most rows share the very object: so it is looked for by its identity, not by its worth."""
    known: dict[int, Any] = {}
    return [
        known[id(value)] if id(value) in known else known.setdefault(id(value), convert(value)) for value in values
    ]


def insert_all(
    session: Session,
    table: type[SQLModel],
    names: Sequence[str],
    rows: Sequence[Row],
    returning: Sequence[str] = (),
) -> list[Row]:
    """Insert rows that are ready for the driver; `names` are the columns in their order. Does not commit.

    With `returning` those that are there already are left out, and these columns of the others come back, in no
    order that may be relied on.
    """
    connection = session.connection()
    head, values, tail = _parts(insert(session, table), table, tuple(names), tuple(returning), connection.dialect)
    found: list[Row] = []
    for piece in batches(rows, AT_ONCE):
        sql = head + ", ".join([values] * len(piece)) + tail
        done = connection.exec_driver_sql(sql, tuple([value for row in piece for value in row]))
        if returning:
            found += map(tuple, done.fetchall())
    return found


def _parts(
    core: Any,  # noqa: ANN401 - either database's
    table: type[SQLModel],
    names: tuple[str, ...],
    returning: tuple[str, ...],
    dialect: Dialect,
) -> tuple[str, str, str]:
    """The statement for one row: what stands before its values, these, and what follows."""
    columns = _columns(table)
    core = core.values({name: bindparam(f"{name}_0", type_=columns[name].type) for name in names})
    if returning:
        core = core.on_conflict_do_nothing().returning(*(columns[name] for name in returning))
    own: Any = type(dialect)
    positional = own(paramstyle="qmark" if dialect.name == "sqlite" else "format")
    compiled = core.compile(dialect=positional)
    assert compiled.positiontup == [f"{name}_0" for name in names], "give all columns, in the table's order"
    head, between, rest = str(compiled).partition(" VALUES ")
    values, end, tail = rest.partition(")")
    return head + between, values + end, tail

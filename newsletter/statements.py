"""Core statements compiled once and run by the driver itself: for the sender, where each microsecond counts.

SQLAlchemy's own work on a call costs four times what SQLite needs to change a row and commit it. The statements
are still written in Core, for both databases; only the way to the driver is shorter.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Dialect, Engine, Executable, PoolProxiedConnection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql import ClauseElement

Convert = Callable[[Any], Any]
Row = tuple[Any, ...]


class Statement:
    """One statement for one kind of database: values are bound, and rows read, as SQLAlchemy's types would do."""

    def __init__(self, core: Executable, dialect: Dialect) -> None:
        assert isinstance(core, ClauseElement)
        compiled: Any = core.compile(dialect=dialect)
        self.sql: str = compiled.string
        self._order: Sequence[str] | None = compiled.positiontup
        binds = {name: _bound_by(bound.type, dialect) for name, bound in compiled.binds.items()}
        self._fixed = {
            name: binds[name](bound.value) for name, bound in compiled.binds.items() if not bound.required
        }
        given = [name for name, bound in compiled.binds.items() if bound.required]
        self._converts = [(name, binds[name]) for name in given if binds[name] is not _as_it_is]
        columns = getattr(core, "exported_columns", None) or ()
        self._reads: list[Convert | None] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]

    def parameters(self, values: Mapping[str, object]) -> Sequence[object] | Mapping[str, object]:
        """The values as the driver takes them."""
        bound = {**values, **self._fixed}
        for name, convert in self._converts:
            bound[name] = convert(bound[name])
        return bound if self._order is None else [bound[name] for name in self._order]

    def read(self, row: Row) -> Row:
        """A row of the driver's with the values that Python code expects; of plain text as it is."""
        if not self._reads:
            return row
        return tuple(
            [value if read is None else read(value) for value, read in zip(row, self._reads, strict=True)]
        )


def _as_it_is(value: object) -> object:
    return value


def _bound_by(kind: Any, dialect: Dialect) -> Convert:  # noqa: ANN401 - any type of a column
    return kind.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


class Line:
    """A line to the database for one thread: a connection of the driver's that is made anew when it breaks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.failures: tuple[type[BaseException], ...] = (engine.dialect.loaded_dbapi.Error,)
        self._sqlite = engine.dialect.name == "sqlite"
        self._statements: dict[int, tuple[Executable, Statement]] = {}
        self._connection: PoolProxiedConnection | None = None
        self._cursor: DBAPICursor | None = None
        self._turn = threading.RLock()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, committed at the end of the block; on SQLite it takes the write lock first.

        What fails is raised as the driver raised it, and the connection is let go: the next block has a new one.
        """
        with self._turn:
            try:
                connection = self._begun()
                yield
                connection.commit()
            except BaseException:
                self._let_go()
                raise

    def run(self, core: Executable, values: Mapping[str, object]) -> int:
        """How many rows the statement changed."""
        return self._executed(core, values)[0].rowcount

    def rows(self, core: Executable, values: Mapping[str, object]) -> list[Row]:
        """The rows that the statement gives back."""
        cursor, statement = self._executed(core, values)
        return [statement.read(row) for row in cursor.fetchall()]

    def close(self) -> None:
        """Give the connection back to the engine's pool."""
        with self._turn:
            connection, self._connection, self._cursor = self._connection, None, None
            if connection is not None:
                connection.close()

    def _executed(self, core: Executable, values: Mapping[str, object]) -> tuple[DBAPICursor, Statement]:
        _, statement = self._statements.get(id(core)) or self._compiled(core)
        assert self._cursor is not None, "statements run inside `writing`"
        self._cursor.execute(statement.sql, statement.parameters(values))
        return self._cursor, statement

    def _compiled(self, core: Executable) -> tuple[Executable, Statement]:
        # The statement itself is kept, too, so that nothing else can get its id.
        kept = self._statements[id(core)] = (core, Statement(core, self.engine.dialect))
        return kept

    def _begun(self) -> PoolProxiedConnection:
        if self._connection is None:
            self._connection = self.engine.raw_connection()
        if self._cursor is None:
            self._cursor = self._connection.cursor()
        if self._sqlite:  # psycopg begins by itself
            self._cursor.execute("BEGIN IMMEDIATE")
        return self._connection

    def _let_go(self) -> None:
        connection, self._connection, self._cursor = self._connection, None, None
        if connection is not None:
            with suppress(*self.failures):
                connection.rollback()
            with suppress(*self.failures):
                connection.invalidate()

"""Statements: what a line writes and reads is what SQLAlchemy itself would, and what breaks is made anew."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from ledgers import row
from sqlalchemy import bindparam, column, insert, literal_column, table, text
from sqlmodel import col, select, update
from world import NOW, reader

from newsletter.models import Delivery, Skip, State
from newsletter.statements import Line, Statement

TABLE = Delivery.__table__
CHOSEN = [TABLE.c[name] for name in row(1)] + [
    *(TABLE.c.due_at, TABLE.c.skipped_for, TABLE.c.doubtful, TABLE.c.handed_over, TABLE.c.attempts),
    *(TABLE.c.reply, TABLE.c.outcome, TABLE.c.sent_at, TABLE.c.owner),
]
INSERT = insert(Delivery).values({each.name: bindparam(f"new_{each.name}") for each in CHOSEN})
READ = select(*CHOSEN).where(col(Delivery.period) == bindparam("its_period"))
COUNT = update(Delivery).where(col(Delivery.period) == bindparam("its_period")).values(attempts=bindparam("tries"))
NOWHERE = select(column("nothing")).select_from(table("nowhere"))
BERLIN = timezone(timedelta(hours=1))
PLAIN = {
    "due_at": None,
    "skipped_for": None,
    "doubtful": False,
    "handed_over": True,
    "attempts": 3,
    "reply": "",
    "outcome": "as it is",
    "sent_at": None,
    "owner": None,
}
ROWS = [
    PLAIN,
    PLAIN | {"due_at": NOW, "sent_at": datetime(2026, 3, 10, 13, 0, 0, 1, BERLIN), "skipped_for": Skip.DAY_OFF},
    PLAIN | {"state": State.UNKNOWN, "doubtful": True, "handed_over": False, "attempts": 0, "owner": "me"},
    PLAIN | {"details": {"name": "Zoë", "many": [1, 2.5, None, True, {"deep": "ü\n"}]}, "reply": "250 \u2603 ok"},
    PLAIN | {"not_before": datetime(9999, 1, 1, tzinfo=UTC), "date": datetime(1999, 12, 31, 23, tzinfo=BERLIN)},
]


@pytest.fixture
def line(engine):
    made = Line(engine)
    yield made
    made.close()


def named(number):
    return [ROWS[number] | {"period": f"2026-03-{number:02}{way}"} for way in ("line", "core")]


def given(values):
    return {f"new_{name}": value for name, value in values.items()}


def kinds(found):
    return [[type(value) for value in each] for rows in found for each in rows]


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_a_line_writes_and_reads_what_sqlalchemy_would(engine, session, line, number):
    ada = reader(session).id
    ours, theirs = (row(ada, **values) for values in named(number))
    session.connection().execute(INSERT, given(theirs))
    session.commit()

    with line.writing():
        changed = line.run(INSERT, given(ours))
    with line.writing():
        read = [line.rows(READ, {"its_period": each["period"]}) for each in (ours, theirs)]

    wanted = [tuple(each[column.name] for column in CHOSEN) for each in (ours, theirs)]
    asked = [session.connection().execute(READ, {"its_period": each["period"]}).all() for each in (ours, theirs)]
    assert changed == 1
    assert read == [[each] for each in wanted] == asked
    assert kinds(read) == kinds(asked)
    raw = "SELECT * FROM delivery ORDER BY id"
    first, second = session.connection().exec_driver_sql(raw).mappings().all()
    apart = {"id", "period"} | {"message_id"}
    assert {name: first[name] for name in first if name not in apart} == {
        name: second[name] for name in second if name not in apart
    }


def test_a_naive_time_is_refused_as_sqlalchemy_would(session, line):
    values = given(row(1) | PLAIN | {"date": NOW.replace(tzinfo=None)})

    with pytest.raises(ValueError, match="without a zone"), line.writing():
        line.run(INSERT, values)


def test_values_of_the_statement_itself_are_bound_with_it(engine):
    wanted = select(Delivery.id).where(col(Delivery.state) == State.SENT, col(Delivery.not_before) <= NOW)

    bound = Statement(wanted, engine.dialect).parameters({})

    given = list(bound.values()) if isinstance(bound, dict) else bound
    assert "sent" in given
    assert any(str(value).startswith("2026-03-10") for value in given)


def test_a_value_that_is_missing_is_no_null(session, line):
    with pytest.raises((KeyError, *line.failures)), line.writing():
        line.run(COUNT, {"its_period": "2026-03-10"})


def test_what_is_not_finished_is_taken_back(session, line):
    ada = reader(session).id
    session.connection().execute(INSERT, given(row(ada) | PLAIN))
    session.commit()

    with pytest.raises(line.failures), line.writing():  # noqa: PT012 - the first is what is taken back
        line.run(COUNT, {"its_period": "2026-03-10", "tries": 7})
        line.rows(NOWHERE, {})

    assert session.exec(select(Delivery.attempts)).all() == [3]
    with line.writing():
        assert line.run(COUNT, {"its_period": "2026-03-10", "tries": 7}) == 1
        assert line.run(COUNT, {"its_period": "never", "tries": 7}) == 0
    session.commit()
    assert session.exec(select(Delivery.attempts)).all() == [7]


def test_an_error_gives_the_connection_back(engine, line):
    for _ in range(50):
        with pytest.raises(line.failures), line.writing():
            line.rows(NOWHERE, {})

    assert engine.pool.checkedout() == 0
    with line.writing():
        assert line.rows(select(literal_column("1")), {}) == [(1,)]
    assert engine.pool.checkedout() == 1
    line.close()
    line.close()
    assert engine.pool.checkedout() == 0


def test_a_line_that_was_closed_can_be_used_again(engine, line):
    for _ in range(2):
        with line.writing():
            assert line.rows(select(literal_column("1")), {}) == [(1,)]
        line.close()

    assert engine.pool.checkedout() == 0


@pytest.mark.parametrize("engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_a_line_works_after_the_server_closed_its_connection(engine, session, line):
    with line.writing():
        ((ours,),) = line.rows(text("SELECT pg_backend_pid()"), {})
    session.connection().exec_driver_sql(f"SELECT pg_terminate_backend({ours}, 5000)")

    with pytest.raises(line.failures), line.writing():
        line.rows(select(literal_column("1")), {})
    with line.writing():
        assert line.rows(select(literal_column("1")), {}) == [(1,)]


def test_nothing_runs_outside_a_transaction(line):
    with pytest.raises(AssertionError, match="inside `writing`"):
        line.run(COUNT, {"its_period": "2026-03-10", "tries": 1})

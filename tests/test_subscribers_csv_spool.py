"""Rows that are put by come back as they were, in their order, however many there are."""

from hypothesis import given
from hypothesis import strategies as st

from subscribers import csv_spool
from subscribers.csv_rows import open_csv, read_csv
from subscribers.csv_spool import Spool

NAMES = st.lists(st.text(max_size=20), max_size=30)


def test_nothing_put_by_is_nothing_to_read():
    with Spool() as spool:
        spool.keep([])

        assert (spool.rows, list(spool)) == (0, [])


@given(NAMES)
def test_rows_come_back_equal_and_as_often_as_they_are_asked_for(names):
    lines = [f"reader{number}@example.org,{name!r},NLP=2;Graphs" for number, name in enumerate(names)]
    rows, _ = read_csv(["email,name,topics", *lines])

    with Spool() as spool:
        spool.keep(iter(rows))

        assert (spool.rows, list(spool), list(spool)) == (len(rows), rows, rows)


def test_rows_of_another_service_keep_what_they_mean(monkeypatch):
    monkeypatch.setattr(csv_spool, "_IN_MEMORY", 1)
    header = "uuid,email,name,attributes,status,created_at,updated_at"
    lines = [f"1,reader{number}@example.org,Ada,{{}},blocklisted,2024-03-14," for number in range(1201)]
    rows, _ = read_csv([header, *lines])

    with Spool() as spool:
        spool.keep(rows)
        spool.keep(rows[:1])

        assert list(spool) == [*rows, rows[0]]
    assert rows[0].meaning.standing.blocked


def test_rows_are_taken_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr(csv_spool, "_AT_ONCE", 2)
    with Spool() as spool:
        spool.keep(open_csv(["email", *(f"reader{number}@example.org" for number in range(5))]).rows)

        assert [row.line for row in spool] == [2, 3, 4, 5, 6]

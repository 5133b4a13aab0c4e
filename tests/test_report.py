"""The daily report: once a local date whatever the clocks do, with the figures of the record."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select
from world import KEYS, NOW, Scripted, configured, deferred, planned, reader, sending, stored

from newsletter import db, notices, report, wiring
from newsletter.balance import Waiting
from newsletter.mail.message import readable
from newsletter.models import Delivery, Skip, State
from newsletter.notices import Admin
from newsletter.record_models import Notice, Run, RunKind
from newsletter.stats import Figures, HoldFigures, SourceFigures

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = sorted(available_timezones())
BERLIN = ZoneInfo("Europe/Berlin")
QUIET = dict.fromkeys(map(str, State), 0)
ADA = Admin("boss@example.org", "Europe/Berlin", report=True, report_hour=7, issues={}, keys=KEYS)


@pytest.fixture
def admin(tmp_path):
    text = '[admin]\nemail = "boss@example.org"\ntimezone = "Europe/Berlin"\n'
    return wiring.admin(configured(tmp_path, text).config, KEYS)


def source(name="arXiv", **more):
    usual = {"reads": 4, "failures": 0, "new": 1412, "last_read_at": NOW, "last_success_at": NOW}
    return SourceFigures(**{"name": name, "last_news_at": NOW - HOUR, "last_error": ""} | usual | more)


def figures(states=None, **more):
    by_state = QUIET | (states or {})
    empty = {"skipped": {}, "letters": {}, "sources": [], "slowest": None, "waiting": [], "last_tick": None}
    counts = dict.fromkeys(("confirmed", "lost", "bounced", "suppressed"), 0)
    known = {"since": NOW - DAY, "until": NOW, "planned": sum(by_state.values()), "by_state": by_state}
    return Figures(**known | empty | counts | more)


def sheet(found, *told):
    return report.sheet(report.Facts(found, told), "Europe/Berlin")


def rows(written):
    return {section.heading: {row.label: row for row in section.rows} for section in written.sections}


def notice(key, words="Words.", ended_at=None):
    return Notice(key=key, words=words, at=NOW - HOUR, ended_at=ended_at)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 3, 10, 5, 59, tzinfo=UTC), None),
        (datetime(2026, 3, 10, 6, 0, tzinfo=UTC), "2026-03-10"),
        (datetime(2026, 3, 10, 22, 59, tzinfo=UTC), "2026-03-10"),  # caught up as long as the day lasts
        (datetime(2026, 3, 10, 23, 0, tzinfo=UTC), None),
        (datetime(2026, 3, 29, 5, 0, tzinfo=UTC), "2026-03-29"),  # summer time has begun
    ],
)
def test_the_report_is_due_from_its_hour_to_the_end_of_the_day(at, expected):
    found = report.due(ADA, at)

    assert (found and found.isoformat()) == expected


def test_an_hour_that_a_date_does_not_have_strikes_when_the_next_begins():
    greenland = replace(ADA, timezone="America/Nuuk", report_hour=23)  # from 22:59 to midnight on 28 March 2026
    ticks = [datetime(2026, 3, 28, 20, tzinfo=UTC) + hours * HOUR for hours in range(60)]

    found = [report.due(greenland, at) for at in ticks]

    assert sorted({day for day in found if day}) == [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)]
    assert found[5:7] == [date(2026, 3, 28)] * 2


@pytest.mark.parametrize("changed", [{"email": ""}, {"report": False}])
def test_who_wants_no_report_gets_none(changed):
    assert report.due(replace(ADA, **changed), NOW) is None


@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 1)),  # noqa: DTZ001 - the zone is added below
)
def test_there_is_one_report_for_each_local_date_in_every_zone(zone, hour, start):
    admin = replace(ADA, timezone=zone, report_hour=hour)
    ticks = [start.replace(tzinfo=UTC) + number * timedelta(minutes=15) for number in range(4 * 24 * 5)]

    found = [report.due(admin, at) for at in ticks]

    local = [at.astimezone(ZoneInfo(zone)).date() for at in ticks]
    reported = [day for day, before in zip(found, [None, *found], strict=False) if day and day != before]
    assert reported == sorted(set(reported))
    assert set(local[1:-1]) - {local[0], local[-1]} <= set(reported) <= {*local, local[0] - DAY}


@given(st.sampled_from(ZONES), st.integers(0, 23), st.dates(date(2024, 1, 2), date(2028, 12, 1)))
def test_the_spans_of_reports_have_no_gap_and_no_overlap(zone, hour, day):
    admin = replace(ADA, timezone=zone, report_hour=hour)

    (since, until), (after, _) = report.span(admin, day), report.span(admin, day + DAY)

    assert until == after
    assert timedelta(hours=22) <= until - since <= timedelta(hours=26)


def test_the_report_is_planned_once_a_day_and_sent(engine, admin):
    ticks = [NOW - 6 * HOUR + number * timedelta(minutes=30) for number in range(4 * 48)]
    done = [at for at in ticks if report.run(engine, admin, at, at)]
    transport = Scripted()

    outcomes = sending(engine, transport, done[-1]).outcomes

    with Session(engine) as session:
        mails = session.exec(select(Delivery).order_by(Delivery.id)).all()
        lines = session.exec(select(Run).where(Run.kind == RunKind.REPORT).order_by(Run.id)).all()
    assert [at.astimezone(BERLIN).strftime("%d %H:%M") for at in done] == [
        *("10 07:00", "11 07:00", "12 07:00", "13 07:00")
    ]
    assert [mail.period for mail in mails] == [f"report 2026-03-{day}" for day in (10, 11, 12, 13)]
    assert {(mail.subscriber_id, mail.letter, mail.address) for mail in mails} == {
        (None, "report", "boss@example.org")
    }
    assert (lines[0].name, lines[0].words, len(lines)) == ("2026-03-10", "All well: no digest was due", 4)
    assert outcomes == {State.SKIPPED: 2, State.SENT: 2}  # older ones are no news


def test_of_six_processes_one_makes_the_report(engine, admin):
    barrier, made = threading.Barrier(6), []

    def one():
        barrier.wait()
        made.append(report.run(engine, admin, NOW, NOW))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(made) == [False] * 5 + [True]


def test_the_figures_are_those_of_the_record(engine, session, config, admin):
    stored(session)
    for number in range(3):
        reader(session, f"reader{number}@example.org", "Graphs")
    planned(session, config)
    for row in session.exec(select(Delivery)):
        row.due_at = NOW - HOUR
    session.commit()
    sending(engine, Scripted(deferred("451 later, says reader0@example.org")))
    with db.writing(engine) as writing:
        notices.tell(writing, replace(admin, email=""), "smtp down", "No answer.", NOW)
    at = datetime(2026, 3, 11, 6, 0, 5, tzinfo=UTC)
    transport = Scripted()

    made = report.run(engine, admin, at, at)
    sending(engine, transport, at)

    mail = next(one for one in transport.envelopes if one.recipient == "boss@example.org")
    text, html = readable(mail.content)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert made
    assert {"Planned 3", "Sent 2", "Deferred 1", "Failed 0"} <= {*lines}
    assert "Look at this: the mail server is out of reach" in lines
    assert "New 3" in lines
    assert "reader0@" not in text + html
    assert "10 March 2026, 7:00 to 11 March 2026, 7:00, Europe/Berlin" in html


def test_all_is_well_is_said_with_the_count():
    told = [(figures({"sent": 1312}), "All well: 1,312 digests sent, none failed")]
    told += [(figures({"sent": 1, "deferred": 2}), "All well: 1 digest sent, none failed")]
    told += [(figures({"skipped": 4}), "All well: no digest was sent, and none failed")]
    told += [(figures(), "All well: no digest was due")]

    for found, expected in told:
        written = sheet(found)
        assert (written.headline, written.look) == (expected, ())


def test_what_went_wrong_stands_in_the_headline_and_in_sentences():
    found = figures(
        {"failed": 3, "unknown": 1, "skipped": 7},
        skipped={"late": 2, "missed": 3, "nothing": 2},
        sources=[source(), source("bioRxiv", failures=4, last_error="HTTP 502 for ada@example.org.")],
    )
    written = sheet(found)

    assert written.headline == "Look at this: 3 failed, 1 in doubt and 2 more"
    assert [line.partition(" ")[0] for line in written.look] == ["3", "1", "5", "bioRxiv"]
    assert "ada@" not in str(written)
    assert "HTTP 502" in written.look[-1]


def test_troubles_that_last_come_first_and_those_over_are_no_trouble():
    hold = HoldFigures("2026-03-11", "held", "gate", ["Too few papers."], NOW)
    told = (
        notice("edition held 2026-03-11", "Too few papers."),
        notice("edition held 2026-03-09"),  # released since then
        notice("source fails bioRxiv", "Not since Monday."),
        notice("smtp down", ended_at=NOW),
        notice("report 2026-03-09", ended_at=NOW),
    )
    sources = [source("bioRxiv", failures=4)]

    written = sheet(figures({"failed": 1}, holds=[hold], sources=sources), *told)

    assert written.headline == "Look at this: edition 2026-03-11 is held, bioRxiv cannot be read and 1 more"
    assert written.look[:2] == (
        *("Edition 2026-03-11 is held: Too few papers.", "bioRxiv cannot be read: Not since Monday."),
    )
    assert rows(written)["Held editions"]["2026-03-11"].note == "Too few papers."
    assert list(rows(written)["Over by now"]) == ["The mail server is out of reach"]


@given(st.dictionaries(st.sampled_from(list(map(str, State))), st.integers(0, 5000)))
def test_the_lines_of_the_digests_add_up(states):
    planned_row, *others = report.digests(figures(states))

    assert planned_row.value == f"{sum(states.values()):,}"
    assert sum(int(row.value.replace(",", "")) for row in others) == sum(states.values())


def test_every_reason_to_skip_has_its_words():
    told = report.digests(figures({"skipped": 28}, skipped={str(skip): 4 for skip in Skip}))[-1]

    assert len(told.note.split(", ")) == len(Skip)
    assert "nothing worth sending 4" in told.note
    assert set(report.SKIPS) == set(Skip)


@pytest.mark.parametrize(
    ("more", "value", "note", "bad"),
    [
        ({}, "1,412 new", "4 reads; last news 10 Mar, 12:00", False),
        (
            {"failures": 1, "last_error": "HTTP 503."},
            *("1,412 new", "1 of 4 reads failed: HTTP 503; last news 10 Mar, 12:00", False),
        ),
        (
            {"failures": 4, "new": 0, "last_news_at": None},
            *("0 new", "4 of 4 reads failed: no reason was given; no news yet", True),
        ),
        ({"reads": 0, "new": 0, "last_news_at": None}, "0 new", "not read; no news yet", False),
    ],
)
def test_a_source_is_told_in_one_line(more, value, note, bad):
    row = report.source(source(**more), BERLIN)

    assert (row.label, row.value, row.note, row.bad) == ("arXiv", value, note, bad)


def test_what_waits_is_told_with_the_reason_and_the_next_try():
    waiting = [Waiting(58, "the edition is held", None), Waiting(2, "451 later, ada@example.org", NOW)]
    found = figures(
        waiting=waiting, slowest=("fetch arXiv", 12.44), last_tick=NOW, letters={"welcome": 5, "confirm": 7}
    )

    told = rows(sheet(found))

    assert [(row.label, row.value) for row in told["What waits"].values()] == [
        ("Waiting", "58"),
        ("Next try 10 Mar, 13:00", "2"),
    ]
    assert "ada@" not in str(told)
    assert (told["The clock"]["Slowest step"].value, told["The clock"]["Last tick"].value) == ("12.4 s", "13:00")
    assert told["Readers"]["Other letters"].note == "confirm 7, welcome 5"

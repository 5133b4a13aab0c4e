"""Readers who come from another service keep what they agreed to there, and nobody who left is mailed again."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, delete, select

from subscribers import people
from subscribers.csv_rows import open_csv, read_csv
from subscribers.errors import InvalidPreference
from subscribers.imports import import_rows
from subscribers.models import Cadence, Consent, FollowKind, Status, Subscriber
from subscribers.preferences import WEEKDAYS, Choice, Preferences, combine, parse_label
from subscribers.suppression import reason_for

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WORDING = "They signed the list at the spring school."
HEADER = "uuid,email,name,attributes,status,created_at,updated_at"


def listmonk(email, status="enabled", since="2024-03-14 09:12:31 +0000 UTC"):
    return f"1,{email},Ada,{{}},{status},{since},"


def load(session, *lines):
    rows, rejected = read_csv([HEADER, *lines])
    assert rejected == []
    return import_rows(session, rows, NOW, WORDING)


def consents(session):
    return [(row.at, row.event, row.wording) for row in session.exec(select(Consent)).all()]


def test_the_consent_says_where_it_comes_from_and_the_confirmation_keeps_its_day(session):
    load(session, listmonk("ada@example.org"), listmonk("eda@example.org", since="2999-01-01"))

    ada, eda = (people.find(session, f"{name}@example.org") for name in ("ada", "eda"))
    assert (ada.status, ada.name, ada.confirmed_at) == (
        Status.ACTIVE,
        "Ada",
        datetime(2024, 3, 14, 9, 12, 31, tzinfo=UTC),
    )
    assert eda.confirmed_at == NOW
    wording = "Imported from a listmonk export, where this address was subscribed since 2024-03-14."
    assert consents(session)[0] == (NOW, "confirmed", wording)


def test_a_reader_who_is_pending_here_is_confirmed_by_another_services_file(session):
    people.add(session, "ada@example.org", now=NOW)

    report = load(session, listmonk("ada@example.org"))

    assert (report.updated, report.statuses) == (1, {Status.ACTIVE: 1})
    assert people.find(session, "ada@example.org").confirmed_at.year == 2024
    assert consents(session)[0][2].startswith("Imported from a listmonk export")


def test_who_is_blocklisted_there_is_never_mailed_from_here(session):
    lines = [listmonk("ada@example.org", "blocklisted"), listmonk("eda@example.org", "disabled")]

    first, again = load(session, *lines), load(session, *lines)

    assert (first.suppressed, first.statuses) == (1, {Status.UNSUBSCRIBED: 2})
    assert (again.suppressed, again.unchanged) == (0, 2)
    assert reason_for(session, "ada@example.org") == "blocklisted in listmonk"
    assert reason_for(session, "eda@example.org") is None
    assert consents(session) == []


def test_a_reject_shows_the_row_as_it_stands_in_the_file(session):
    people.add(session, "ada@example.org", now=NOW).status = Status.UNSUBSCRIBED

    (reject,) = load(session, listmonk("ada@example.org")).rejected

    assert (reject.line, reject.fields["uuid"], reject.fields["status"]) == (2, "1", "enabled")
    assert "only they can come back" in reject.reason


def test_a_confirmed_row_needs_a_wording_even_late_in_the_file(session):
    rows = open_csv(["email,status", *(f"r{n}@example.org," for n in range(5001)), "ada@example.org,active"]).rows

    with pytest.raises(InvalidPreference, match="wording"):
        import_rows(session, rows, NOW, "")


def test_progress_is_told_after_each_chunk_of_rows(session):
    told = []
    rows = open_csv(["email", *(f"reader{number}@example.org" for number in range(5001))]).rows

    import_rows(session, rows, NOW, WORDING, told.append)

    assert told == [5000, 5001]


LABELS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=";"), min_size=1, max_size=30
)
CHOICES = st.builds(
    Choice,
    st.sampled_from(FollowKind),
    LABELS.map(lambda label: parse_label("topic", label)),
    st.sampled_from([1.0, -1.0, 1.5, 0.25, -2.0, 10.0]),
)
CADENCES = st.sampled_from(
    [
        (Cadence.DAILY, ""),
        (Cadence.WEEKDAYS, ""),
        (Cadence.WEEKLY, ""),
        (Cadence.WEEKLY, WEEKDAYS[4]),
        (Cadence.CHOSEN, "mon,thu"),
    ]
)
PAUSES = datetime(2000, 1, 1), datetime(2199, 12, 31)  # noqa: DTZ001 - hypothesis adds the zone itself
READERS = st.lists(
    st.tuples(
        st.just("") | LABELS.map(lambda label: parse_label("name", label)),
        CADENCES,
        st.lists(CHOICES, max_size=5),
        st.sampled_from(Status),
        st.none() | st.datetimes(*PAUSES, timezones=st.just(UTC)),
    ),
    max_size=4,
)


def exported(session):
    people.export_csv(session, (written := []).append)
    return "".join(written)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=12)
@given(READERS)
def test_an_export_imported_into_an_empty_database_exports_the_same_bytes(engine, readers):
    with Session(engine) as session:
        for number, (name, (cadence, weekdays), follows, status, until) in enumerate(readers):
            try:
                wanted = Preferences(name, cadence, weekdays, number, "Europe/Berlin", number + 1)
                reader = people.add(session, f"r{number}@example.org", wanted, combine(follows), now=NOW)
            except InvalidPreference:
                assume(False)
            reader.status, reader.paused_until = status, until
        session.flush()
        first = exported(session)
        session.exec(delete(Subscriber))
        session.expire_all()

        rows, rejected = read_csv(first.splitlines(keepends=True))
        import_rows(session, rows, NOW, WORDING)

        assert (rejected, exported(session)) == ([], first)


def test_a_preview_says_what_an_import_does_and_stores_nothing(session):
    people.add(session, "eda@example.org", now=NOW)
    lines = [
        listmonk("ada@example.org", "blocklisted"),
        listmonk("ada+x@example.org"),
        listmonk("eda@example.org"),
    ]
    rows, _ = read_csv([HEADER, *lines])

    preview = import_rows(session, rows, NOW, WORDING, store=False)

    assert [reader.email for reader in people.listing(session)] == ["eda@example.org"]
    assert (reason_for(session, "ada@example.org"), consents(session)) == (None, [])
    assert (preview.added, preview.updated, preview.suppressed, len(preview.rejected)) == (1, 1, 1, 1)
    assert import_rows(session, rows, NOW, WORDING) == preview


@pytest.mark.uncounted
@pytest.mark.parametrize("between", [0, 5000])
def test_a_mailbox_that_the_file_itself_blocks_is_not_mailed_by_a_later_row(session, between):
    others = [listmonk(f"reader{number}@example.org") for number in range(between)]

    rows, _ = read_csv(
        [HEADER, listmonk("ada@example.org", "blocklisted"), *others, listmonk("ada+x@example.org")]
    )
    (reject,) = import_rows(session, rows, NOW, WORDING).rejected

    assert "must not be mailed (blocklisted in listmonk)" in reject.reason

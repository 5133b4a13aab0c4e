"""An import changes what the file says and nothing else, and mails nobody who left."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from subscribers import people
from subscribers.csv_rows import read_csv
from subscribers.errors import InvalidPreference
from subscribers.imports import ImportReport, import_rows
from subscribers.models import Consent, Follow, Status
from subscribers.suppression import reason_for, suppress

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
WORDING = "They signed the list at the spring school."
STOPPED = [Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED]


def load(session, *lines, now=NOW, wording=WORDING):
    rows, rejected = read_csv(lines)
    assert rejected == []
    report = import_rows(session, rows, now, wording)
    session.commit()
    return report


def counts(report):
    return report.added, report.updated, report.unchanged, len(report.rejected)


def shown(session, email="ada@example.org"):
    return people.as_dict(people.find(session, email))


def events(session):
    return [(consent.at, consent.event, consent.wording) for consent in session.exec(select(Consent)).all()]


def test_new_readers_are_added_with_all_they_follow(session):
    report = load(
        session,
        "email,name,status,topics,mutes,cadence,hour,size,paused_until",
        "ada@example.org,Ada,active,NLP=2;Graphs,crypto,weekly,9,5,",
        "emmy@example.org,,,,,,,,",
        "eda@example.org,,paused,Graphs,,,,,2027-01-31",
    )
    assert counts(report) == (3, 0, 0, 0)
    ada, emmy, eda = (shown(session, f"{name}@example.org") for name in ("ada", "emmy", "eda"))
    assert (ada["status"], ada["cadence"], ada["hour"], ada["size"]) == ("active", "weekly", 9, 5)
    assert ada["topics"] == [{"name": "NLP", "weight": 2.0}, {"name": "Graphs", "weight": 1.0}]
    assert ada["mutes"] == [{"kind": "topic", "name": "crypto", "weight": -1.0}]
    assert (emmy["status"], emmy["confirmed_at"], emmy["topics"]) == ("pending", None, [])
    assert (eda["status"], eda["paused_until"]) == ("paused", "2027-01-31T00:00:00+00:00")
    assert ada["confirmed_at"] == eda["confirmed_at"] == NOW.isoformat()


def test_each_confirmed_reader_has_a_consent_with_the_exact_wording(session):
    load(session, "email,status", "ada@example.org,active", "emmy@example.org,", "eda@example.org,paused")
    assert events(session) == [(NOW, "confirmed", WORDING)] * 2
    readers = {people.find(session, f"{name}@example.org").id for name in ("ada", "eda")}
    assert {consent.subscriber_id for consent in session.exec(select(Consent))} == readers


def test_confirmed_readers_without_a_wording_are_refused(session):
    rows, _ = read_csv(["email,status", "ada@example.org,active"])
    with pytest.raises(InvalidPreference, match="wording"):
        import_rows(session, rows, NOW, "")
    assert counts(load(session, "email", "ada@example.org", wording="")) == (1, 0, 0, 0)


def test_the_same_file_again_changes_nothing(session):
    lines = ("email,status,topics,weekdays", "Ada@example.org,active,NLP;Graphs=2,mon;fri")
    load(session, *lines)
    assert counts(load(session, *lines, now=LATER)) == (0, 0, 1, 0)
    assert len(events(session)) == 1


def test_only_the_columns_of_the_file_are_changed(session):
    load(
        session,
        "email,name,status,topics,keywords,mutes,cadence,hour,timezone",
        'ada@example.org,Ada,active,NLP;Graphs,tea,crypto,"mon,fri",9,Asia/Tokyo',
    )
    kept = {follow.value: follow.id for follow in session.exec(select(Follow)).all()}
    report = load(session, "email,topics,size", "ADA@example.org,Graphs;Robots,20", now=LATER)
    assert counts(report) == (0, 1, 0, 0)
    ada = shown(session)
    assert (ada["email"], ada["name"], ada["hour"], ada["timezone"], ada["size"]) == (
        "ada@example.org",
        "Ada",
        9,
        "Asia/Tokyo",
        20,
    )
    assert (ada["cadence"], ada["weekdays"], ada["confirmed_at"]) == ("chosen", "mon,fri", NOW.isoformat())
    assert sorted(topic["name"] for topic in ada["topics"]) == ["Graphs", "Robots"]
    assert [keyword["name"] for keyword in ada["keywords"]] == ["tea"]
    assert [mute["name"] for mute in ada["mutes"]] == ["crypto"]
    now_there = {follow.value: follow.id for follow in session.exec(select(Follow)).all()}
    assert now_there.items() >= {value: kept[value] for value in ("Graphs", "tea", "crypto")}.items()


def test_an_empty_cell_takes_the_default_and_an_empty_status_keeps_it(session):
    load(session, "email,status,topics,mutes,hour,cadence", "ada@example.org,active,NLP,crypto,9,weekly")
    load(session, "email,status,topics,mutes,hour,cadence", "ada@example.org,,,,,")
    ada = shown(session)
    assert (ada["status"], ada["hour"], ada["cadence"]) == ("active", 7, "daily")
    assert ada["topics"] == ada["mutes"] == []


def test_a_row_may_change_the_weight_alone(session):
    load(session, "email,topics", "ada@example.org,NLP")
    assert counts(load(session, "email,topics", "ada@example.org,NLP=2")) == (0, 1, 0, 0)
    assert shown(session)["topics"] == [{"name": "NLP", "weight": 2.0}]


def test_a_pending_reader_can_be_confirmed_by_a_file(session):
    load(session, "email", "ada@example.org")
    assert counts(load(session, "email,status", "ada@example.org,active", now=LATER)) == (0, 1, 0, 0)
    assert (shown(session)["status"], shown(session)["confirmed_at"]) == ("active", LATER.isoformat())
    assert events(session) == [(LATER, "confirmed", WORDING)]


def test_a_file_does_not_take_a_confirmation_back(session):
    load(session, "email,status", "ada@example.org,active")
    assert counts(load(session, "email,status", "ada@example.org,pending")) == (0, 0, 1, 0)
    assert shown(session)["status"] == "active"


@pytest.mark.parametrize("status", STOPPED)
@pytest.mark.parametrize("wanted", ["", "pending", "active", "paused"])
def test_nobody_who_left_is_brought_back(session, status, wanted):
    load(session, "email,status", f"ada@example.org,{status}")
    report = load(session, "email,status,topics", f"Ada@example.org,{wanted},NLP", "emmy@example.org,,NLP")
    assert counts(report) == (1, 0, 0, 1)
    (reject,) = report.rejected
    assert (reject.line, reject.fields["topics"]) == (2, "NLP")
    assert f"this reader stands as {status}, and only they can come back" in reject.reason
    assert (shown(session)["status"], shown(session)["topics"]) == (status, [])


@pytest.mark.parametrize("status", STOPPED)
def test_a_file_may_say_that_somebody_left(session, status):
    load(session, "email,status", "ada@example.org,active")
    assert counts(load(session, "email,status", f"ada@example.org,{status}", now=LATER)) == (0, 1, 0, 0)
    assert shown(session)["status"] == status
    assert events(session)[1] == (LATER, "withdrawn", f"imported as {status}")


def test_who_left_may_be_imported_as_such_without_a_consent(session):
    report = load(session, "email,status", "ada@example.org,unsubscribed", wording="")
    assert counts(report) == (1, 0, 0, 0)
    assert events(session) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_suppressed_address_is_rejected_with_the_reason(session, there):
    if there:
        load(session, "email,status", "ada+x@example.org,active")
    suppress(session, "ada@example.org", "complained in May", NOW)
    report = load(session, "email,status,topics", "ada+x@example.org,active,NLP")
    assert counts(report) == (0, 0, 0, 1)
    assert "must not be mailed (complained in May)" in report.rejected[0].reason
    assert reason_for(session, "ada+x@example.org") == "complained in May"


def test_a_suppressed_address_may_be_recorded_as_left(session):
    suppress(session, "ada@example.org", "complained", NOW)
    assert counts(load(session, "email,status", "ada@example.org,complained")) == (1, 0, 0, 0)


def test_a_reader_who_resumes_has_no_pause_left(session):
    load(session, "email,status,paused_until", "ada@example.org,paused,2027-01-31")
    load(session, "email,hour", "ada@example.org,8")
    assert shown(session)["paused_until"] == "2027-01-31T00:00:00+00:00"
    load(session, "email,status", "ada@example.org,active")
    assert (shown(session)["status"], shown(session)["paused_until"]) == ("active", None)


def test_a_pause_is_in_the_readers_own_zone(session):
    load(session, "email,timezone", "ada@example.org,Asia/Tokyo")
    load(session, "email,paused_until", "ada@example.org,2027-01-31")
    assert shown(session)["paused_until"] == "2027-01-30T15:00:00+00:00"


def test_a_reader_with_too_much_to_follow_costs_only_that_row(session):
    load(session, "email,keywords", f"ada@example.org,{';'.join(map(str, range(60)))}")
    many = ";".join(f"topic {number}" for number in range(60))
    report = load(session, "email,topics", f"ada@example.org,{many}", f"emmy@example.org,{many}")
    assert counts(report) == (1, 0, 0, 1)
    assert "one reader can have 100" in report.rejected[0].reason


def test_a_dry_run_leaves_nothing_behind(session):
    rows, _ = read_csv(["email,status,topics", "ada@example.org,active,NLP"])
    assert counts(import_rows(session, rows, NOW, WORDING)) == (1, 0, 0, 0)
    session.rollback()
    assert list(people.listing(session)) == []
    assert session.exec(select(Follow)).all() == session.exec(select(Consent)).all() == []


def test_readers_whom_the_caller_holds_show_the_change(session):
    reader = people.add(session, "ada@example.org", now=NOW)
    reader.name = "Ada"
    rows, _ = read_csv(["email,hour,topics", "ada@example.org,9,NLP"])
    import_rows(session, rows, NOW, WORDING)
    assert (reader.name, reader.hour, [follow.value for follow in reader.follows]) == ("Ada", 9, ["NLP"])
    reader.name = "Lady Lovelace"
    assert import_rows(session, [], NOW, WORDING) == ImportReport()
    assert reader.name == "Lady Lovelace"


@pytest.mark.uncounted
def test_thousands_of_readers_are_added_and_changed_in_one_transaction(session):
    emails = [f"reader{number}@example.org" for number in range(5200)]
    load(session, "email,status,topics", *(f"{email},active,old;kept" for email in emails))
    report = load(session, "email,topics", "new@example.org,new", *(f"{email},kept;new" for email in emails))
    assert counts(report) == (1, 5200, 0, 0)
    values = session.exec(select(Follow.value)).all()
    assert (values.count("old"), values.count("kept"), values.count("new")) == (0, 5200, 5201)
    assert len(session.exec(select(Consent.id)).all()) == 5200


def test_what_is_exported_imports_as_the_same_readers(engine, session):
    load(
        session,
        "email,name,status,topics,keywords,authors,cadence,hour,timezone,size,categories,orgs,mutes,weekdays",
        '"+ada@example.org","Ada ""the first"", Lovelace",active,NLP=1.5;E=mc2=1,tea,Emmy,weekly,9,'
        "Asia/Tokyo,5,cs.CL,MIT,author:Bob;crypto=2,fri",
        "josé@bücher.example,=1+1,unsubscribed,,,,,,,,,,,",
        "eda@example.org,'Eda,paused,,,,chosen,,,,,,,mon;wed",
    )
    written = []
    assert people.export_csv(session, written.append) == 3
    before = [people.as_dict(reader) for reader in people.listing(session)]
    rows, rejected = read_csv(written)
    assert rejected == []
    assert counts(import_rows(session, rows, LATER, WORDING)) == (0, 0, 3, 0)
    with Session(engine) as other:
        session.rollback()
        for reader in people.listing(other):
            other.delete(reader)
        other.flush()
        assert counts(import_rows(other, rows, NOW, WORDING)) == (3, 0, 0, 0)
        assert [people.as_dict(reader) for reader in people.listing(other)] == before

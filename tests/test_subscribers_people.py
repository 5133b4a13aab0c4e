"""A reader is added once, found in every spelling, and shown as they are."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.exc import StatementError
from sqlmodel import Session, select

from subscribers import people
from subscribers.errors import AlreadySubscribed, InvalidPreference, Suppressed, UnknownSubscriber
from subscribers.models import Cadence, Consent, FollowKind, Status, Subscriber
from subscribers.preferences import Choice, Preferences
from subscribers.suppression import reason_for, suppress

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WORDING = "Send me a digest of papers every day."


def test_a_confirmed_reader_is_active_and_the_exact_wording_is_kept(session):
    reader = people.add(session, " Ada@EXAMPLE.org", now=NOW, confirmed=True, wording=WORDING)
    session.commit()
    (consent,) = session.exec(select(Consent)).all()
    assert (reader.email, reader.status, reader.confirmed_at) == ("Ada@example.org", Status.ACTIVE, NOW)
    assert (consent.subscriber_id, consent.at, consent.event, consent.wording) == (
        reader.id,
        NOW,
        "confirmed",
        WORDING,
    )


def test_a_reader_who_has_not_confirmed_is_pending_without_consent(session):
    reader = people.add(session, "ada@example.org", now=NOW)
    assert (reader.status, reader.confirmed_at, reader.created_at) == (Status.PENDING, None, NOW)
    assert session.exec(select(Consent)).all() == []


def test_a_consent_without_words_is_refused(session):
    with pytest.raises(InvalidPreference, match=r"wording: ' ' .*what the reader agreed to"):
        people.add(session, "ada@example.org", now=NOW, confirmed=True, wording=" ")


def test_a_reader_is_added_with_preferences_and_follows(session):
    wanted = Preferences("Ada", Cadence.WEEKLY, "fri", 8, "Europe/Berlin", 5)
    follows = [
        Choice(FollowKind.TOPIC, "NLP", 2.0),
        Choice(FollowKind.TOPIC, "nlp"),
        Choice(FollowKind.ORG, "MIT"),
    ]
    people.add(session, "ada@example.org", wanted, follows, now=NOW)
    session.commit()
    session.expire_all()
    reader = people.find(session, "ada@example.org")
    assert (reader.name, reader.cadence, reader.weekdays, reader.hour, reader.size) == (
        "Ada",
        Cadence.WEEKLY,
        "fri",
        8,
        5,
    )
    assert [(follow.kind, follow.value, follow.weight) for follow in reader.follows] == [
        (FollowKind.TOPIC, "NLP", 2.0),
        (FollowKind.ORG, "MIT", 1.0),
    ]


@pytest.mark.parametrize("spelling", ["ada@example.org", "ADA@EXAMPLE.ORG"])
def test_an_address_is_added_once_whatever_its_case(session, spelling):
    people.add(session, "Ada@example.org", now=NOW)
    with pytest.raises(AlreadySubscribed, match=r"'Ada@example\.org' is there already \(pending\)"):
        people.add(session, spelling, now=NOW)


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # on SQLite the write lock is taken first
def test_of_two_processes_that_add_one_address_the_second_is_told(engine, session):
    @event.listens_for(session, "before_flush", once=True)
    def _meanwhile(*_):
        with Session(engine) as other:
            people.add(other, "ada@example.org", now=NOW)
            other.commit()

    with pytest.raises(AlreadySubscribed, match="by another process"):
        people.add(session, "ada@example.org", now=NOW)
    session.commit()
    assert len(list(people.listing(session))) == 1


def test_a_suppressed_address_is_not_added(session):
    suppress(session, "ada@example.org", "complained in May", NOW)
    with pytest.raises(Suppressed, match=r"'Ada\+x@example\.org' must not be mailed \(complained in May\)"):
        people.add(session, "Ada+x@example.org", now=NOW)


def test_a_suppressed_address_is_added_when_a_reason_says_so_and_that_is_kept(session):
    suppress(session, "ada@example.org", "complained", NOW)
    people.add(session, "ada@example.org", now=NOW, despite="Ada wrote on 9 March that it was a mistake")
    (consent,) = session.exec(select(Consent)).all()
    assert (consent.event, consent.wording) == (
        "suppression lifted",
        "Ada wrote on 9 March that it was a mistake",
    )
    assert reason_for(session, "ada@example.org") is None


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Ada@example.org", "aDa@EXAMPLE.org"),
        ("élise@example.org", "ÉLISE@example.org"),
        ("ÉLISE@example.org", "élise@example.org"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_a_reader_is_found_in_another_spelling(session, stored, asked):
    reader = people.add(session, stored, now=NOW)
    assert people.find(session, asked) is reader


@pytest.mark.parametrize("asked", ["eda@example.org", "ada+x@example.org", "strasse@example.org"])
def test_another_address_finds_nobody(session, asked):
    people.add(session, "ada@example.org", now=NOW)
    people.add(session, "straße@example.org", now=NOW)
    with pytest.raises(UnknownSubscriber, match=f"no subscriber '{asked.replace('+', '.')}'"):
        people.find(session, asked)


def test_what_is_no_address_finds_nobody_either(session):
    with pytest.raises(InvalidPreference, match="email: 'ada'"):
        people.find(session, "ada")


def test_readers_are_listed_oldest_first_over_many_pages(session):
    session.add_all(Subscriber(email=f"reader{number}@example.org", created_at=NOW) for number in range(1001))
    session.flush()
    assert [reader.email for reader in people.listing(session)] == [
        f"reader{number}@example.org" for number in range(1001)
    ]


def test_a_reader_who_leaves_while_others_are_listed_hides_nobody(session):
    session.add_all(Subscriber(email=f"reader{number}@example.org", created_at=NOW) for number in range(600))
    session.flush()
    seen = []
    for reader in people.listing(session):
        seen.append(reader.email)
        session.delete(reader)
        session.flush()
    assert len(seen) == 600


def test_readers_are_listed_by_status(session):
    people.add(session, "ada@example.org", now=NOW, confirmed=True, wording=WORDING)
    people.add(session, "emmy@example.org", now=NOW)
    assert [reader.email for reader in people.listing(session, Status.PENDING)] == ["emmy@example.org"]
    assert list(people.listing(session, Status.BOUNCED)) == []


def test_a_reader_is_shown_as_json(session):
    follows = [
        Choice(FollowKind.TOPIC, "NLP", 1.5),
        Choice(FollowKind.AUTHOR, "Emmy Noether"),
        Choice(FollowKind.CATEGORY, "cs.CR", -1.0),
    ]
    reader = people.add(
        session, "ada@example.org", Preferences("Ada"), follows, now=NOW, confirmed=True, wording=WORDING
    )
    reader.paused_until = NOW
    assert json.loads(json.dumps(people.as_dict(reader))) == {
        "email": "ada@example.org",
        "name": "Ada",
        "status": "active",
        "topics": [{"name": "NLP", "weight": 1.5}],
        "keywords": [],
        "authors": [{"name": "Emmy Noether", "weight": 1.0}],
        "categories": [],
        "orgs": [],
        "mutes": [{"kind": "category", "name": "cs.CR", "weight": -1.0}],
        "examples": [],
        "cadence": "daily",
        "weekdays": "",
        "hour": 7,
        "timezone": "UTC",
        "size": 10,
        "paused_until": "2026-03-10T12:00:00+00:00",
        "confirmed_at": "2026-03-10T12:00:00+00:00",
    }
    reader.paused_until = reader.confirmed_at = None
    assert (people.as_dict(reader)["paused_until"], people.as_dict(reader)["confirmed_at"]) == (None, None)


def test_readers_are_exported_as_csv(session):
    people.add(session, "ada@example.org", Preferences("Ada"), [Choice(FollowKind.TOPIC, "NLP", 1.5)], now=NOW)
    people.add(session, "emmy@example.org", now=NOW, confirmed=True, wording=WORDING)
    written = []
    assert people.export_csv(session, written.append, Status.PENDING) == 1
    assert "".join(written) == (
        "email,name,status,topics,keywords,authors,cadence,hour,timezone,size,"
        "categories,orgs,mutes,weekdays,paused_until,examples\n"
        "ada@example.org,Ada,pending,NLP=1.5,,,daily,7,UTC,10,,,,,,\n"
    )


def test_a_reader_gets_new_choices_and_what_stays_keeps_its_row(session):
    nlp, mit = Choice(FollowKind.TOPIC, "NLP", 1.5), Choice(FollowKind.ORG, "MIT")
    reader = people.add(session, "ada@example.org", Preferences("Ada"), [nlp, mit], now=NOW)
    row = reader.follows[1].id

    people.choose(reader, Preferences("Countess", hour=9), [mit, Choice(FollowKind.TOPIC, "NLP", 2.0)])
    session.flush()
    session.expire_all()

    assert (reader.name, reader.hour) == ("Countess", 9)
    assert people.choices_of(reader) == (mit, Choice(FollowKind.TOPIC, "NLP", 2.0))
    assert reader.follows[0].id == row


def test_choices_that_contradict_each_other_change_nothing(session):
    reader = people.add(session, "ada@example.org", Preferences("Ada"), now=NOW)

    with pytest.raises(InvalidPreference, match="both followed and muted"):
        people.choose(
            reader,
            Preferences("Eve"),
            [Choice(FollowKind.TOPIC, "NLP"), Choice(FollowKind.TOPIC, "nlp", -1.0)],
        )

    assert (reader.name, reader.follows) == ("Ada", [])


def test_a_time_without_a_zone_is_not_stored(session):
    with pytest.raises(StatementError, match="a time without a zone cannot be stored"):
        people.add(session, "ada@example.org", now=NOW.replace(tzinfo=None))

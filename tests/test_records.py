"""A reader is shown what the newsletter keeps about them, and it forgets them with their subscription."""

import json
from datetime import timedelta

import pytest
from sqlmodel import select
from world import NOW, Scripted, deferred, planned, reader, sending, states, stored

from newsletter import records
from newsletter.models import Delivery, Feedback, Paper, Pick, State
from subscribers.erasure import dossier, erase

DAY = timedelta(days=1)


@pytest.fixture
def ada(session, config):
    """A reader with a planned digest, beside another one."""
    stored(session)
    reader(session, "emmy@example.org", "Graphs")
    made = reader(session, "ada@example.org", "Graphs")
    planned(session, config)
    return made


def test_all_that_is_kept_about_one_reader_is_shown_as_json(session, ada):
    paper = session.exec(select(Paper.key).order_by(Paper.key)).first()
    session.add(Feedback(subscriber_id=ada.id, paper=paper, thumb=1, at=NOW))
    session.flush()

    found = json.loads(json.dumps(records.of(session, ada.id)))

    (delivery,) = found["deliveries"]
    picks = session.exec(select(Pick).where(Pick.subscriber_id == ada.id).order_by(Pick.rank)).all()
    assert (delivery["address"], delivery["letter"], delivery["period"], delivery["state"]) == (
        *("ada@example.org", "digest"),
        *("2026-03-10", "pending"),
    )
    assert not {"owner", "lease_until", "message_id"} & delivery.keys()
    assert [pick["paper"] for pick in found["picks"]] == [pick.paper for pick in picks]
    assert [pick["rank"] for pick in found["picks"]] == list(range(1, len(picks) + 1))
    assert found["feedback"] == [{"paper": paper, "thumb": 1, "at": "2026-03-10T12:00:00Z"}]
    assert not dossier(session, ada).keys() & found.keys()


def test_a_letter_to_the_new_mailbox_of_a_change_is_not_shown(session, ada):
    (digest,) = session.exec(select(Delivery).where(Delivery.subscriber_id == ada.id)).all()
    copied = digest.model_dump(exclude={"id"})
    for letter in ("change-old", "change-new"):
        session.add(Delivery(**copied | {"letter": letter}))
    session.flush()

    assert [each["letter"] for each in records.of(session, ada.id)["deliveries"]] == ["digest", "change-old"]


def test_of_a_stranger_nothing_is_shown(session, ada):
    assert records.of(session, 4711) == {"deliveries": [], "picks": [], "feedback": []}


def test_deliveries_of_an_erased_reader_stay_without_a_trace_of_them(session, engine, ada):
    sending(engine, Scripted(deferred("451 ada@example.org: later"), deferred("451 emmy@example.org: later")))
    session.expire_all()

    erase(session, ada, NOW)
    assert records.forget(session) == 1
    session.commit()

    assert len(session.exec(select(Delivery)).all()) == 2
    (gone,) = session.exec(select(Delivery).where(Delivery.subscriber_id.is_(None))).all()
    (kept,) = session.exec(select(Delivery).where(Delivery.subscriber_id.is_not(None))).all()
    assert (gone.address, gone.reply, gone.outcome, gone.details) == ("", "", "", {})
    assert (gone.state, gone.period) == (State.DEFERRED, "2026-03-10")
    assert (kept.address, bool(kept.reply), bool(kept.details)) == ("emmy@example.org", True, True)
    assert session.exec(select(Pick).where(Pick.delivery_id == gone.id)).all() == []


def test_what_is_forgotten_is_forgotten_once(session, ada):
    erase(session, ada, NOW)

    assert records.forget(session) == 1
    assert records.forget(session) == 0


def test_a_reply_that_comes_in_after_the_erasure_is_forgotten_too(session, ada):
    erase(session, ada, NOW)
    records.forget(session)
    gone = session.exec(select(Delivery).where(Delivery.subscriber_id.is_(None))).one()
    gone.reply = gone.outcome = "550 ada@example.org: no such user"
    session.flush()

    assert records.forget(session) == 1
    session.refresh(gone)
    assert (gone.reply, gone.outcome) == ("", "")


def test_a_forgotten_delivery_is_never_sent(session, engine, ada):
    erase(session, ada, NOW)
    records.forget(session)
    session.commit()

    transport = Scripted()
    sending(engine, transport, NOW + DAY / 24)

    assert [envelope.recipient for envelope in transport.envelopes] == ["emmy@example.org"]
    assert sorted(states(session)) == [State.SENT, State.SUPPRESSED]

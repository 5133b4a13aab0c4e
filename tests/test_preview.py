"""The preview is the truth: what it shows has the bytes that are delivered, and it leaves nothing behind."""

import re

import pytest
from sqlmodel import Session, select
from world import KEYS, NOW, Scripted, configured, planned, reader, sending, stored

from newsletter import preview, wiring
from newsletter.mail.message import readable
from newsletter.models import Delivery
from newsletter.preview import MADE_UP, MadeUp, Trial
from subscribers.errors import InvalidPreference, UnknownSubscriber
from subscribers.models import Subscriber

LOW = "[digest]\nfloor = 0.1\n"
TOPICS = ((), ("Graphs",), ("Language models",), ("Quantum computing", "Graphs"), ("Speech and audio",))


def parts(config):
    return preview.Parts(wiring.taste(config), wiring.issue(config), wiring.window(config), KEYS)


@pytest.fixture
def config(tmp_path):
    return configured(tmp_path, LOW).config


def peopled(engine):
    """Readers of every kind that the topics make, with one keyword, one mute and another size."""
    with Session(engine) as session:
        stored(session)
        for number, topics in enumerate(TOPICS):
            reader(session, f"reader{number}@example.org", *topics, size=number + 1)
        reader(session, "word@example.org", keyword=("catalysts",), mutes=["keyword:quantum"])


def emails(engine):
    with Session(engine) as session:
        return list(session.exec(select(Subscriber.email).order_by(Subscriber.id)))


def test_a_preview_has_the_bytes_that_are_delivered_for_every_reader(engine, config):
    peopled(engine)
    made = parts(config)

    shown = {email: preview.message(engine, made, email, NOW) for email in emails(engine)}
    with Session(engine) as session:
        planned(session, config)
    office = Scripted()
    sending(engine, office)

    delivered = {each.recipient: each for each in office.envelopes}
    assert len(delivered) > 3
    assert {email: one.envelope for email, one in shown.items() if one.envelope} == delivered
    assert all(preview.message(engine, made, email, NOW).envelope == sent for email, sent in delivered.items())


def test_a_preview_leaves_nothing(engine, config):
    peopled(engine)

    preview.message(engine, parts(config), "word@example.org", NOW)
    preview.message(engine, parts(config), MadeUp(("Graphs",)), NOW)

    with Session(engine) as session:
        assert session.exec(select(Delivery)).all() == []
    assert MADE_UP not in emails(engine)


def test_each_pick_tells_what_adds_up_to_its_score_and_what_missed_tells_why(engine, config):
    peopled(engine)

    shown = preview.message(engine, parts(config), "word@example.org", NOW)

    assert [pick.rank for pick in shown.picks] == list(range(1, len(shown.picks) + 1))
    for pick in shown.picks:
        total = sum(value for _, value in pick.parts)
        assert pick.score == pytest.approx(1 / (1 + 2.718281828 ** (2 - total)), abs=1e-6)
        assert pick.reasons
    whys = {missed.title: missed.why for missed in shown.considered.missed}
    assert whys["Quantum error correction with codes"] == "something this reader muted matches it"
    assert any("below the floor" in why for why in whys.values())
    assert len(shown.picks) + len(whys) == shown.considered.papers


def test_what_a_reader_had_before_and_what_was_crowded_out_is_told(engine, config):
    peopled(engine)
    with Session(engine) as session:
        planned(session, config)
    later = NOW.replace(day=11)

    again = preview.message(engine, parts(config), "reader1@example.org", later)
    small = preview.message(engine, parts(config), MadeUp(("Graphs",), size=1), NOW)

    assert "this reader had it before" in {missed.why for missed in again.considered.missed}
    assert any(missed.why.startswith("others came first") for missed in small.considered.missed)


def test_a_made_up_reader_gets_what_a_stored_one_would(engine, config):
    peopled(engine)
    made = parts(config)

    shown = preview.message(engine, made, MadeUp(("Graphs",), ("codes",), 3), NOW)

    with Session(engine) as session:
        reader(session, "same@example.org", "Graphs", keyword=("codes",), size=3)
    stored_one = preview.message(engine, made, "same@example.org", NOW)
    assert shown.picks == stored_one.picks
    assert shown.reader == MADE_UP


def test_where_there_is_no_message_the_preview_says_why(engine, config):
    peopled(engine)
    made = parts(config)

    early = preview.message(engine, made, "reader1@example.org", NOW.replace(year=2020))
    quiet = preview.message(engine, made, MadeUp(keywords=("volcano sociology",)), NOW)

    assert early.envelope is None
    assert "newsletter fetch" in early.reason
    assert quiet.envelope is None
    assert "nothing worth sending" in quiet.reason
    assert quiet.considered.missed
    with pytest.raises(UnknownSubscriber):
        preview.message(engine, made, "nobody@example.org", NOW)
    with pytest.raises(InvalidPreference):
        preview.message(engine, made, MadeUp(keywords=("",)), NOW)


def test_a_test_mail_is_marked_and_holds_no_link_of_the_reader(engine, config):
    peopled(engine)
    made = parts(config)
    real = preview.message(engine, made, "reader1@example.org", NOW).envelope

    one, two = (
        preview.message(engine, made, "reader1@example.org", NOW, Trial("boss@example.net", nonce)).envelope
        for nonce in ("1", "2")
    )

    head = one.content.partition(b"\r\n\r\n")[0].decode()
    assert head.startswith("X-Newsletter-Test: r...@example.org 2026")
    assert "Subject: [Test] " in head
    assert re.search(r"\r\nTo: <?boss@example.net>?\r\n", head)
    assert "List-Unsubscribe" not in head
    assert (one.recipient, one.sender) == ("boss@example.net", "papers@example.org")
    assert one.message_id != two.message_id != real.message_id
    text, html = readable(one.content)
    for path in ("/u/", "/p/", "/d/", "/t/"):
        assert f"papers.example.org{path}" not in text + html
        assert f"papers.example.org{path}" in "".join(readable(real.content))
    assert "papers.example.org/link" in html
    assert "reader1@example.org" not in one.content.decode()

"""The press: a whole block is loaded at once, and each message has its bytes whoever else is in the block."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from judged import DATE, ROOM, decide, scheduled
from mail_wire import header_and_body
from signed import DOMAIN, ed25519, rsa, verdicts
from sqlalchemy import event
from sqlmodel import select
from world import KEYS, NOW, TITLES, configured, planned, reader, stored

from newsletter import drafts, holds, render, wiring
from newsletter.errors import MessageError
from newsletter.links import Links
from newsletter.mail.dkim import Signer, relaxed_body
from newsletter.mail.message import readable
from newsletter.models import Delivery, EditionPaper, Paper
from newsletter.render import Press

NAMES = ("Ada", "José Łukasz", "O'Neil & <Sons>", "", "Ada", "漢字 さん")
TOPICS = (("Graphs",), ("Graphs", "Speech"), (), ("Reasoning",), ("Graphs",), ("Speech", "Reasoning"))


@pytest.fixture
def config(tmp_path):
    return configured(tmp_path, "[digest]\nfloor = 0.01\n").config


@pytest.fixture
def block(session, config):
    """The deliveries of six readers."""
    stored(session)
    for number, (name, topics) in enumerate(zip(NAMES, TOPICS, strict=True)):
        reader(session, f"reader{number}@example.org", *topics, name=name)
    planned(session, config)
    return list(session.exec(select(Delivery.id).order_by(Delivery.id)))


@contextmanager
def statements(engine):
    """The statements that run meanwhile."""
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def made(press, session, ids):
    return [press.envelope(draft) for draft in press.load(session, ids).values()]


def test_a_block_has_the_bytes_of_each_message_alone(session, block):
    press = Press(KEYS)
    alone = [render.run(session, delivery_id, KEYS) for delivery_id in block]

    assert made(press, session, block) == alone
    assert made(press, session, block[::-1])[::-1] == alone
    assert made(Press(KEYS, cached=False), session, block) == alone
    assert len({envelope.content for envelope in alone}) == len(block)


def test_a_block_that_is_like_the_last_one_costs_two_queries(engine, session, block):
    press = Press(KEYS)
    press.load(session, block[:3])

    with statements(engine) as seen:
        press.load(session, block[:3])

    assert len(seen) == 2


def test_drafts_hold_what_was_loaded_and_ask_nobody(engine, session, block):
    press = Press(KEYS)
    loaded = press.load(session, block)
    session.close()

    with statements(engine) as seen:
        contents = [press.envelope(draft).content for draft in loaded.values()]

    assert seen == []
    assert contents == [render.run(session, delivery_id, KEYS).content for delivery_id in block]
    first = loaded[block[0]]
    assert (first.delivery_id, first.letter, first.period) == (block[0], "digest", "2026-03-10")


def test_thumbs_that_would_be_no_links_are_left_out(session, block):
    (draft,) = Press(KEYS).load(session, block[:1]).values()

    papers = render._papers(draft, Links("javascript:x", KEYS))

    assert {paper[2:] for paper in papers} == {(("", ""), ("", ""), "", 0)}


def test_threads_share_a_press(session, block):
    press = Press(KEYS)
    loaded = list(press.load(session, block).values())
    expected = [press.envelope(draft) for draft in loaded]
    fresh = Press(KEYS)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fresh.envelope, loaded * 10))

    assert found == expected * 10


def test_whoever_was_erased_has_no_draft(session, block):
    gone = session.get_one(Delivery, block[0])
    gone.subscriber_id = None
    session.commit()

    loaded = Press(KEYS).load(session, [*block, 999_999])

    assert set(loaded) == set(block[1:])


def test_a_paper_whose_text_is_gone_fails_its_own_messages_alone(session, block):
    press = Press(KEYS)
    loaded = press.load(session, block)
    lost = loaded[block[0]].stories[0].article.paper.key
    session.delete(session.exec(select(EditionPaper).where(EditionPaper.paper == lost)).one())
    session.commit()

    loaded = Press(KEYS).load(session, block)
    ours = [draft for draft in loaded.values() if draft.lost]

    assert ours
    assert {draft.lost for draft in ours} == {(lost,)}
    with pytest.raises(MessageError, match=f"the frozen text of {lost} is gone from the database"):
        press.envelope(ours[0])


def test_an_edition_that_was_planned_anew_is_not_mistaken_for_the_old_one(engine, session, config):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    scheduled(engine, config)
    decide(engine, holds.hold, DATE, holds.ADMIN, [], NOW)
    press, later = Press(KEYS), NOW + timedelta(days=1)
    before = made(press, session, session.exec(select(Delivery.id)).all())
    session.rollback()
    session.exec(select(Paper).where(Paper.title == TITLES[0])).one().title = f"{TITLES[0]}, revised"
    session.commit()

    holds.replan(engine, DATE, wiring.taste(config), wiring.issue(config), KEYS, later)
    decide(engine, holds.release, DATE, later, ROOM)

    session.expire_all()
    ids = session.exec(select(Delivery.id)).all()
    after = made(press, session, ids)
    assert after == [render.run(session, delivery_id, KEYS) for delivery_id in ids]
    assert ["revised" in readable(envelope.content)[0] for envelope in (before[0], after[0])] == [False, True]


def test_only_a_few_editions_are_kept(session, config, block, monkeypatch):
    monkeypatch.setattr(drafts, "MOST_EDITIONS", 1)
    planned(session, config, NOW + timedelta(days=1))
    ids = session.exec(select(Delivery.id).order_by(Delivery.id)).all()
    press = Press(KEYS)

    found = made(press, session, ids)

    assert found == [render.run(session, delivery_id, KEYS) for delivery_id in ids]
    assert len(press._drafts._volumes) == 1


def test_a_signed_message_is_good_and_is_its_own_canonical_form(session, block):
    press = Press(KEYS, Signer(DOMAIN, [rsa(), ed25519()]))

    for envelope in made(press, session, block):
        body = header_and_body(envelope.content)[1]
        assert verdicts(envelope.content) == [True, True]
        assert envelope.content.startswith(b"DKIM-Signature: ")
        assert relaxed_body(body) is body


def test_no_line_needs_anything_on_its_way(session, block):
    for envelope in made(Press(KEYS), session, block):
        assert b"\r\n." not in envelope.content
        assert all(len(line) <= 76 for line in header_and_body(envelope.content)[1].split(b"\r\n"))
        assert envelope.content.count(b"\r\n") == envelope.content.count(b"\n") == envelope.content.count(b"\r")


SCRIPT = """
import hashlib, sys
sys.path.insert(0, "tests")
from test_mail_setting import LETTERS, STORIES, made, Stock
link = ("https://x.test/t/", "1/up")
papers = [(story, number, link, ("", ""), 1) for number, story in enumerate(STORIES[:9], 1)]
told = [made(letter, papers, "Ada", 10**9, Stock()) for letter in LETTERS]
print(hashlib.sha256(repr(told).encode()).hexdigest())
"""


def test_another_process_makes_the_same_bytes():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(outputs) == 1
    assert len(outputs.pop()) == 65

"""Link scanners open every link of every mail: whatever they open, nothing may change."""

import re
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlmodel import Session, SQLModel
from web_site import visitor
from world import KEYS, planned, reader

from newsletter import db, letters, render
from newsletter.mail.message import readable
from newsletter.models import Delivery
from subscribers import people, signup
from subscribers.letters import LetterKind
from subscribers.preferences import DEFAULTS

pytestmark = pytest.mark.uncounted

ASKER = signup.Asker("I want it", "203.0.113.7", "a browser")


@pytest.fixture
def guest(engine, tmp_path):
    """A site whose mails are written: a digest for a reader, and each kind of letter there is."""
    guest = visitor(engine, tmp_path, "[digest]\nfloor = 0.1\n")
    with Session(engine) as session:
        reader(session, "ada@example.org", "Graphs")
        planned(session, guest.site.config)
        session.commit()
    write_letters(guest)
    return guest


def write_letters(guest):
    site, now = guest.site, guest.clock()
    with db.writing(site.engine) as session:
        ada, emmy = (
            people.find(session, "ada@example.org"),
            people.find(session, reader(session, "emmy@example.org").email),
        )
        joined = signup.join(session, "new@example.org", DEFAULTS, (), ASKER, site.terms, now)
        second = signup.join(session, "soon@example.org", DEFAULTS, (), ASKER, site.terms, now)
        _, soon = signup.confirm(session, second.number, ASKER, now)
        wanted = [
            joined,
            signup.welcome(soon, second.number, now),
            signup.send_link(session, ada.email, ASKER, site.terms, now),
            signup.ask_data(session, ada, ASKER, site.terms, now),
            *signup.ask_change(session, ada, "moved@example.org", ASKER, site.terms, now),
            signup.goodbye(emmy, signup.leave(session, emmy, ASKER, now), now),
        ]
        for letter in wanted:
            letters.put(session, site.letters, site.keys, letter, now)


def links(guest):
    """Every URL in every mail that is planned, by the kind of mail."""
    found = {}
    with Session(guest.site.engine) as session:
        for delivery in session.exec(select(Delivery)).scalars():
            envelope = render.run(session, delivery.id, KEYS)
            header = message_from_bytes(envelope.content, policy=policy.default)["List-Unsubscribe"] or ""
            told = " ".join([*readable(envelope.content), header])
            urls = re.findall(r"https://papers\.example\.org[^\s\"'<>]*", told.replace("&amp;", "&"))
            found.setdefault(delivery.letter, set()).update(urls)
    return found


def everything(engine):
    """All rows of all tables."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in SQLModel.metadata.sorted_tables
        }


def test_there_is_a_mail_of_every_kind_and_each_has_its_links(guest):
    found = links(guest)

    assert found.keys() == {"digest", *map(str, LetterKind)}
    assert all(found.values())


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_every_link_changes_nothing(guest, method):
    before = everything(guest.site.engine)

    answers = {
        url: guest.http.request(method, url.removeprefix("https://papers.example.org"))
        for urls in links(guest).values()
        for url in urls
    }

    assert len(answers) > 15
    assert {answer.status_code for answer in answers.values()} == {200}
    assert everything(guest.site.engine) == before


def test_pages_behind_tokens_are_kept_by_nobody_and_found_by_nobody(guest):
    secret = {
        url for urls in links(guest).values() for url in urls if re.search(r"/(c|p|u|t|d|undo|change|data)/", url)
    }

    for url in secret:
        answer = guest.get(url)
        assert answer.headers["cache-control"] == "no-store", url
        assert "noindex" in answer.headers["x-robots-tag"], url
        assert answer.headers["referrer-policy"] == "no-referrer", url

"""Digests as pages: the reader's own as it was sent, for its link alone; a sample; and the facts about privacy."""

import re
from datetime import timedelta

import pytest
from sqlmodel import Session, delete, select
from web_site import visitor
from world import KEYS, NOW, Scripted, entry, planned, reader, sending, stored

from newsletter import render
from newsletter.mail.message import readable
from newsletter.models import Delivery, EditionPaper, Paper, State
from subscribers import erasure, signup, tokens
from subscribers.models import Subscriber

LOW = "[digest]\nfloor = 0.1\n"
DAY = "2026-03-10"


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, LOW)


@pytest.fixture
def link(guest):
    """Ada's link to the digest that she got."""
    with Session(guest.site.engine) as session:
        ada = reader(session, "ada@example.org", "Graphs", name="Ada")
        planned(session, guest.site.config, NOW, [ada])
        link = guest.site.links.browser(ada.id, DAY)
    sending(guest.site.engine, Scripted())
    return link


def changed(guest, **values):
    """Give the only delivery these values."""
    with Session(guest.site.engine) as session:
        delivery = session.exec(select(Delivery)).one()
        for name, value in values.items():
            setattr(delivery, name, value)
        session.commit()


def mailed(guest):
    with Session(guest.site.engine) as session:
        delivery = session.exec(select(Delivery)).one()
        return readable(render.run(session, delivery.id, KEYS).content)[1]


def test_the_own_digest_is_what_was_mailed_but_for_what_is_the_readers_alone(guest, link):
    answer = guest.get(link)

    ours, theirs = answer.text.splitlines(), mailed(guest).splitlines()
    other = [line for line, sent in zip(ours, theirs, strict=True) if line != sent]
    assert answer.status_code == 200
    assert "Two papers for Ada" in answer.text
    assert 1 <= len(other) <= 3
    assert all("https://papers.example.org/link" in line or "a…@example.org" in line for line in other)


def test_a_newsletter_that_moved_gives_nothing_more_away(guest, link):
    moved = guest.site.config.newsletter.model_copy(update={"url": "https://new.example.org"})
    object.__setattr__(guest.site, "config", guest.site.config.model_copy(update={"newsletter": moved}))

    assert not re.search(r"/(p|u)/[0-9]", guest.get(link).text)


def test_whoever_is_shown_a_digest_can_neither_change_nor_end_the_subscription(guest, link):
    text = guest.get(link).text

    assert not re.search(r"/(p|u)/[0-9]", text)
    assert "ada@example.org" not in text


def test_what_became_of_a_paper_later_changes_nothing(guest, link):
    before = guest.get(link).text
    with Session(guest.site.engine) as session:
        stored(session, entry("Graphs, renamed and rewritten", 2), now=NOW + timedelta(hours=1))
        session.commit()

    assert guest.get(link).text == before


def test_the_own_digest_is_secret_and_can_run_nothing(guest, link):
    headers = guest.get(link).headers

    assert headers["cache-control"] == "no-store"
    assert "noindex" in headers["x-robots-tag"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def test_the_link_of_a_digest_still_works_when_its_reader_has_long_left(guest, link):
    with Session(guest.site.engine) as session:
        ada = session.exec(select(Subscriber)).one()
        signup.leave(session, ada, signup.Asker(), NOW)
        session.commit()
    guest.clock.passes(days=400)

    assert guest.get(link).status_code == 200


def test_an_erased_reader_s_digest_is_gone(guest, link):
    with Session(guest.site.engine) as session:
        erasure.erase(session, session.exec(select(Subscriber)).one(), NOW)
        session.commit()

    assert guest.get(link).status_code == 404


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.SKIPPED, "nothing worth sending"),
        (State.SUPPRESSED, "may not be mailed"),
        (State.FAILED, "could not be delivered"),
    ],
)
def test_a_digest_that_never_came_says_why(guest, link, state, why):
    changed(guest, state=state)

    answer = guest.get(link)

    assert answer.status_code == 404
    assert why in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_digest_of_another_day_is_not_there(guest, link):
    answer = guest.get(link.replace(DAY, "2026-03-11"))

    assert answer.status_code == 404
    assert "No digest was made for you for that day" in answer.text


def test_a_digest_whose_papers_are_gone_says_so(guest, link):
    with Session(guest.site.engine) as session:
        session.exec(delete(EditionPaper))
        session.commit()

    answer = guest.get(link)

    assert answer.status_code == 404
    assert "not kept any more" in answer.text


@pytest.mark.parametrize("purpose", [each for each in tokens.Purpose if each is not tokens.Purpose.ARCHIVE])
def test_no_other_link_of_the_reader_opens_the_digest(guest, link, purpose):
    number = tokens.read(tokens.Purpose.ARCHIVE, link.rpartition("/")[2], KEYS)

    answer = guest.get(f"/d/{DAY}/{tokens.sign(purpose, number, KEYS)}")

    assert answer.status_code == 404
    assert "Two papers" not in answer.text


@pytest.mark.parametrize("period", ["1", "today", "2026-02-30", "2026-03-10x"])
def test_only_days_have_digests(guest, link, period):
    changed(guest, period=period)

    assert guest.get(link.replace(DAY, period)).status_code == 404


def test_the_sample_is_a_digest_in_a_frame(guest):
    page, mail = guest.get("/sample"), guest.get("/sample/mail")

    assert 'src="/sample/mail" title="Sample digest" sandbox=' in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert mail.headers["content-security-policy"].endswith("frame-ancestors 'self'")
    assert "papers for you" in mail.text
    assert "Matches" in mail.text


def test_links_of_the_made_up_reader_lead_to_the_form(guest):
    mail = guest.get("/sample/mail").text

    links = set(re.findall(r'href="(https://papers\.example\.org[^"]*)"', mail))
    assert links == {f"https://papers.example.org/{page}" for page in ("", "subscribe", "archive", "sample")}
    assert '<base target="_top">' in mail


def test_in_a_quiet_week_the_sample_shows_the_newest_papers(guest):
    guest.clock.passes(days=12)

    mail = guest.get("/sample/mail")

    assert "Six papers for you" in mail.text


def test_without_papers_there_is_no_sample_but_a_word_why(guest):
    with Session(guest.site.engine) as session:
        session.exec(delete(Paper))
        session.commit()

    assert "No sample today" in guest.get("/sample").text
    assert "<iframe" not in guest.get("/sample").text
    assert guest.get("/sample/mail").status_code == 200


def test_made_up_figures_are_marked_in_the_sample(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW, [entry("Sampled graphs", sample=True)])

    assert "Sample engagement figures" in guest.get("/sample/mail").text


def test_a_hostile_paper_does_no_harm_in_the_sample(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW, [entry("<script>alert(1)</script> graphs", url="javascript:alert(1)")])

    mail = guest.get("/sample/mail").text

    assert "&lt;script&gt;" in mail
    assert "<script" not in mail
    assert "javascript:" not in mail


def test_the_privacy_page_tells_the_facts_of_this_configuration(engine, tmp_path):
    guest = visitor(
        engine, tmp_path, "[signup]\nkeep_pending_days = 21\ncool_down_hours = 1.5\nconfirm_hours = 24\n"
    )

    page = guest.get("/privacy").text

    assert "If you never confirm: 21 days" in page
    assert "1.5 hours" in page
    assert "works for 24 hours" in page
    assert '<a href="mailto:papers@example.org">papers@example.org</a>' in page
    assert "no cookies" in page
    assert "fingerprint" in page

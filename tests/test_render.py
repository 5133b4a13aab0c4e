"""Render: a frozen delivery becomes the same bytes every time."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlmodel import select
from world import KEYS, NOW, configured, entry, planned, reader, stored

from newsletter import render
from newsletter.edition import Imprint
from newsletter.links import Links
from newsletter.mail.message import readable
from newsletter.models import Delivery, Paper, Pick
from subscribers import tokens


@pytest.fixture
def config(tmp_path):
    return configured(tmp_path, 'postal_address = "1 Sample Street"\n[digest]\nfloor = 0.1\n').config


@pytest.fixture
def delivery(session, config):
    stored(
        session,
        entry(
            "Graph neural networks with $\\alpha$-decay",
            1,
            sample=True,
            categories=("cs.LG",),
            organization="The Lab",
        ),
        entry(
            "More <script>alert(1)</script> graph neural networks",
            2,
            url="javascript:alert(1)",
            pdf_url="https://x.example.org",
        ),
    )
    reader(session, "ada@example.org", "Graphs", name="Ada <Countess>, Lovelace")
    planned(session, config)
    return session.exec(select(Delivery)).one()


def sent(session, delivery):
    envelope = render.run(session, delivery.id, KEYS)
    return envelope, message_from_bytes(envelope.content, policy=policy.default), *readable(envelope.content)


def test_the_message_says_what_was_picked_and_why(session, delivery):
    _, message, text, html = sent(session, delivery)

    assert message["Date"] == "Tue, 10 Mar 2026 12:00:00 +0000"
    assert message["Message-ID"] == delivery.message_id
    for part in (text, html):
        assert "Graph neural networks with α-decay" in part
        assert "atches Graphs" in part
        assert "1 Sample Street" in part
        assert "10 March 2026" in part
        assert "sample" in part.lower()


def test_a_paper_that_the_reader_liked_is_a_reason_and_no_interest(session, delivery):
    pick = session.exec(select(Pick).where(Pick.delivery_id == delivery.id)).first()
    pick.reasons = [*pick.reasons, {"code": "liked", "name": "Some liked title", "count": 1}]
    session.commit()

    _, _, plain, _ = sent(session, delivery)
    top = plain[: plain.index("-----")]

    assert "which you liked" in " ".join(plain.split())
    assert "Picked for" in top
    assert "Some liked title" not in top


def test_hostile_papers_are_inert(session, delivery):
    _, _, text, html = sent(session, delivery)

    assert "<script>alert" not in html
    assert "javascript:" not in html + text


def test_links_are_signed_for_this_reader_and_one_purpose(session, delivery):
    _, message, text, _ = sent(session, delivery)

    token = message["List-Unsubscribe"].split(">")[0].rpartition("/")[2]
    assert tokens.read(tokens.Purpose.UNSUBSCRIBE, token, KEYS) == delivery.subscriber_id
    assert f"https://papers.example.org/u/{token}" in text
    assert f"subject=unsubscribe%20{token}" in message["List-Unsubscribe"].replace("\n", "")


def test_each_card_has_thumbs_signed_for_this_reader_and_rank(session, delivery):
    _, _, text, html = sent(session, delivery)

    links = Links("https://papers.example.org", KEYS)
    for rank in (1, 2):
        for up in (True, False):
            assert f'href="{links.thumb(delivery.subscriber_id, "2026-03-10", rank, up=up)}"' in html
    assert (html.count(">More like this<"), html.count(">Less like this<")) == (2, 2)
    assert f"Thumbs for each paper: {links.browser(delivery.subscriber_id, '2026-03-10')}" in text
    assert "/up" not in text


def test_the_bytes_are_the_same_whenever_they_are_asked_for(session, delivery, config):
    first = render.run(session, delivery.id, KEYS)
    session.exec(select(Paper)).first().title = "Changed after planning"
    session.commit()
    stored(session, entry("Something new", 9))

    assert render.run(session, delivery.id, KEYS) == first


def test_each_delivery_has_its_own_return_path(session, delivery, config):
    first = render.run(session, delivery.id, KEYS)
    planned(session, config, NOW + timedelta(days=1))

    assert first.sender.startswith("papers+")
    assert first.sender.endswith("@example.org")
    assert first.sender.partition("@")[0].removeprefix("papers+") in delivery.message_id


def test_a_return_path_fits_the_limit_of_a_local_part():
    imprint = Imprint("T", "https://x.example", "a@x.example", "", "b" * 60 + "@y.example", 90_000)

    found = render.return_path(imprint, "<abcdefgh@x.example>")

    assert found == "b" * 55 + "+abcdefgh@y.example"

"""What was learned, on the page of preferences: seen, forgotten, taken back, and never changed by looking."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from web_site import visitor
from world import NOW, entry, reader

from newsletter.models import Feedback
from newsletter.web import learned
from subscribers import examples, signup
from subscribers.consent import Asker
from subscribers.models import Subscriber
from subscribers.pasted import Named

HOSTILE = 'Graph neural networks of <script>alert("x")</script> \u202egniht'


@pytest.fixture
def guest(engine, tmp_path):
    titles = ("Message passing on graphs", "Graph neural networks", HOSTILE)
    return visitor(engine, tmp_path, entries=[entry(title, number) for number, title in enumerate(titles, 1)])


@pytest.fixture
def ada(guest, session):
    """A reader who liked two papers, turned one down and named one."""
    ada = reader(session, "ada@example.org").id
    for number, thumb in ((1, 1), (2, 1), (3, -1)):
        session.add(Feedback(subscriber_id=ada, paper=key(number), thumb=thumb, at=NOW - timedelta(days=number)))
    examples.add(session, ada, [Named("arxiv:1706.03762", "Attention is all you need", "a" * 300)], NOW)
    session.commit()
    return ada


def key(number):
    return f"arxiv:2603.{number:05}"


def page(guest, number):
    return guest.get(guest.site.links.preferences(number)).text


def send(guest, number, **fields):
    links = guest.site.links
    return guest.send(links.preferences(number, "learned"), page=links.preferences(number), **fields)


def kept(guest, number):
    with Session(guest.site.engine) as session:
        thumbs = [(each.paper, each.thumb, each.at) for each in session.exec(select(Feedback))]
        named = [(each.key, each.title, each.abstract, each.at) for each in examples.of(session, number)]
    return sorted(thumbs), named


def undo_in(html):
    return html.partition('name="undo" value="')[2].partition('"')[0]


def test_the_page_tells_what_was_learned_with_a_button_for_each(guest, ada):
    html = page(guest, ada)

    assert "You liked 2 papers on Graphs" in html
    assert "You turned down 1 paper on Graphs" in html
    assert "You named 1 paper" in html
    assert f'name="thumbs" value="{key(1)} {key(2)} "' in html
    assert f'name="thumbs" value="{key(2)}"' in html
    assert 'name="examples" value="arxiv:1706.03762 "' in html
    assert "<script>alert" not in html
    assert "\u202e" not in html


def test_a_reader_who_taught_nothing_is_told_how(guest, session):
    eve = reader(session, "eve@example.org").id

    assert "Nothing yet. Under each paper in your digest are two thumbs" in page(guest, eve)


def test_one_paper_is_forgotten(guest, ada):
    answer = send(guest, ada, thumbs=key(1))

    assert learned.FORGOTTEN in answer.text
    assert "You liked 1 paper on Graphs" in answer.text
    assert [paper for paper, _, _ in kept(guest, ada)[0]] == [key(2), key(3)]


def test_a_group_is_forgotten_and_taken_back_as_it_was(guest, ada):
    before = kept(guest, ada)

    thumbs = send(guest, ada, thumbs=f"{key(1)} {key(2)} ")
    named = send(guest, ada, examples="arxiv:1706.03762 ")

    assert kept(guest, ada) == ([(key(3), -1, NOW - timedelta(days=3))], [])
    assert learned.BACK in send(guest, ada, undo=undo_in(thumbs.text)).text
    assert learned.BACK in send(guest, ada, undo=undo_in(named.text)).text
    assert kept(guest, ada) == before


def test_what_is_not_there_is_forgotten_already(guest, ada, session):
    eve = reader(session, "eve@example.org").id
    before = kept(guest, ada)

    for fields in ({"thumbs": key(1)}, {"thumbs": "arxiv:none"}, {"examples": key(1)}, {}):
        answer = send(guest, eve, **fields)
        assert learned.NOTHING in answer.text
        assert "Take it back" not in answer.text
    assert kept(guest, ada) == before


def test_only_what_was_just_forgotten_by_this_reader_can_be_taken_back(guest, ada, session):
    eve = reader(session, "eve@example.org").id
    undo = undo_in(send(guest, ada, thumbs=key(1)).text)

    for reader_id, text in ((eve, undo), (ada, undo[:-3] + "abc"), (ada, "nonsense"), (ada, "é")):
        assert learned.TOO_LATE in send(guest, reader_id, undo=text).text
    guest.clock.passes(hours=25)
    assert learned.TOO_LATE in send(guest, ada, undo=undo).text
    assert [paper for paper, _, _ in kept(guest, ada)[0]] == [key(2), key(3)]


def test_taking_back_twice_is_fine(guest, ada):
    before = kept(guest, ada)
    undo = undo_in(send(guest, ada, thumbs=key(1)).text)

    answers = [send(guest, ada, undo=undo) for _ in range(2)]

    assert all(learned.BACK in each.text for each in answers)
    assert kept(guest, ada) == before


def test_abstracts_that_are_too_much_for_a_form_are_left_out_of_it(guest, ada, monkeypatch):
    monkeypatch.setattr(learned, "LONGEST_UNDO", 100)

    send(guest, ada, undo=undo_in(send(guest, ada, examples="arxiv:1706.03762").text))

    assert kept(guest, ada)[1] == [("arxiv:1706.03762", "Attention is all you need", "", NOW)]


def test_looking_changes_nothing_and_there_is_nothing_to_get(guest, ada):
    before = kept(guest, ada)

    page(guest, ada)

    assert guest.get(guest.site.links.preferences(ada, "learned")).status_code == 405
    assert kept(guest, ada) == before


def test_a_form_from_elsewhere_and_a_wrong_link_change_nothing(guest, ada):
    before, url = kept(guest, ada), guest.site.links.preferences(ada, "learned")

    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert guest.post(url, {"thumbs": key(1)}, headers=foreign).status_code == 403
    other = guest.site.links.unsubscribe(ada).rpartition("/")[2]
    assert guest.post(f"/p/{other}/learned", {"thumbs": key(1)}).status_code == 404
    assert kept(guest, ada) == before


def test_who_has_left_has_nothing_to_forget_here(guest, ada, session):
    signup.leave(session, session.get(Subscriber, ada), Asker(), NOW)
    session.commit()

    assert guest.post(guest.site.links.preferences(ada, "learned"), {"thumbs": key(1)}).status_code == 410
    assert len(kept(guest, ada)[0]) == 3

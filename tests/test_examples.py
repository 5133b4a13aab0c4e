"""What readers named gets its words: from the archive, from arXiv at the end of a fetch, or not yet."""

from datetime import timedelta

import pytest
from replay import Clock, Reply, fetcher_for
from sqlmodel import select
from world import NOW, TITLES, Told, entry, reader, stored

from newsletter import examples, journal
from newsletter.models import Paper
from newsletter.sources import Entry, SourceSettings
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.arxiv_papers import Found
from subscribers.models import Example
from subscribers.paper_keys import title_key
from subscribers.pasted import Named

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Knows(Told):
    """A source that can look papers up: it knows these ids, and keeps what it was asked."""

    def __init__(self, *known, waiting=(), error=""):
        super().__init__()
        self.known, self.waiting, self.error, self.asked = known, list(waiting), error, []

    def look_up(self, fetcher, ids):
        self.asked.append(list(ids))
        papers = {each: Entry(f"Paper {each}", "Told.", arxiv_id=each) for each in ids if each in self.known}
        return Found(papers, [each for each in ids if each not in papers], self.waiting, self.error)


@pytest.fixture
def ada(session):
    return reader(session).id


def named(session):
    session.expire_all()
    return [(each.key, each.title, each.abstract) for each in session.exec(select(Example).order_by(Example.id))]


def run(session, source, now=NOW):
    return examples.run(session, [Told(), source], None, now)


def test_what_the_archive_has_is_filled_in_under_its_own_key(session, ada):
    stored(session, entry(TITLES[0], 1), entry(TITLES[1], 2, arxiv_id="", doi="10.1000/x"))
    given = [Named(title_key(TITLES[0])), Named("doi:10.1000/x"), Named("arxiv:2401.00001", "Not there")]

    assert examples.keep(session, ada, given, NOW) == 3

    assert named(session) == [
        ("arxiv:2603.00001", TITLES[0], f"We study {TITLES[0].lower()} and say what we found."),
        ("doi:10.1000/x", TITLES[1], f"We study {TITLES[1].lower()} and say what we found."),
        ("arxiv:2401.00001", "Not there", ""),
    ]


def test_one_paper_by_two_names_is_one_example(session, ada):
    stored(session, entry(TITLES[0], 1, doi="10.1000/x"))
    given = [Named(title_key(TITLES[0])), Named("doi:10.1000/x"), Named("arxiv:2603.00001")]

    examples.keep(session, ada, given, NOW)

    assert [key for key, _, _ in named(session)] == ["arxiv:2603.00001"]


def test_what_was_named_before_by_another_name_is_not_new(session, ada):
    stored(session, entry(TITLES[0], 1))
    examples.keep(session, ada, [Named("arxiv:2603.00001")], NOW)

    assert examples.keep(session, ada, [Named(title_key(TITLES[0]))], NOW) == 0


def test_two_readers_may_name_the_same_paper(session, ada):
    stored(session, entry(TITLES[0], 1))
    emmy = reader(session, "emmy@example.org").id

    for each in (ada, emmy):
        examples.keep(session, each, [Named(title_key(TITLES[0]))], NOW)

    assert [key for key, _, _ in named(session)] == ["arxiv:2603.00001"] * 2


def test_a_title_that_many_papers_have_says_nothing(session, ada):
    stored(session, entry("Editorial note", 1))

    examples.keep(session, ada, [Named(title_key("Editorial note"), "Editorial note")], NOW)

    assert named(session) == [(title_key("Editorial note"), "Editorial note", "")]


def test_a_reader_can_have_exactly_these(session, ada):
    examples.keep(session, ada, [Named("arxiv:2401.00001"), Named("arxiv:2401.00002")], NOW)

    examples.replace(session, ada, [Named("arxiv:2401.00002"), Named("arxiv:2401.00003")], NOW)

    assert [key for key, _, _ in named(session)] == ["arxiv:2401.00002", "arxiv:2401.00003"]


def test_papers_that_are_fetched_later_are_recognised_at_the_end_of_the_fetch(session, ada):
    examples.keep(session, ada, [Named("arxiv:2603.00001"), Named("doi:10.1000/unknown")], NOW)
    stored(session, entry(TITLES[0], 1))

    assert run(session, Told()).known == 1
    assert named(session)[0][1] == TITLES[0]


def test_unknown_arxiv_ids_are_looked_up_and_make_no_news(session, ada):
    source = Knows("2401.00001")
    examples.keep(session, ada, [Named("arxiv:2401.00001"), Named("arxiv:2401.00002"), Named("doi:10.1/x")], NOW)

    report = run(session, source, NOW + HOUR)

    assert source.asked == [["2401.00002", "2401.00001"]]
    assert (report.known, report.found, report.unknown, report.error) == (0, 1, ["2401.00002"], "")
    assert named(session)[0] == ("arxiv:2401.00001", "Paper 2401.00001", "Told.")
    assert session.exec(select(Paper)).all() == []


def test_one_paper_of_many_readers_is_asked_for_once(session, ada):
    emmy, source = reader(session, "emmy@example.org").id, Knows("2401.00001")
    for each in (ada, emmy):
        examples.keep(session, each, [Named("arxiv:2401.00001")], NOW)

    run(session, source, NOW + HOUR)

    assert source.asked == [["2401.00001"]]
    assert {title for _, title, _ in named(session)} == {"Paper 2401.00001"}


def test_what_arxiv_does_not_know_is_asked_again_once_a_day_for_a_week(session, ada):
    source = Knows()
    examples.keep(session, ada, [Named("arxiv:2401.00001")], NOW)

    for hours in range(1, 12 * 24, 6):
        run(session, source, NOW + hours * HOUR)

    assert 7 <= len(source.asked) <= 9


def test_a_new_example_is_asked_for_alone(session, ada):
    source = Knows()
    examples.keep(session, ada, [Named("arxiv:2401.00001")], NOW)
    run(session, source, NOW + HOUR)

    examples.keep(session, ada, [Named("arxiv:2401.00002")], NOW + 2 * HOUR)
    run(session, source, NOW + 3 * HOUR)

    assert source.asked == [["2401.00001"], ["2401.00002"]]


def test_an_upstream_that_fails_is_told_and_asked_again(session, ada):
    examples.keep(session, ada, [Named("arxiv:2401.00001")], NOW)

    report = run(session, Knows(waiting=["2401.00001"], error="arXiv is in trouble"), NOW + HOUR)
    again = Knows("2401.00001")
    run(session, again, NOW + 2 * HOUR)

    assert report.error == "arXiv is in trouble"
    assert again.asked == [["2401.00001"]]


def test_where_no_source_looks_papers_up_nobody_is_asked(session, ada):
    examples.keep(session, ada, [Named("arxiv:2401.00001")], NOW)
    mirror = Arxiv(SourceSettings("arxiv", "arxiv", url="http://127.0.0.1:9/cs.LG.xml"))

    report = run(session, mirror)

    assert report == examples.Report()
    assert journal.marked(session, examples.ASKED) is None


def test_the_arxiv_source_itself_is_asked(session, ada, server):
    body = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>http://arxiv.org/abs/2401.00001v2</id>"
    server.script(
        "/api/query", Reply(f"{body}<title>Found</title><summary>Told.</summary></entry></feed>".encode())
    )
    examples.keep(session, ada, [Named("arxiv:2401.00001")], NOW)
    source = Arxiv(SourceSettings("arxiv", "arxiv", url=server.url("/atom/"), categories=("cs.LG",)))

    with fetcher_for(Clock()) as fetcher:
        report = examples.run(session, [source], fetcher, NOW)

    assert (report.found, named(session)) == (1, [("arxiv:2401.00001", "Found", "Told.")])

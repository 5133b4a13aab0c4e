"""Fetch: each paper once, whatever the sources and versions; broken parts cost only themselves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlmodel import Session, select
from world import NOW, Told, entry, papers, stored

from newsletter import db, fetch
from newsletter.errors import SourceUnavailable
from newsletter.models import Alias, Paper, PaperSource, Signal, SourceState
from newsletter.sources import Snapshot


def run(session, *sources, now=NOW, clock=None):
    return fetch.run(session, sources, None, now, clock or now, lambda *_: None)


def all_papers(session):
    return session.exec(select(Paper).order_by(Paper.key)).all()


def test_papers_are_stored_under_their_canonical_key(session):
    (report,) = stored(
        session,
        entry("Of arXiv"),
        entry("Of a journal", arxiv_id="", doi="10.1000/ABC"),
        entry("Of a blog", arxiv_id=""),
    )

    assert report.new == 3
    keys = [paper.key for paper in all_papers(session)]
    assert keys[:2] == ["arxiv:2603.00001", "doi:10.1000/abc"]
    assert keys[2].startswith("title:")


def test_the_same_paper_from_two_sources_is_one_row_with_two_views(session):
    run(
        session,
        Told(entry("A paper about everything", doi="10.1000/x", summary="Short."), name="one"),
        Told(entry("A Paper  about Everything!", arxiv_id="", code_url="https://code.example.org"), name="two"),
        Told(entry("Retitled in print", arxiv_id="", doi="10.1000/X"), name="three"),
    )

    (paper,) = all_papers(session)
    assert (paper.title, paper.summary, paper.code_url) == (
        "A paper about everything",
        "Short.",
        "https://code.example.org",
    )
    assert {view.source for view in session.exec(select(PaperSource))} == {"one", "two", "three"}
    assert {alias.paper for alias in session.exec(select(Alias))} == {"arxiv:2603.00001"}


def test_two_arxiv_papers_with_one_title_are_two_papers(session):
    stored(session, entry("A very common and long title", 1), entry("A very common and long title", 2))

    assert len(all_papers(session)) == 2


def test_a_short_title_joins_nothing(session):
    stored(session, entry("Editorial", 1), entry("Editorial", arxiv_id="", doi="10.1000/1"))

    assert len(all_papers(session)) == 2


def test_a_paper_known_by_its_title_is_found_again_by_its_identifier(session):
    stored(session, entry("A long enough title for this", arxiv_id=""))
    (report,) = stored(session, entry("A long enough title for this", 7))
    stored(session, entry("And retitled later", 7))

    assert (report.new, len(all_papers(session))) == (0, 1)


def test_reading_again_changes_nothing_and_says_so(session):
    stored(session)
    (report,) = stored(session)

    assert (report.new, report.updated, report.unchanged) == (0, 0, 6)


def test_a_new_version_updates_the_text_but_is_no_news(session):
    stored(session, entry("First title of it", 1, version=1))

    (report,) = stored(
        session,
        entry("Second title of it", 1, version=2, kind="replace", announced_at=NOW),
        entry("Unknown here before", 2, version=4, kind="replace"),
    )

    (paper,) = all_papers(session)
    assert (paper.title, paper.version, paper.announced_at) == ("Second title of it", 2, NOW - timedelta(days=1))
    assert (report.new, report.updated, report.unchanged) == (0, 1, 1)


def test_the_earliest_announcement_counts(session):
    stored(session, entry("Seen twice by us", 1, announced_at=NOW))
    stored(session, entry("Seen twice by us", 1, announced_at=NOW - timedelta(days=2)))

    assert all_papers(session)[0].announced_at == NOW - timedelta(days=2)


def test_an_announcement_in_the_future_is_now(session):
    stored(session, entry("From tomorrow", announced_at=NOW + timedelta(days=1)))

    assert all_papers(session)[0].announced_at == NOW


def test_without_an_announcement_the_first_read_guesses_and_a_later_one_says_now(session):
    old = NOW - timedelta(days=5)
    source = Told(entry("Submitted long ago", 1, announced_at=None, published_at=old, snapshots=()))
    run(session, source)
    source.entries = (entry("Found by a later read", 2, announced_at=None, published_at=old, snapshots=()),)
    run(session, source)

    first, second = all_papers(session)
    assert (first.announced_at, second.announced_at) == (old + timedelta(days=1), NOW)


def test_snapshots_are_kept_once_and_silence_is_not_zero(session):
    stored(session, entry("Voted on", 1), entry("Silent", 2, snapshots=(Snapshot(NOW),)))
    stored(session, entry("Voted on", 1, snapshots=(Snapshot(None, upvotes=9),)))
    stored(session, entry("Voted on", 1, snapshots=(Snapshot(None, upvotes=9),)))

    signals = session.exec(select(Signal).order_by(Signal.seen_at)).all()
    assert [(each.paper, each.upvotes) for each in signals] == [
        ("arxiv:2603.00001", 1),
        ("arxiv:2603.00001", 3),
        ("arxiv:2603.00001", 9),
    ]
    assert signals[-1].seen_at == NOW


def test_sample_figures_stay_marked(session):
    stored(session, entry("Made up", sample=True))

    assert all(signal.sample for signal in session.exec(select(Signal)))


def test_a_broken_source_costs_only_itself(session):
    broken = Told(name="broken", error=SourceUnavailable("no answer from upstream"))

    reports = run(session, broken, Told(*papers(), problems=["line 3: no title"], name="good"))

    assert [(each.source, each.error, each.new, each.failed) for each in reports] == [
        ("broken", "no answer from upstream", 0, 1),
        ("good", "", 6, 1),
    ]
    state = session.get_one(SourceState, "broken")
    assert (state.last_error, state.last_error_at, state.last_success_at) == ("no answer from upstream", NOW, None)


def test_memory_comes_back_on_the_next_read_and_a_failure_keeps_it(session):
    source = Told(*papers())
    run(session, source)
    source.error = SourceUnavailable("down")
    run(session, source)
    source.error = None
    run(session, source)

    assert source.memories == [{}, {"reads": 1}, {"reads": 1}]
    state = session.get_one(SourceState, "told")
    assert (state.last_error, state.last_success_at) == ("", NOW)


def test_progress_names_the_source(session):
    said = []
    fetch.run(session, [Told(name="mine")], None, NOW, NOW, lambda *words: said.append(words))

    assert said == [("mine", "asked")]


def test_the_view_of_a_source_is_kept_as_told(session):
    stored(session, entry("As told", 1, organization="A lab"))

    (view,) = session.exec(select(PaperSource)).all()
    assert view.view["organization"] == "A lab"
    assert view.view["announced_at"] == "2026-03-09T12:00:00+00:00"
    assert "snapshots" not in view.view


def test_many_papers_in_one_reading_are_stored_in_batches(session):
    (report,) = stored(session, *(entry(f"Paper number {number} of many", number) for number in range(1, 1102)))

    assert (report.new, len(all_papers(session))) == (1101, 1101)


def test_a_replay_leaves_what_is_announced_later_for_later_and_reads_it_again(session):
    source = Told(entry("Known by then", 1), entry("Of tomorrow", 2, announced_at=NOW + timedelta(days=1)))

    (early,) = run(session, source, clock=NOW + timedelta(days=300))
    (late,) = run(session, source, now=NOW + timedelta(days=2), clock=NOW + timedelta(days=300))

    assert (early.new, early.later, late.new, late.later) == (1, 1, 1, 0)
    assert source.memories == [{}, {}]
    assert all_papers(session)[1].announced_at == NOW + timedelta(days=1)
    assert all_papers(session)[0].first_seen_at == NOW + timedelta(days=300)


def test_two_editorials_are_two_papers_whichever_way_they_come(session):
    stored(session, entry("Editorial", arxiv_id=""))
    stored(session, entry("Editorial", 1), entry("Editorial", 2))
    stored(session, entry("Editorial", arxiv_id="", doi="10.1000/5"))

    assert [paper.key[:6] for paper in all_papers(session)] == ["arxiv:", "arxiv:", "doi:10", "title:"]


def test_a_title_that_one_identified_paper_has_taken_is_closed_to_the_next(session):
    stored(session, entry("A long enough title for this", arxiv_id=""))
    stored(session, entry("A long enough title for this", 1), entry("A long enough title for this", 2))

    assert len(all_papers(session)) == 2


def test_two_processes_that_find_the_same_papers_at_once_store_them_once(engine):
    def read(number):
        with db.writing(engine) as own:
            return run(
                own,
                Told(
                    *(entry(f"Paper number {each} of many", each) for each in range(1, 300)),
                    name=f"source {number}",
                ),
            )

    with ThreadPoolExecutor(4) as pool:
        reports = [report for reports in pool.map(read, range(4)) for report in reports]

    with Session(engine) as session:
        assert len(all_papers(session)) == 299
        assert len(session.exec(select(PaperSource)).all()) == 4 * 299
    assert all(not report.error for report in reports)


def test_two_sources_that_tell_the_same_papers_in_other_orders_do_not_wait_for_each_other(engine):
    found = [entry(f"Paper number {each} of many", each) for each in range(1, 900)]

    def read(order):
        with db.writing(engine) as own:
            return run(own, Told(*(found if order else found[::-1]), name=f"source {order}"))

    with ThreadPoolExecutor(2) as pool:
        assert [report.error for reports in pool.map(read, range(2)) for report in reports] == ["", ""]


def test_two_first_reads_of_one_source_at_once_both_end_well(engine):
    def read(_):
        with db.writing(engine) as own:
            return run(own, Told(*papers()))

    with ThreadPoolExecutor(4) as pool:
        assert [report.error for reports in pool.map(read, range(4)) for report in reports] == [""] * 4

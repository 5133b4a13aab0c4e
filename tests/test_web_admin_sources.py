"""The sources page: how each source was read, when it is read next, and the papers it told each day."""

from datetime import timedelta

from sqlmodel import Session
from web_admin import lite, logged_in
from world import NOW

from newsletter import journal
from newsletter.models import SourceState
from newsletter.record_models import RunKind

__all__ = ["lite"]  # the fixture
ARXIV = '[[sources]]\nname = "arXiv cs"\nkind = "arxiv"\ncategories = ["cs.LG"]\n'


def test_a_source_has_its_reads_and_its_papers_a_day_on_both_databases(engine, tmp_path):
    one = logged_in(engine, tmp_path, ARXIV)
    with Session(engine) as session:
        read = NOW - timedelta(minutes=5)
        session.add(SourceState(name="arXiv cs", last_success_at=read, last_error_at=NOW, last_error="503"))
        for hours, new in ((1, 7), (2, 5), (30, 3)):
            at = NOW - timedelta(hours=hours)
            journal.write(session, RunKind.FETCH, "arXiv cs", at, (at, at), "", {"new": new})
        session.commit()

    shown = one.get("/admin/sources").text

    assert "503" in shown
    assert 'data-label="arXiv cs">12<' in shown
    assert 'data-label="arXiv cs">3<' in shown
    assert 'data-label="New in 14 days">15<' in shown


def test_a_source_that_is_configured_no_more_says_so(lite, tmp_path):
    one = logged_in(lite, tmp_path)
    with Session(lite) as session:
        session.add(SourceState(name="gone", last_error="failed for ada@example.org"))
        session.commit()

    shown = one.get("/admin/sources").text

    assert "Not in the configuration any more" in shown
    assert "a…@example.org" in shown


def test_a_source_that_was_never_read_is_read_next(lite, tmp_path):
    shown = logged_in(lite, tmp_path, ARXIV).get("/admin/sources").text

    assert "arXiv cs" in shown
    assert ">just now<" in shown


def test_sources_that_cannot_be_made_are_told(lite, tmp_path):
    one = logged_in(lite, tmp_path)
    broken = one.site.config.model_copy(update={"sources": (Broken(),)})
    object.__setattr__(one.site, "config", broken)

    shown = one.get("/admin/sources").text

    assert 'role="alert"' in shown
    assert "no such kind" in shown


class Broken:
    """A table of sources whose kind is gone."""

    name, path = "gone", ""

    def model_dump(self):
        return {"name": "gone", "kind": "no such kind"}

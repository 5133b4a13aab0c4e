"""The topics page: followers and papers of each topic, and what readers follow in their own words."""

import re

from sqlmodel import Session
from web_admin import lite, logged_in
from world import reader, stored

from subscribers import people
from subscribers.models import Status

__all__ = ["lite"]  # the fixture


def test_each_topic_has_its_followers_and_papers_on_both_databases(engine, tmp_path):
    one = logged_in(engine, tmp_path)
    with Session(engine) as session:
        stored(session)
        reader(session, "ada@example.org", "Language models", "Weaving looms")
        reader(session, "emmy@example.org", "Language models", mutes=["Robotics"])
        reader(session, "gone@example.org", "Robotics")
        people.find(session, "gone@example.org").status = Status.UNSUBSCRIBED
        session.commit()

    shown = one.get("/admin/topics").text

    row = re.search(
        r"<th scope=\"row\">Language models</th>(?:(?!</tr>).)*data-label=\"Readers\">2<", shown, re.DOTALL
    )
    assert row
    assert "The topics that most readers follow" in shown
    assert re.search(r"<dt>1 reader</dt><dd dir=\"auto\">Weaving looms<", shown, re.IGNORECASE)
    assert not re.search(r"Robotics</th>(?:(?!</tr>).)*data-label=\"Readers\">[1-9]", shown, re.DOTALL)


def test_without_readers_there_is_no_plot(lite, tmp_path):
    shown = logged_in(lite, tmp_path).get("/admin/topics").text

    assert ("<svg" in shown, "In readers’ own words" in shown) == (False, False)

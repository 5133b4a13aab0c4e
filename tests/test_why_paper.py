"""One paper before one reader: found by key or by words, and explained by the first rule that fits."""

from datetime import timedelta

import pytest
from why_facts import FACTS, NOON, PAPER, PICK, told, weighed
from why_world import DAY, DUE, FIRST, HOURS, SECOND, ada, asked, planned, sent
from world import Scripted, entry, papers, stored

from newsletter.models import Alias
from newsletter.why.facts import PaperFacts, SourceFacts

MORNING = DUE - HOURS


@pytest.fixture
def reader(session, config):
    """A reader with a sent digest of two papers about graphs."""
    stored(session, *papers(), now=MORNING)
    made = ada(session, mutes=["keyword:quantum"])
    planned(session, config)
    sent(session, Scripted())
    return made


def answered(session, config, reader, paper, **options):
    found = asked(session, config, reader, paper=paper, **options)
    return found.paper_code, found.lines[0]


def test_a_paper_is_found_by_its_key_its_address_or_words_of_its_title(session, config, reader):
    ways = (
        *("arxiv:2603.00002", "2603.00002", "arXiv:2603.00002v3", "https://arxiv.org/abs/2603.00002v1"),
        *("graph NEURAL", "Graph neural networks for catalysts"),
    )

    found = {answered(session, config, reader, way) for way in ways}

    [(code, said)] = found
    assert code == "sent"
    assert said.startswith(
        "“Graph neural networks for catalysts” was in the digest of Tuesday, 10 March 2026, as "
    )
    assert said.endswith(f"as number 1, with a score of {FIRST}: Matches Graphs: graph neural network.")


def test_a_paper_is_found_by_a_doi_that_another_source_told(session, config, reader):
    session.add(Alias(key="doi:10.5555/abc", paper="arxiv:2603.00002"))
    session.commit()

    assert answered(session, config, reader, "https://doi.org/10.5555/ABC")[0] == "sent"


def test_of_several_papers_the_readers_own_is_meant_and_the_others_are_named(session, config, reader):
    code, said = answered(session, config, reader, "graph")

    assert code == "sent"
    assert said.endswith(" Other papers have these words too: arxiv:2603.00002.")


def test_a_paper_that_nobody_told_of_is_said_to_be_unknown(session, config, reader):
    code, said = answered(session, config, reader, "cold 100%_fusion")

    assert code == "unknown"
    assert said == (
        "No paper fits “cold 100%_fusion”: no source has told of it. Read that day: told (last read 06:00 "
        "Europe/Berlin (05:00 UTC))."
    )


def test_a_muted_paper_names_the_mute(session, config, reader):
    code, said = answered(session, config, reader, "2603.00004")

    assert (code, said) == (
        "muted",
        "“Quantum error correction with codes” is left out, for the reader mutes the keyword quantum.",
    )


def test_a_mute_by_topic_names_the_words_that_it_found(session, config):
    stored(session, now=MORNING)
    reader = ada(session, "Speech", mutes=["Graphs"])
    planned(session, config)

    code, said = answered(session, config, reader, "2603.00002")

    assert (code, "mutes the topic Graphs (graph neural network)." in said) == ("muted", True)


def test_a_paper_below_the_floor_is_told_with_all_the_scores(session, config, reader):
    code, said = answered(session, config, reader, "speech")

    assert code == "below the floor"
    assert said.startswith(
        "“A transformer for speech recognition” fits what the reader follows by 0.00, and the floor"
    )
    assert said.endswith(f"The last paper picked for them has {SECOND}.")


def test_a_paper_that_there_was_no_room_for_is_told_with_its_place(session, config):
    stored(session, now=MORNING)
    reader = ada(session, size=1)
    planned(session, config)

    code, said = answered(session, config, reader, "message passing")

    assert code == "outranked"
    assert f"is number 2 in the reader's order, with a score of {SECOND}, and the digest held 1." in said


def test_a_paper_outside_the_window_is_told_with_its_day(session, config, reader):
    old = entry("Graphs of long ago", 8, announced_at=DUE - 9 * DAY, snapshots=())
    later = entry("Graphs to come", 9, announced_at=DUE + 2 * HOURS, snapshots=())
    missed = entry("Graphs found late", 7, announced_at=DUE - HOURS, snapshots=())
    stored(session, old, later, missed, now=NOON)

    code, said = answered(session, config, reader, "long ago")
    assert code == "too old"
    assert said.startswith(
        "“Graphs of long ago” was announced on 1 March 2026 at 07:00 Europe/Berlin (06:00 UTC),"
    )
    assert said.endswith("the digest looked back to 3 March 2026 at 07:00 Europe/Berlin (06:00 UTC) only.")
    assert answered(session, config, reader, "graphs to come")[0] == "announced later"
    assert answered(session, config, reader, "found late")[0] == "seen later"


def test_a_paper_of_another_day_is_told_with_that_day(session, config, reader):
    tomorrow = answered(session, config, reader, "2603.00002", at=NOON + DAY)
    yesterday = answered(session, config, reader, "2603.00002", at=NOON - DAY)

    assert tomorrow[0] == "sent before"
    assert tomorrow[1].endswith("No reader gets a paper twice.")
    assert yesterday[0] == "sent later"


def test_a_paper_on_a_day_without_a_digest_is_told_with_its_place(session, config):
    stored(session, now=MORNING)
    reader = ada(session)

    code, said = answered(session, config, reader, "2603.00002")

    assert code == "no digest"
    assert said.endswith(
        f"in the reader's order, with a score of {FIRST}, and there was no digest that could bring it."
    )


def test_a_paper_below_the_floor_of_a_quiet_day_has_no_other_to_be_compared_with():
    found = weighed(fit=0.1, last_score=None)

    assert found.lines[0] == "“Nine Graphs” fits what the reader follows by 0.10, and the floor is 0.20."


def test_a_paper_of_a_digest_that_waits_is_not_called_sent():
    paper = PaperFacts(
        **vars(PAPER) | {"date": "2026-03-10", "state": "pending", "rank": 1, "score": 0.5, "why": "New"}
    )

    assert told(digest={"state": "pending"}, picks=(PICK,), paper=paper).paper_code == "planned"


def test_a_paper_that_would_be_picked_today_says_that_something_changed():
    found = weighed(place=1)

    assert found.paper_code == "outranked"
    assert found.lines[0].endswith("What the reader follows, or the votes, changed after the digest was planned.")


def test_a_paper_read_in_a_replay_counts_as_known_by_the_real_time(session, config):
    stored(session, now=DUE + 30 * DAY)
    reader = ada(session, size=1)
    planned(session, config)
    row = asked(session, config, reader).facts.digest
    assert row is not None
    assert answered(session, config, reader, "message passing")[0] == "seen later"

    sent(session, Scripted(), at=DUE + timedelta(minutes=1))
    assert answered(session, config, reader, "message passing")[0] == "seen later"


def test_sources_that_were_not_read_are_told_too():
    nothing_read = told(paper=PaperFacts(asked="x")).lines[0]
    read = told(paper=PaperFacts(asked="x"), sources=(SourceFacts("arxiv", 1, 0, 9, DUE, ""),)).lines[0]

    assert nothing_read.endswith("The record holds no read of a source that day.")
    assert read.endswith("Read that day: arxiv (last read 07:00 Europe/Berlin (06:00 UTC)).")
    assert FACTS.paper is None


def test_blank_words_ask_about_no_paper(session, config, reader):
    assert answered(session, config, reader, "  ")[0] == ""

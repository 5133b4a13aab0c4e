"""The doctor asks each source once, through the source's own code, and keeps nothing of the answer."""

import json

import pytest
from doctor_patient import line, lines, on, patient
from replay import Reply
from sqlmodel import Session, select

from newsletter.doctor import upstreams
from newsletter.models import Paper, SourceState
from newsletter.sources import Reading

ITEM = {"id": "1", "url": "https://example.org/1", "title": "A paper", "date_published": "2026-11-22T10:00:00Z"}
FEED = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "A blog", "items": [ITEM]}).encode()


def source(name, kind="feed", **keys):
    more = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return f'[[sources]]\nname = "{name}"\nkind = "{kind}"\n{more}'


def examined(folder, text, **options):
    return lines(upstreams.sources(patient(folder, text, **options)))


def test_a_source_that_answers_passes_with_its_papers(server, tmp_path):
    feed = server.script("/feed", FEED)

    (said,) = examined(tmp_path, source("A blog", url=f'"{feed}"'))

    assert said.startswith("ok source A blog: answers, with ")
    assert server.asked[0].headers["user-agent"].startswith("paper-newsletter/")


def test_what_is_remembered_is_asked_with_and_nothing_is_stored(engine, server, tmp_path):
    feed = server.script("/feed", Reply(b"", 304))
    memory = {"url": feed, "etag": '"seen"', "last_modified": ""}
    with Session(engine) as session:
        session.add(SourceState(name="A blog", memory=memory))
        session.commit()

    said = line(upstreams.sources(on(engine, tmp_path, source("A blog", url=f'"{feed}"'))))

    assert said.startswith("ok source A blog: answers, with nothing new since the last read")
    assert server.asked[0].headers["if-none-match"] == '"seen"'
    with Session(engine) as session:
        assert session.exec(select(SourceState.memory)).all() == [memory]
        assert session.exec(select(Paper)).all() == []


def test_a_source_that_asks_often_is_asked_once(server, tmp_path):
    server.respond = lambda asked: Reply(b"[]")

    (said,) = examined(tmp_path, source("Daily", "huggingface", url=f'"{server.url()}"', days=5))

    assert said.startswith("ok source Daily: answers")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "said", "cure"),
    [
        (Reply(b"", 404), "HTTP 404, no such page", "mend this source in the configuration"),
        (Reply(b"", 429, {"Retry-After": "3600"}), "asks us to slow down", "wait: the next reads try again"),
        (Reply(b"hello"), "", "mend this source in the configuration"),
    ],
)
def test_a_source_that_cannot_be_read_fails_with_the_right_cure(server, tmp_path, reply, said, cure):
    feed = server.script("/feed", reply)

    (found,) = examined(tmp_path, source("A blog", url=f'"{feed}"'))

    assert found.startswith("fail source A blog: ")
    assert said in found
    assert found.endswith(f": {cure}")


def test_a_first_failure_counts_also_where_the_source_would_go_on(server, tmp_path):
    server.respond = lambda asked: Reply(b"", 404)

    (said,) = examined(tmp_path, source("Daily", "huggingface", url=f'"{server.url()}"', days=5))

    assert said.startswith("fail source Daily: ")
    assert len(server.asked) == 1


def test_a_first_failure_counts_also_where_the_source_has_none_left(server, tmp_path):
    server.respond = lambda asked: Reply(b"", 404)

    (said,) = examined(tmp_path, source("Daily", "huggingface", url=f'"{server.url()}"', days=1))

    assert said.startswith("fail source Daily: ")


def test_files_are_read_and_their_problems_are_warnings(tmp_path):
    (tmp_path / "good.jsonl").write_text('{"title": "A paper", "doi": "10.5555/1"}\n')
    (tmp_path / "bad.jsonl").write_text('{"title": "A paper", "doi": "10.5555/1"}\n{"doi": "10.5555/2"}\n')
    text = source("Good", "file", path='"good.jsonl"') + source("Bad", "file", path='"bad.jsonl"')

    good, bad = examined(tmp_path, text, offline=True)

    assert good.startswith("ok source Good: answers, with 1 paper")
    assert bad.startswith("warn source Bad: answers, but ")


def test_offline_no_source_of_the_network_is_asked(server, tmp_path):
    (said,) = examined(tmp_path, source("A blog", url=f'"{server.url("/feed")}"'), offline=True)

    assert said.startswith("note source A blog: not asked, for --offline")
    assert server.asked == []


def test_no_source_is_a_warning_and_an_unknown_kind_fails(tmp_path):
    (none,) = examined(tmp_path, "")
    (unknown,) = examined(tmp_path, source("A blog", "magic"))

    assert none.startswith("warn sources: none is set up")
    assert unknown.startswith("fail sources: sources.A blog.kind: 'magic' is not known")


def test_one_broken_source_costs_itself(server, tmp_path):
    text = source("Bad", url=f'"{server.url("/gone")}"') + source("Good", url=f'"{server.script("/feed", FEED)}"')

    found = examined(tmp_path, text)

    assert [each.partition(":")[0] for each in found] == ["fail source Bad", "ok source Good"]


def test_an_answer_without_what_the_calendar_expects_is_a_warning():
    said = lines(
        [upstreams.understood("source A", Reading(), "; expected since noon", late=each) for each in (0, 1)]
    )

    assert said[0] == "ok source A: answers, with nothing new since the last read; expected since noon: "
    assert said[1].startswith(
        "warn source A: answers, with nothing new since the last read; expected since noon: "
    )


def test_arxiv_is_asked_once_and_what_it_announces_when_is_told(server, tmp_path):
    server.respond = lambda asked: Reply(b"", 503)

    (said,) = examined(tmp_path, source("arXiv", "arxiv", url=f'"{server.url()}"', categories='["cs.LG"]'))

    assert said.startswith("fail source arXiv: ")
    assert "in trouble (HTTP 503)" in said
    assert said.endswith(": wait: the next reads try again")
    assert len({asked.path for asked in server.asked}) == 1

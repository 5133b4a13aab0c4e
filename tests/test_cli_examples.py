"""Papers that readers name as examples, from the command line: added, shown, carried by CSV, looked up, erased."""

import pytest
from command_line import AT, as_json, run
from replay import DATA, Reply

BIBTEX = """@misc{one, title = {A First Paper of Mine}, eprint = {2602.01234}}
@misc{two, title = {Another Paper}, doi = {10.1000/two}}
"""


def add(*arguments, email="ada@example.org", code=0):
    return run("subscribers", "add", email, "--confirmed", *arguments, code=code)


def keys(email="ada@example.org"):
    return [each["key"] for each in as_json("subscribers", "show", email)["examples"]]


def test_papers_are_named_one_by_one_and_by_file(workplace):
    (workplace / "mine.bib").write_text(BIBTEX)

    add(
        "--example",
        "https://arxiv.org/abs/1706.03762",
        "--example",
        "Message passing on graphs",
        "--examples",
        "mine.bib",
    )

    assert keys()[0] == "arxiv:1706.03762"
    assert keys()[2:] == ["arxiv:2602.01234", "doi:10.1000/two"]
    shown = run("subscribers", "show", "ada@example.org").stdout
    assert "examples: arxiv:1706.03762 (title not found yet); Message passing on graphs; " in shown
    assert "A First Paper of Mine (arxiv:2602.01234); Another Paper (doi:10.1000/two)" in shown


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--example", "graphs"), "'graphs' cannot be used: no arXiv id, DOI or title found"),
        (("--example", "1706.03762", "--example", "graphs"), "number 2"),
        (("--examples", "nothing.bib"), "nothing.bib' cannot be used: it cannot be read: No such file"),
        (("--examples", "bad.txt"), "'graphs' cannot be used: line 2: no arXiv id"),
    ],
)
def test_what_names_no_paper_stops_the_command(workplace, arguments, named):
    (workplace / "bad.txt").write_text("1706.03762\ngraphs\n")

    result = add(*arguments, code=2)

    assert named in result.stderr
    assert "Traceback" not in result.output
    assert as_json("subscribers", "list") == []


def test_what_the_archive_has_is_named_at_once(workplace):
    run("fetch", "--at", AT)
    (workplace / "people.csv").write_text(
        "email,status,examples\n"
        'ada@example.org,active,"opengraph towards open graph foundation models; 1706.03762"\n'
    )

    run("subscribers", "import", "people.csv")

    first, second = as_json("subscribers", "show", "ada@example.org")["examples"]
    assert first["title"] == "OpenGraph: Towards Open Graph Foundation Models"
    assert second == {"key": "arxiv:1706.03762", "title": ""}


def test_an_export_carries_examples_and_a_bad_row_is_rejected(workplace):
    add("--example", "1706.03762", "--example", "Semicolons; in a title")
    run("subscribers", "export", "--out", "all.csv")
    before = keys()

    (workplace / "config.toml").write_text('[database]\nurl = "sqlite:///other.db"\n')
    run("subscribers", "import", "all.csv")
    assert keys() == before

    (workplace / "bad.csv").write_text("email,examples\nada@example.org,1706.03762;graphs\n")
    report = as_json("subscribers", "import", "bad.csv", code=1)
    assert "number 2: no arXiv id" in report["rejected"][0]["reason"]
    assert keys() == before


def test_erasing_a_reader_counts_what_they_named(workplace):
    add("--example", "1706.03762")

    assert as_json("subscribers", "erase", "ada@example.org", "--yes")["removed"]["examples"] == 1


def test_a_fetch_looks_up_what_readers_named(workplace, server):
    server.script("/api/query", (DATA / "arxiv-query.atom.xml").read_bytes())
    server.respond = lambda asked: Reply(b"<feed xmlns='http://www.w3.org/2005/Atom'></feed>")
    config = workplace / "config.toml"
    config.write_text(
        f'{config.read_text()}[[sources]]\nname = "arxiv"\nkind = "arxiv"\nurl = "{server.url("/atom/")}"\n'
        'categories = ["cs.LG"]\n'
    )
    add("--example", "2602.01234", "--example", "2401.99999")

    first = run("fetch", "--source", "arxiv").stdout
    again = as_json("fetch", "--source", "arxiv")["examples"]

    assert "0 examples of readers known from the archive, 1 from arXiv." in first
    assert "arXiv does not know 2401.99999: readers named it." in first
    assert again == {"known": 0, "found": 0, "unknown": [], "error": ""}
    titles = [each["title"] for each in as_json("subscribers", "show", "ada@example.org")["examples"]]
    assert (bool(titles[0]), titles[1]) == (True, "")


def test_a_look_up_that_fails_is_told_and_the_fetch_is_done(workplace, server):
    server.respond = lambda asked: Reply(b"<feed xmlns='http://www.w3.org/2005/Atom'></feed>")
    server.script("/api/query", Reply(status=404))
    config = workplace / "config.toml"
    config.write_text(
        f'{config.read_text()}[[sources]]\nname = "arxiv"\nkind = "arxiv"\nurl = "{server.url("/atom/")}"\n'
        'categories = ["cs.LG"]\n'
    )
    add("--example", "2602.01234")

    result = run("fetch", "--source", "arxiv")

    assert "Papers that readers named could not be looked up: " in result.stderr
    assert "HTTP 404" in result.stderr

"""The documentation says what the program does: every command, option, key, column, file and variable of it."""

import ast
import json
import re
import shlex
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_line import AT, as_json, run
from replay import Clock, Replay, Reply, fetcher_for
from typer.main import get_command

from newsletter import config, wiring
from newsletter.cli import app
from newsletter.sources import KINDS, Entry, SourceSettings, load
from subscribers.csv_rows import COLUMNS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
MODULES = sorted(path for path in (ROOT / "newsletter").glob("*.py") if path.stem != "__init__")
NOW = datetime(2026, 4, 23, 14, tzinfo=UTC)


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def sections(name):
    """Each `##` heading of a page, without its backticks, with what stands below it."""
    _, *parts = re.split(r"^## ", page(name), flags=re.MULTILINE)
    return {heading.replace("`", ""): body for heading, _, body in (part.partition("\n") for part in parts)}


def rows(text, column):
    """The rows of all tables whose first column is called so, as lists of cells."""
    tables = re.findall(rf"^\| {column} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [line.strip("| ").split(" | ") for table in tables for line in table.splitlines()]


def named(text, column):
    """What those tables name in backticks in their first cells."""
    return [name for row in rows(text, column) for name in re.findall(r"`([^`]+)`", row[0])]


def blocks(text, language):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def examples(text):
    """Each example of the command line: its words, its exit code, what it is to print."""
    for block in blocks(text, "console"):
        for part in re.split(r"^ *\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, printed = part.partition("\n")
            code = re.search(r"# exit code (\d)", line)
            yield shlex.split(line, comments=True), int(code[1]) if code else 0, printed


def commands(command, *path):
    """Every command by its words, groups left out."""
    inner = getattr(command, "commands", {})
    found = {} if inner else {" ".join(path): command}
    for name, each in inner.items():
        found |= commands(each, *path, name)
    return found


def options(command):
    """What a command takes, by each of its names; arguments go by their metavar."""
    return {
        name: param
        for param in command.params
        for name in (param.opts if param.param_type_name == "option" else [param.metavar])
    }


def called(words):
    """The command that these words call, and the words left for it."""
    command, rest = get_command(app), list(words)
    while rest and hasattr(command, "commands") and rest != ["--help"]:
        word = rest.pop(0)
        if word not in options(command):
            assert word in command.commands, f"no command {word!r} in {words}"
            command = command.commands[word]
    return command, rest


def keys(value, at=""):
    """Each key of a JSON document with its place: {"picks": [{"rank": 1}]} has picks and picks[].rank."""
    if isinstance(value, list):
        return {key for each in value for key in keys(each, f"{at}[]")}
    found = set()
    for key, inner in value.items() if isinstance(value, dict) else ():
        here = f"{at}.{key}" if at else key
        found |= {here} | keys(inner, here)
    return found


COMMANDS = commands(get_command(app))


def test_every_command_has_its_section_and_nothing_else_has_one():
    headings = [heading for heading in sections("cli.md") if heading.startswith("newsletter ")]

    assert sorted(headings) == sorted(f"newsletter {name}" for name in COMMANDS)


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_option_is_documented_with_its_default_and_none_that_is_not_there(name):
    command = COMMANDS[name] if name else get_command(app)
    expected = options(command)
    told = {}
    for first, default, _ in rows(sections("cli.md")[f"newsletter {name}".strip()], "Option"):
        told |= {option.split()[0]: default for option in re.findall(r"`([^`]+)`", first)}

    assert told.keys() == expected.keys()
    for option, param in expected.items():
        assert (told[option] == "required") is param.required
        if param.default and not isinstance(param.default, bool | list):
            assert told[option] == f"`{param.default}`"


@pytest.mark.uncounted
def test_every_key_that_a_command_prints_is_documented_and_no_other(workplace):
    reader, at = ("--for", "ada@example.org"), ("--at", AT)
    run("subscribers", "add", reader[1], "--topic", "Graphs", "--keyword", "a", "--author", "b",
        "--category", "cs.LG", "--org", "c", "--mute", "d", "--example", "1706.03762", "--confirmed")  # fmt: skip
    (workplace / "people.csv").write_text("email\nnobody\n")
    found = {
        "fetch": keys(as_json("fetch", *at)),
        "pick": keys(as_json("pick", *reader, *at)),
        "preview": keys(as_json("preview", *reader, *at))
        | keys(as_json("preview", *reader, "--at", "2020-01-01", code=1)),
        "send": keys(as_json("send", "--dry-run", *at)) | keys(as_json("send", *at)),
        "topics": keys(as_json("topics")),
        "subscribers show": keys(as_json("subscribers", "show", reader[1])),
        "subscribers suppress": keys(as_json("subscribers", "suppress", "emil@example.org")),
        "subscribers import": keys(as_json("subscribers", "import", "people.csv", code=1)),
        "db upgrade": keys(as_json("db", "upgrade")),
        "demo": keys(as_json("demo")),
    }
    told = sections("cli.md")

    assert {name: set(named(told[f"newsletter {name}"], "Key")) for name in found} == found
    assert set(named(told["Conventions"], "Key")) == keys(as_json("pick", "--for", "who@example.org", code=2))


def test_commands_that_tell_of_readers_all_print_what_show_prints(workplace):
    added = keys(as_json("subscribers", "add", "ada@example.org"))

    assert added == keys(as_json("subscribers", "show", "ada@example.org"))
    for name in ("list", "export"):
        assert keys(as_json("subscribers", name)) == {f"[].{key}" for key in added - {"next_due", "suppressed"}}


@pytest.mark.uncounted
def test_the_examples_of_the_command_line_do_what_they_show(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    more, people = blocks(page("cli.md"), "csv")
    for words, code, printed in examples(page("cli.md")):
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
            Path("people.csv").write_text(people)
            Path("more.csv").write_text(more)
            continue
        result = run(*words[1:], code=code)
        if "--json" in words:
            assert keys(json.loads(result.stdout)) == keys(json.loads(printed)), words
        elif words[1] in {"fetch", "subscribers", "db"}:  # what others print moves with ranking and template
            assert masked(result.output) == masked(printed), words


def masked(text):
    return [re.sub(r"\d+", "0", " ".join(line.split())) for line in text.splitlines()]


def test_every_column_of_our_csv_is_documented_and_in_the_example():
    section = sections("cli.md")["CSV"]

    assert tuple(named(section, "Column")) == COLUMNS
    assert blocks(section, "csv")[0].splitlines()[0] == ",".join(COLUMNS)


@pytest.mark.uncounted
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_that_a_page_names_exists(path):
    text = path.read_text(encoding="utf-8")
    for words, _, _ in examples(text):
        if words[0] == "newsletter":
            command, rest = called(words[1:])
            command.make_context(words[0], rest)
    for inline in re.findall(r"(?<!`)`newsletter ([^`|]+)`", text):
        command, rest = called(inline.split())
        wanted = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert wanted <= {"--help", *options(command)}, inline


@pytest.mark.uncounted
def test_the_commands_of_the_readme_run_in_their_order(workplace):
    for (program, *words), _, _ in examples((ROOT / "README.md").read_text("utf-8")):
        assert program == "newsletter"
        run(*words, *(["--at", AT] if "--at" in options(called(words)[0]) else []))

    assert list((workplace / "outbox").glob("*.eml"))


def test_every_kind_of_source_and_every_key_is_documented():
    found = sections("sources.md")

    assert found.keys() >= KINDS.keys()
    assert set(named(found["Keys"], "Key")) == {field.name for field in fields(SourceSettings)}
    assert all(f"`{field.name}`" in found["file"] for field in fields(Entry))


@pytest.mark.parametrize("name", ["sources.md", "templates.md"])
def test_the_configurations_shown_can_be_used(name, tmp_path):
    shown = blocks(page(name), "toml")
    for text in shown:
        (tmp_path / "config.toml").write_text(text)
        wiring.sources(config.load(tmp_path / "config.toml"))

    assert shown


def test_each_file_shown_is_read_without_a_complaint(tmp_path):
    shown = re.findall(r"^`([\w.-]+)`\n\n```\w+\n(.*?)^```", page("sources.md"), re.MULTILINE | re.DOTALL)
    for name, text in shown:
        (tmp_path / name).write_text(text)
        source = load(SourceSettings("shown", "file", path=tmp_path / name))
        reading = source.read(fetcher_for(Clock()), {}, NOW, lambda _: None)
        assert (bool(reading.entries), reading.problems) == (True, []), name

    assert {name.rpartition(".")[2] for name, _ in shown} == {"json", "jsonl", "xml", "txt"}


def test_the_kind_shown_is_a_whole_one():
    made = {}
    exec(blocks(page("sources.md"), "python")[0], made)  # our own page
    with Replay() as server, fetcher_for(Clock()) as fetcher:
        body = json.dumps([{"title": "One", "doi": "10.5555/A.1", "day": "2026-04-23"}, {"doi": "x"}]).encode()
        server.respond = lambda _: Reply(body)
        source = made["Institute"](SourceSettings("shown", "institute", url=server.url("/list.json")))
        reading = source.read(fetcher, {}, NOW, lambda _: None)

    assert [(entry.title, entry.doi) for entry in reading.entries] == [("One", "10.5555/a.1")]
    assert reading.problems == ["entry 2 has no title: left out"]


def anchors(path):
    """The anchors that headings get on the web: lower case, without punctuation, hyphens for blanks."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    for file, anchor in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)#?([^)\s]*)\)", path.read_text(encoding="utf-8")):
        target = path.parent / file if file else path
        assert target.exists(), file
        assert not anchor or anchor in anchors(target), anchor


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_map_of_modules_uses_their_own_words(path):
    said = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]

    assert f"| `{path.stem}` | {said} |" in page("flow.md").splitlines()

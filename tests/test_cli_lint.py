"""`newsletter lint`: what it judges, what it prints, how it ends, and which links it asks."""

import pytest
from command_line import AT, as_json, run
from linted import HTML, TEXT, mail
from replay import Replay, Reply
from test_docs import keys, named, sections

from newsletter.cli.lint_links import asked

WRONG = mail(more="Hello {{ name }}")


def test_every_letter_is_judged_and_the_shipped_ones_have_no_fault(workplace):
    said = run("lint").stdout.splitlines()

    assert said[-1].startswith("10 messages judged: 0 errors, 0 warnings, ")


def test_a_message_with_an_error_ends_with_1(workplace):
    (workplace / "bad.eml").write_bytes(WRONG)

    said = run("lint", "bad.eml", code=1).stdout.splitlines()

    assert said[0] == "bad.eml"
    assert said[1].split(maxsplit=2)[:2] == ["error", "html:11"]
    assert said[-1] == "1 message judged: 1 error, 0 warnings, 0 notes."


@pytest.mark.uncounted
def test_every_key_that_the_command_prints_is_documented(workplace):
    (workplace / "bad.eml").write_bytes(WRONG)

    printed = keys(as_json("lint", "bad.eml", code=1))

    assert set(named(sections("cli.md")["newsletter lint"], "Key")) == printed


def test_a_message_saved_with_plain_newlines_is_judged_as_it_was_sent(workplace):
    (workplace / "saved.eml").write_bytes(mail().replace(b"\r\n", b"\n"))

    assert as_json("lint", "saved.eml")["messages"] == [{"name": "saved.eml", "findings": []}]


def test_files_can_be_judged_where_there_is_no_configuration(workplace):
    (workplace / "config.toml").unlink()
    (workplace / "good.eml").write_bytes(mail())
    (workplace / "own.mjml").write_text("<mjml><mj-body><mj-map /></mj-body></mjml>")

    document = as_json("lint", "good.eml", "own.mjml", code=1)

    assert [len(each["findings"]) for each in document["messages"]] == [0, 1]
    assert document["errors"] == 1


def test_a_readers_own_message_is_judged(workplace):
    run("fetch", "--at", AT)
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")

    document = as_json("lint", "--for", "ada@example.org", "--at", AT)

    assert document["messages"][0]["name"] == "ada@example.org"
    assert document["errors"] == document["warnings"] == 0


def test_without_a_mail_there_is_nothing_to_judge(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")

    assert "there is no mail to judge" in run("lint", "--for", "ada@example.org", "--at", AT, code=2).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.eml", "--for", "ada@example.org"], "not both"),
        (["--at", AT], "goes with --for"),
        (["--links"], "goes with FILE"),
        (["config.toml"], "neither a message"),
        (["none.eml"], "there is no file"),
    ],
)
def test_wrong_usage_is_told(workplace, words, said):
    assert said in " ".join(run("lint", *words, code=2).output.replace("│", " ").split())


def test_links_are_asked_and_a_page_that_is_gone_is_an_error(workplace, server: Replay):
    for path, status in (("/gone", 404), ("/there", 200), ("/busy", 503)):
        server.script(path, Reply(status=status))
    links = "".join(
        f'<a class="link" href="{server.url(path)}">a paper</a>' for path in ("/gone", "/there", "/busy")
    )
    (workplace / "links.eml").write_bytes(mail(more=links))

    findings = as_json("lint", "links.eml", "--links", code=1)["messages"][0]["findings"]

    assert [(each["rule"], each["what"]) for each in findings] == [
        ("dead-link", f"{server.url('/gone')} answers 404")
    ]


def test_a_host_that_nobody_answers_for_is_dead(workplace):
    (workplace / "links.eml").write_bytes(mail(text=f"{TEXT}http://127.0.0.1:9/paper\n"))

    (found,) = as_json("lint", "links.eml", "--links", code=1)["messages"][0]["findings"]

    assert found["what"].startswith("http://127.0.0.1:9/paper cannot be reached: ")


def test_a_server_that_breaks_off_proves_nothing(workplace, server: Replay):
    server.script("/cut", Reply(b"word", missing=10))
    server.respond = lambda asked: Reply(b"x" * 10, 500, missing=5)
    link = f'<a class="link" href="{server.url("/cut")}">a paper</a>'
    (workplace / "links.eml").write_bytes(mail(more=link))

    assert as_json("lint", "links.eml", "--links")["messages"][0]["findings"] == []


def test_links_that_belong_to_a_reader_are_never_asked():
    own = "https://newsletter.example"
    personal = ("/d/2026-04-23/token", "/t/2026-04-23/token/1/up", "/archive?token=1", "/c/token")
    urls = [f"{own}{path}" for path in ("/", "/archive", *personal)]
    urls += ["https://a.example/1#part", "https://a.example/1", "javascript:x"]
    html = HTML.replace("MORE", "".join(f'<a href="{url}">x</a>' for url in urls))

    found = asked(mail(html=html), "https://other.example")

    assert found == [f"{own}/", f"{own}/archive", "https://a.example/1"]


def test_links_of_a_site_in_a_folder_are_told_apart_by_what_follows_it():
    home = "https://papers.example/news"
    html = HTML.replace("MORE", f'<a href="{home}/archive">x</a><a href="{home}/p/token">x</a>')

    assert asked(mail(html=html), home) == [f"{home}/archive"]

"""`newsletter web`: a real process that serves pages, sends letters, and ends as it is told."""

import re
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn
from command_line import as_json, run

from newsletter.cli import web
from newsletter.cli.start import now, start
from newsletter.errors import ConfigError

PATIENCE = 120  # seconds, for a machine that is busy with other tests


@pytest.fixture
def served(workplace):
    """The program as a process of its own on a free port, and the URL where it listens."""
    command = [sys.executable, "-u", "-m", "newsletter", "web", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=workplace)
    said = process.stdout.readline()
    yield process, said
    process.kill()
    process.communicate()


def test_the_pages_are_served_until_the_process_is_told_to_end(served):
    process, said = served
    address = re.search(r"on (127\.0\.0\.1:\d+)\. Stop with Ctrl-C", said)[1]

    answer = httpx.get(f"http://{address}/", timeout=PATIENCE)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)

    assert said.startswith("Serving https://papers.example.org on ")
    assert (answer.status_code, "Subscribe" in answer.text) == (200, True)
    assert "server" not in answer.headers
    assert (process.returncode, out) == (0, "Stopped.\n")
    assert "error" not in err


@pytest.mark.uncounted
def test_ctrl_c_ends_it_just_as_well(served):
    process, _ = served

    process.send_signal(signal.SIGINT)

    assert process.wait(PATIENCE) == 0


def test_a_port_that_is_taken_is_one_line_with_the_cure(workplace):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = run("web", "--port", port, code=1)

    cure = "another program listens there: stop it, or give another --port"
    assert result.stderr == f"newsletter: 127.0.0.1:{port}: {cure}\n"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_an_address_of_another_machine_is_refused(workplace, host):
    assert f"newsletter: {host}:0: " in run("web", "--host", host, "--port", "0", code=1).stderr


def test_what_cannot_send_letters_does_not_start(workplace):
    more = '[smtp]\nusername = "papers"\n[delivery]\ntransport = "smtp"\n'
    (workplace / "config.toml").write_text((workplace / "config.toml").read_text() + more)

    assert "smtp.password: is missing" in run("web", "--port", "0", code=2).stderr


def test_refused_domains_and_own_pages_come_from_the_configuration(workplace):
    (workplace / "refused.txt").write_text("# throw-away\nMailinator.example\n\n")
    (workplace / "own" / "web").mkdir(parents=True)
    (workplace / "own" / "web" / "privacy.html").write_text("ours")
    more = '[signup]\nrefused_domains = "refused.txt"\n[web]\ntemplates = "own"\n'
    (workplace / "config.toml").write_text((workplace / "config.toml").read_text() + more)

    site = web.make_site(start(workplace / "config.toml"), lambda: None)

    assert site.refused_domains == {"mailinator.example"}
    assert site.pages.get_template("privacy.html").render() == "ours"
    (workplace / "refused.txt").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"refused_domains: .*it is not UTF-8"):
        web.make_site(start(workplace / "config.toml"), lambda: None)
    (workplace / "refused.txt").unlink()
    with pytest.raises(ConfigError, match=r"refused_domains: .*cannot be read"):
        web.make_site(start(workplace / "config.toml"), lambda: None)


def test_topics_count_the_papers_of_thirty_days(workplace):
    run("fetch", "--at", "2026-04-23T14:00Z")

    counts = {each["name"]: each["papers"] for each in as_json("topics", "--at", "2026-04-23T14:00Z")}

    assert counts["Language models"] > counts["Graphs"] > 0
    assert {topic["papers"] for topic in as_json("topics", "--at", "2027-04-23")} == {0}


def test_a_mistyped_folder_of_pages_is_refused_and_not_quietly_ours(workplace):
    (workplace / "config.toml").write_text('[web]\ntemplates = "typo"\n')

    assert "web.templates: 'typo' cannot be used" in run("web", "--port", "0", code=2).stderr


def test_a_clock_may_start_in_the_past_and_goes_on():
    clock = web.started_at(datetime(2026, 4, 23, 14, tzinfo=UTC))

    first, second = clock(), clock()
    assert web.started_at(None) is now
    assert datetime(2026, 4, 23, 14, tzinfo=UTC) <= first <= second < datetime(2026, 4, 23, 15, tzinfo=UTC)


def test_pages_that_break_down_say_what_broke_and_end_the_process(workplace, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("no loop")

    monkeypatch.setattr(uvicorn.Server, "run", broken)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pages = web.Serving(web.make_site(start(workplace / "config.toml"), lambda: None), listening)
        never_begun = pages.join(0)
        pages.start(ended.set)
        assert ended.wait(PATIENCE)

    assert never_begun
    assert str(pages.broken) == "no loop"

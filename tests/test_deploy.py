"""The service and the container: what they name is there, and what they call is a command of ours."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from newsletter.cli import app, running
from newsletter.config import load

ROOT = Path(__file__).parent.parent
SERVICE = ROOT / "deploy" / "newsletter.service"
CONTAINER = ROOT / "deploy" / "Containerfile"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def service():
    parser = configparser.ConfigParser(strict=False, interpolation=None)  # a key may come twice
    parser.optionxform = str
    parser.read(SERVICE)
    return parser["Service"]


def instructions():
    """The lines of the Containerfile as (word, rest), continued ones joined."""
    text = re.sub(r"\\\n\s*", " ", CONTAINER.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def given(word):
    return [rest for each, rest in instructions() if each == word]


def is_ours(words):
    """Whether `newsletter ...` is a command with these options."""
    command = get_command(app).commands[words[0]]
    known = {option for param in command.params for option in param.opts}
    return {word for word in words[1:] if word.startswith("--")} <= known


def test_the_service_calls_a_command_of_ours():
    program, *words = shlex.split(service()["ExecStart"])

    assert program.endswith("/newsletter")
    assert is_ours(words)


def test_the_service_leaves_time_to_end_well():
    assert int(service()["TimeoutStopSec"]) > running.END_SECONDS
    assert service()["KillSignal"] == "SIGTERM"
    assert service()["Restart"] == "on-failure"


def test_the_service_is_nobody_special_and_its_secrets_are_not_in_the_unit():
    assert service()["User"] == "newsletter"
    assert service()["NoNewPrivileges"] == "true"
    assert service()["EnvironmentFile"].startswith("-/etc/newsletter/")
    assert "PASSWORD=" not in re.sub(r"^#.*", "", SERVICE.read_text(), flags=re.MULTILINE)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")
def test_systemd_understands_every_line_of_the_service(tmp_path):
    copy = tmp_path / SERVICE.name
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", SERVICE.read_text()))

    found = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)

    assert [line for line in found.stderr.splitlines() if SERVICE.name in line] == []


def test_what_the_container_copies_is_in_the_checkout():
    sources = [word for rest in given("COPY") if "--from" not in rest for word in rest.split()[:-1]]

    assert sources
    assert [name for name in sources if not (ROOT / name).exists()] == []
    assert {"requirements.lock", "newsletter", "subscribers", "templates", "config.toml"} <= {*sources}


def test_the_container_installs_what_the_hashes_pin_and_nothing_else():
    installs = [rest for rest in given("RUN") if "pip install" in rest]

    assert installs
    assert all("--no-deps" in each for each in installs)
    assert "hatchling" in (ROOT / "requirements.lock").read_text()


@pytest.mark.parametrize("name", ["Makefile", "deploy/Containerfile", "docs/operations.md"])
def test_a_lock_file_is_installed_as_it_stands_and_never_resolved_again(name):
    text = (ROOT / name).read_text().replace("\\\n", " ")
    installs = [line for line in text.splitlines() if "-r requirements" in line or "-r /src/requirements" in line]

    assert installs
    assert [line for line in installs if "--require-hashes --no-deps" not in line] == []


def test_the_container_runs_a_command_of_ours_as_nobody_special():
    program, *words = json.loads(given("CMD")[-1])

    assert program == "newsletter"
    assert is_ours(words)
    assert given("USER") == ["newsletter"]
    assert given("STOPSIGNAL") == ["SIGTERM"]
    assert given("VOLUME") == given("WORKDIR") == ["/data"]
    assert "/healthz" in given("HEALTHCHECK")[0]


def test_the_environment_of_the_container_can_be_used(tmp_path, monkeypatch):
    for name, value in re.findall(r"(NEWSLETTER_\w+)=(\S+)", given("ENV")[0]):
        monkeypatch.setenv(name, value)
    (tmp_path / "config.toml").write_bytes((ROOT / "config.toml").read_bytes())

    config = load(tmp_path / "config.toml")

    assert config.web.host == "0.0.0.0"
    assert given("EXPOSE") == [str(config.web.port)]


def shown():
    """The commands of ours in the shell and cron blocks of the page, as they stand there."""
    for language in ("sh", "text"):
        for block in re.findall(rf"^```{language}\n(.*?)^```", OPERATIONS, re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                yield from re.findall(r"(?:^|&& |\* |newsletter )newsletter ([a-z][^&#|]*)", line)


def test_every_command_that_the_page_shows_exists():
    found = [words.split() for words in shown()]

    assert len(found) > 10
    for words in found:
        assert words[0] in get_command(app).commands, words


def test_the_configuration_that_the_page_shows_can_be_used(tmp_path):
    (text,) = re.findall(r"^```toml\n(.*?)^```", OPERATIONS, re.MULTILINE | re.DOTALL)
    (tmp_path / "config.toml").write_text(text)

    assert load(tmp_path / "config.toml").database_url == "sqlite:////var/lib/newsletter/newsletter.db"

"""The demo: the whole path on the bundled sample, over real SMTP."""

import json
from email import message_from_bytes, policy

import pytest
from typer.testing import CliRunner

from newsletter.cli import app


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "demo"


def demo(folder, *options):
    result = CliRunner().invoke(app, ["demo", "--dir", str(folder), *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_demo_runs_the_path_sends_nothing_twice_and_starts_over(folder):
    first = json.loads(demo(folder, "--json"))
    mails = sorted(path.name for path in (folder / "mails").iterdir())
    second = json.loads(demo(folder, "--json"))
    shown = demo(folder)
    fresh = json.loads(demo(folder, "--fresh", "--json"))

    assert (first["fetch"]["new"], first["new"], first["received"], first["balance"]["sent"]) == (66, 3, 3, 3)
    assert mails == [f"{name}.{kind}" for name in ("ada", "chandra", "grace") for kind in ("eml", "html", "txt")]
    assert (second["new"], second["received"], second["balance"]["sent"]) == (0, 0, 3)
    assert "Nothing was sent twice" in shown
    assert "Open " in shown
    assert [reader["picks"] for reader in first["readers"]] == [reader["picks"] for reader in fresh["readers"]]
    assert len({json.dumps(reader["picks"]) for reader in first["readers"]}) == 3
    assert all(len(reader["picks"]) >= 8 and reader["picks"][0]["reasons"] for reader in first["readers"])


def test_the_demos_mails_are_real_messages_marked_as_sample(folder):
    demo(folder)
    message = message_from_bytes((folder / "mails" / "ada.eml").read_bytes(), policy=policy.default)

    assert message["To"].addresses[0].addr_spec == "ada@example.org"
    assert "made up" in (folder / "mails" / "ada.txt").read_text()
    assert (folder / "mails" / "ada.html").stat().st_size <= 60_000


def test_other_commands_work_on_the_demos_folder(folder):
    demo(folder)
    arguments = [
        "pick",
        "--config",
        str(folder / "config.toml"),
        "--for",
        "ada@example.org",
        "--at",
        "2026-04-23T14:00Z",
    ]

    assert CliRunner().invoke(app, arguments).exit_code == 0

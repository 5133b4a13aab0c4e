"""The secret is made once, whole, for its owner alone; the configuration's own wins."""

import os
import stat
import subprocess
import sys

import pytest

from newsletter.config import load
from newsletter.errors import ConfigError
from newsletter.secret import keys

GIVEN, OLDER = "a-secret-of-the-operator", "the-secret-of-last-year"
CHILD = "import sys; from pathlib import Path; from newsletter import config, secret; sys.stdin.read(); "
CHILD += "print(*secret.keys(config.load(Path(sys.argv[1]))))"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "config.toml"
    path.touch()
    return path


@pytest.fixture
def kept(tmp_path):
    """The file that holds a made secret; its folder is there already."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "secret.key"


def test_it_is_made_once_and_stays(path, tmp_path):
    (made,) = keys(load(path))
    assert len(made) >= 40
    assert keys(load(path)) == (made,)
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_two_newsletters_have_two_secrets(path, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("[database]\nurl = 'sqlite:///elsewhere/x.db'")
    assert keys(load(path)) != keys(load(other))


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_only_its_owner_may_read_it_whatever_the_umask(path, kept, umask):
    before = os.umask(umask)
    try:
        keys(load(path))
    finally:
        os.umask(before)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.uncounted
def test_processes_that_start_at_once_get_the_same(path):
    command = [sys.executable, "-c", CHILD, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    children = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for child in children:
        child.stdin.close()
        child.stdin = None
    answers = {child.communicate(timeout=60)[0] for child in children}
    assert answers == {keys(load(path))[0] + "\n"}
    assert all(child.returncode == 0 for child in children)


def test_a_secret_that_another_process_made_meanwhile_is_taken(path, kept, monkeypatch):
    def quicker(draft, target):
        kept.write_text(GIVEN)
        return link(draft, target)

    link = os.link
    monkeypatch.setattr(os, "link", quicker)
    assert keys(load(path)) == (GIVEN,)
    assert list(kept.parent.iterdir()) == [kept]


def test_the_configuration_wins_and_nothing_is_made(path, tmp_path):
    path.write_text(f"[web]\nsecret = '{GIVEN}'")
    assert keys(load(path)) == (GIVEN,)
    assert list(tmp_path.iterdir()) == [path]


def test_it_lies_beside_the_database(path, tmp_path):
    path.write_text("[database]\nurl = 'sqlite:///elsewhere/x.db'")
    keys(load(path))
    assert (tmp_path / "elsewhere" / "secret.key").is_file()


@pytest.mark.parametrize("place", ["file", "configuration"])
def test_several_keys_are_parted_by_blanks_newest_first(path, kept, place):
    if place == "file":
        kept.write_text(f"{GIVEN}\n{OLDER}\n")
    else:
        path.write_text(f"[web]\nsecret = '{GIVEN}  {OLDER}'")
    assert keys(load(path)) == (GIVEN, OLDER)


@pytest.mark.parametrize("text", ["short-secret", f"{GIVEN} short-secret", "   "])
def test_a_short_key_is_refused_and_not_shown(path, text):
    path.write_text(f"[web]\nsecret = '{text}'")
    with pytest.raises(
        ConfigError, match=r"^web\.secret: a key in it \(not shown\) is too short: use 16"
    ) as caught:
        keys(load(path))
    assert "short-secret" not in str(caught.value)


def test_an_empty_or_short_file_is_named(path, kept):
    kept.write_text("")
    with pytest.raises(ConfigError, match=f"^{kept}: a key in it"):
        keys(load(path))


def test_a_file_that_is_not_ascii_is_named(path, kept):
    kept.write_text("ein Geheimnis von dreißig Zeichen", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"^{kept}: holds more than ASCII"):
        keys(load(path))


def test_a_file_that_cannot_be_read_is_named(path, kept):
    kept.mkdir()
    with pytest.raises(ConfigError, match=f"^{kept}: Is a directory: mend that, or set web.secret"):
        keys(load(path))


def test_a_folder_that_cannot_be_made_is_named(path, tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match=r"secret\.key: .*: mend that, or set web\.secret"):
        keys(load(path))

"""The file and the environment become one configuration; its documentation says exactly what there is."""

import re
import tomllib
from pathlib import Path

import pytest

from newsletter import shipped
from newsletter.config import Config, SourceTable, TopicTable, load
from newsletter.errors import ConfigError

ROOT = Path(__file__).parent.parent
SOURCE = "[[sources]]\nname = 'a'\nkind = 'file'\n"
TOPIC = "[[topics]]\nname = 'A'\nwords = ['a']\n"
SECRET = "hunter2hunter2"


@pytest.fixture
def config(tmp_path):
    """Write this text as config.toml and load it."""

    def write_and_load(text: str | bytes = "") -> Config:
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path)

    return write_and_load


def test_an_empty_file_has_every_default(config, tmp_path):
    loaded = config()
    assert loaded == Config(base=tmp_path)
    assert (loaded.smtp.port, loaded.delivery.transport) == (587, "folder")


def test_an_empty_text_is_as_good_as_no_key(config):
    loaded = config(f"{SOURCE}url = ''\n[delivery]\nreturn_path = ''\n[web]\nsecret = ''")
    assert (loaded.sources[0].url, loaded.delivery.return_path) == ("", "")


def test_the_shipped_file_says_the_defaults_and_its_topics_are_a_catalogue():
    loaded = load(ROOT / "config.toml")
    holidays = {"announcement_holidays": loaded.schedule.announcement_holidays}  # known for this year alone
    assert loaded.schedule == Config().schedule.model_copy(update=holidays)
    for section in loaded.model_fields_set - {"base", "sources", "topics", "schedule"}:
        assert getattr(loaded, section) == Config.model_fields[section].default
    assert {source.kind for source in loaded.sources} == {"huggingface", "arxiv"}
    assert loaded.catalogue().find("language models").categories == ("cs.CL",)


def test_the_topics_of_the_file_replace_the_shipped_ones(config):
    assert [topic.name for topic in config(TOPIC).catalogue().topics] == ["A"]
    assert config().catalogue().topics == load(ROOT / "config.toml").catalogue().topics


def test_what_lies_inside_the_package_comes_before_the_checkout():
    assert shipped.shipped("sample") == ROOT / "newsletter" / "sample"
    assert shipped.shipped("templates") == ROOT / "templates"


def test_a_byte_order_mark_does_no_harm(config):
    assert config(b"\xef\xbb\xbf[smtp]\r\nport = 25\r\n").smtp.port == 25


def test_paths_start_from_the_folder_of_the_file(config, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    loaded = config()
    assert loaded.path("outbox") == tmp_path / "outbox"
    assert loaded.path("/srv/outbox") == Path("/srv/outbox")
    assert loaded.path("~/outbox") == Path("/home/ada/outbox")
    with pytest.raises(ConfigError, match="'~nobody-here/x': there is no such home folder: write the whole path"):
        loaded.path("~nobody-here/x")


def test_a_linked_file_counts_where_the_link_lies(tmp_path):
    (tmp_path / "version-1").mkdir()
    (tmp_path / "version-1" / "config.toml").touch()
    (tmp_path / "config.toml").symlink_to("version-1/config.toml")
    assert load(tmp_path / "config.toml").base == tmp_path


def test_a_relative_file_gives_absolute_paths(tmp_path, monkeypatch):
    (tmp_path / "config.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert load(Path("config.toml")).path("x") == tmp_path / "x"


@pytest.mark.parametrize(
    ("url", "expected", "folder"),
    [
        ("sqlite:///data/x.db", "sqlite:///BASE/data/x.db", "BASE/data"),
        ("sqlite:///x.db?timeout=5", "sqlite:///BASE/x.db?timeout=5", "BASE"),
        ("sqlite+pysqlite:////srv/x.db", "sqlite+pysqlite:////srv/x.db", "/srv"),
        ("sqlite:///~/x.db", "sqlite:////home/ada/x.db", "/home/ada"),
        ("sqlite:///:memory:", "sqlite:///:memory:", "BASE/data"),
        ("sqlite://", "sqlite://", "BASE/data"),
        ("postgresql://me@db/papers", "postgresql://me@db/papers", "BASE/data"),
        ("postgresql:///papers", "postgresql:///papers", "BASE/data"),
    ],
)
def test_a_sqlite_file_starts_from_the_folder_too(config, tmp_path, monkeypatch, url, expected, folder):
    monkeypatch.setenv("HOME", "/home/ada")
    loaded = config(f"[database]\nurl = '{url}'")
    assert loaded.database_url == expected.replace("BASE", str(tmp_path))
    assert str(loaded.data_folder) == folder.replace("BASE", str(tmp_path))


def test_plain_text_is_for_loopback_without_a_password(config):
    loaded = config("[smtp]\nsecurity = 'none'\nhost = '::1'\nport = 25")
    assert loaded.smtp.security == "none"


@pytest.mark.parametrize(
    ("domain", "expected"),
    [("", "news.example.org"), ("news.example.org", "news.example.org"), ("Example.ORG", "example.org")],
)
def test_the_domain_that_signs_is_that_of_the_sender_or_one_above_it(config, domain, expected):
    loaded = config(f"[newsletter]\nfrom = 'a@News.example.org'\n[dkim]\ndomain = '{domain}'")
    assert loaded.signing_domain == expected


def test_a_domain_in_another_script_signs_by_its_a_label(config):
    assert config("[newsletter]\nfrom = 'a@exämple.org'").signing_domain == "xn--exmple-cua.org"
    assert config("[newsletter]\nfrom = 'a@exämple.org'\n[dkim]\ndomain = 'exämple.org'").dkim.domain == (
        "xn--exmple-cua.org"
    )


ENVIRONMENT = {
    "NEWSLETTER__TITLE": "Papers", "DATABASE__URL": "sqlite://", "DIGEST__FLOOR": "0.5",
    "NEWSLETTER__FROM": "ada@example.org", "SMTP__PORT": "25", "SMTP__USERNAME": "u", "SMTP__PASSWORD": SECRET,
    "SCHEDULE__CATCH_UP_HOURS": "3", "WEB__SECRET": SECRET, "DELIVERY__RETURN_PATH": "b@example.org",
    "SOURCES": '[{"name": "s", "kind": "arxiv", "categories": ["cs.LG"]}]',
    "TOPICS": '[{"name": "T", "words": ["t"]}]',
}  # fmt: skip


def test_every_section_is_overridden_by_the_environment(config, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    loaded = config(f"{SOURCE}{TOPIC}[newsletter]\nfrom = 'x@y.org'\n[smtp]\nhost = 'mail.y.org'\nport = 1")
    assert (loaded.newsletter.title, loaded.newsletter.sender) == ("Papers", "ada@example.org")
    assert (loaded.smtp.host, loaded.smtp.port, loaded.smtp.username) == ("mail.y.org", 25, "u")
    assert loaded.smtp.password.get_secret_value() == loaded.web.secret.get_secret_value() == SECRET
    assert (loaded.database_url, loaded.digest.floor, loaded.schedule.catch_up_hours) == ("sqlite://", 0.5, 3)
    assert loaded.delivery.return_path == "b@example.org"
    assert loaded.sources == (SourceTable(name="s", kind="arxiv", categories=("cs.LG",)),)
    assert loaded.topics == (TopicTable(name="T", words=("t",)),)
    assert SECRET not in repr(loaded)


def test_a_section_in_json_is_laid_over_the_file(config, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_SMTP", '{"host": "mail.y.org"}')
    loaded = config("[smtp]\nhost = 'x.org'\nport = 465")
    assert (loaded.smtp.host, loaded.smtp.port) == ("mail.y.org", 465)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONFIG", "x"),
        ("DATA", "x"),
        ("BASE", "/x"),
        ("PORT", "tcp://10.0.0.1:8080"),
        ("SERVICE_HOST", "10.0.0.1"),
        ("WEB_PORT", "tcp://10.0.0.1:8080"),
    ],
)
def test_variables_that_others_set_do_not_matter(config, monkeypatch, name, value):
    before = config()
    monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    assert config() == before


def sections():
    """Each section's keys as they are documented: {section: {key: default}}."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    found = {}
    for header, body in re.findall(r"^## `\[+(\w+)\]+`$(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL):
        found[header] = dict(re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", body, re.MULTILINE))
    return found


def documented(default):
    return "required" if default == "required" else tomllib.loads(f"it = {default.strip('`')}")["it"]


def test_every_key_is_documented_with_its_default_and_none_that_is_not_there():
    models = {"sources": SourceTable, "topics": TopicTable}
    models |= {name: field.annotation for name, field in Config.model_fields.items() if name not in models}
    del models["base"], models["relays"]
    expected = {"relays": {}}  # theirs are the keys of [smtp]
    for name, model in models.items():
        schema = model.model_json_schema()
        required = dict.fromkeys(schema.get("required", []), "required")
        expected[name] = {
            key: required.get(key, entry.get("default")) for key, entry in schema["properties"].items()
        }
    found = {
        name: {key: documented(default) for key, default in rows.items()} for name, rows in sections().items()
    }
    assert found == expected


def test_every_example_in_the_documentation_loads(config):
    text = (ROOT / "docs" / "configuration.md").read_text()
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 8
    for example in examples:
        assert config(example).catalogue().topics
    *_, lab, company, postgresql = map(config, examples)
    assert (lab.smtp.security, company.smtp.security, postgresql.smtp.security) == ("none", "starttls", "tls")

"""Every mistake in the configuration is one line: the place, the value unless it is secret, and the cure."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config import Config, _checked, load
from newsletter.config_checks import is_loopback
from newsletter.errors import ConfigError

SOURCE = "[[sources]]\nname = 'a'\nkind = 'file'\n"
TOPIC = "[[topics]]\nname = 'A'\nwords = ['a']\n"
KEY = "[dkim]\nselector = 's'\nkey_file = 'x'\n"
FROM = "[newsletter]\nfrom = 'a@news.example.org'\n"
UNALIGNED = (
    "cannot be used: mails come from a@news.example.org, so DMARC wants news.example.org or a domain above it: "
    "write that, or leave it empty"
)
SECRET = "hunter2hunter2"
SECTIONS = (
    "admin, database, delivery, digest, dkim, gate, log, newsletter, "
    "ranking, relays, schedule, signup, smtp, sources, theme, topics, web"
)


@pytest.fixture
def mistake(tmp_path):
    """The one line that a file with this text is refused with; the file's folder is taken off."""

    def refused(text: str | bytes = "") -> str:
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(ConfigError) as caught:
            load(path)
        line = str(caught.value)
        assert len(line.splitlines()) == 1
        return line.replace(f"{tmp_path}/", "")

    return refused


NUMBER = "at least 1, at most 65535"
MISTAKES = {
    # The wrong type or range.
    "[smtp]\nport = 'x'": f"smtp.port: 'x' cannot be used: write a whole number, {NUMBER}",
    "[smtp]\nport = '587'": f"smtp.port: '587' cannot be used: write a whole number, {NUMBER}",
    "[smtp]\nport = true": f"smtp.port: true cannot be used: write a whole number, {NUMBER}",
    "[smtp]\nport = 70000": f"smtp.port: 70000 cannot be used: write a whole number, {NUMBER}",
    "[smtp]\ntimeout = nan": "smtp.timeout: nan cannot be used: write a number, above 0, at most 900",
    "[digest]\nfloor = 2\nsize = 0\nwindow_days = 0": "digest.size: 0 cannot be used: write a whole number, "
    "at least 1, at most 50 (and 2 more)",
    "[newsletter]\ntitle = 5": "newsletter.title: 5 cannot be used: write text in quotes",
    "[newsletter]\ntitle = 2026-03-01": "newsletter.title: 2026-03-01 cannot be used: write text in quotes",
    "[newsletter.title]\na = 1": "newsletter.title: a table cannot be used: write text in quotes",
    "[newsletter]\ntitle = ''": "newsletter.title: '' cannot be used: "
    "write text, at least 1, at most 100 characters",
    '[newsletter]\ntitle = "a\\nb"': r"newsletter.title: 'a\nb' cannot be used: write one line of visible text",
    "[delivery]\ntransport = 'smpt'": 'delivery.transport: \'smpt\' cannot be used: write one of "smtp", "folder"',
    # Addresses of mail, web and database.
    "[newsletter]\nfrom = 'Ada'": "newsletter.from: 'Ada' cannot be used: An email address must have an @-sign: "
    "give one plain address, such as ada@example.org",
    "[delivery]\nreturn_path = 'x'": "delivery.return_path: 'x' cannot be used: An email address must have an "
    "@-sign: give one plain address, such as ada@example.org",
    "[newsletter]\nurl = 'papers.org'": "newsletter.url: 'papers.org' cannot be used: "
    "write a web address such as https://example.org/papers",
    "[newsletter]\nurl = 'https://x.org/?a'": "newsletter.url: 'https://x.org/?a' cannot be used: "
    "write scheme, host and path alone in ASCII, such as https://example.org/papers",
    SOURCE + "url = 'https://x.org:99999/'": "sources.a.url: 'https://x.org:99999/' cannot be used: "
    "write a web address such as https://example.org/papers",
    "[smtp]\nhost = 'x.org:25'": "smtp.host: 'x.org:25' cannot be used: "
    "write the host's name or IP address alone: the port has a key of its own",
    "[database]\nurl = 'mysql://h/d'": "database.url: 'mysql://h/d' cannot be used: "
    'write "sqlite:///data/newsletter.db" or "postgresql://user@host/name"',
    "[database]\nurl = 'sqlite://x.db'": "database.url: 'sqlite://x.db' cannot be used: "
    "write three slashes before a relative SQLite file, four before an absolute one",
    # No password in clear.
    "[smtp]\nsecurity = 'none'\nhost = 'x.org'": "smtp.security: 'none' cannot be used: "
    """it is for loopback, not for host 'x.org': use "starttls" or "tls\"""",
    f"[smtp]\nsecurity = 'none'\nusername = 'u'\npassword = '{SECRET}'": "smtp.password: (value hidden) "
    'cannot be used: security = "none" would send it in clear: use "starttls" or "tls"',
    f"[smtp]\npassword = '{SECRET}'": "smtp.password: (value hidden) cannot be used: "
    "it belongs to nobody: set smtp.username too, or take it away",
    # Keys that sign go with their names, and with the domain of the From address.
    "[dkim]\nselector = 's'": "dkim.key_file: '' cannot be used: dkim.selector needs one: "
    'write "data/dkim.pem" or so; `newsletter dkim new` makes it',
    "[dkim]\ned25519_key_file = 'x'": "dkim.ed25519_key_file: 'x' cannot be used: "
    "nobody knows whose it is: set dkim.ed25519_selector too, or take it away",
    f"{KEY}ed25519_selector = 's'\ned25519_key_file = 'y'": "dkim.ed25519_selector: 's' cannot be used: "
    "dkim.selector is the same: each key needs a name of its own",
    "[dkim]\ned25519_selector = 's'\ned25519_key_file = 'y'": "dkim.ed25519_selector: 's' cannot be used: "
    "few receivers know Ed25519: set dkim.selector and dkim.key_file for RSA too",
    "[dkim]\nselector = 's_1'\nkey_file = 'x'": "dkim.selector: 's_1' cannot be used: "
    "write letters, digits and hyphens, such as papers1",
    f"{KEY}domain = 'a b'": "dkim.domain: 'a b' cannot be used: write a domain alone, such as example.org",
    f"{FROM}{KEY}domain = 'b.org'": f"dkim.domain: 'b.org' {UNALIGNED}",
    f"{FROM}{KEY}domain = 'ample.org'": f"dkim.domain: 'ample.org' {UNALIGNED}",
    f"{FROM}{KEY}domain = 'x.news.example.org'": f"dkim.domain: 'x.news.example.org' {UNALIGNED}",
    f"{FROM}{KEY}domain = 'org'": f"dkim.domain: 'org' {UNALIGNED}",
    # Unknown names.
    f"[smtp]\npasword = '{SECRET}'": "smtp.pasword: unknown key: did you mean password?",
    "[smtp]\nPORT = 25": "smtp.PORT: unknown key: did you mean port?",
    "[delivery]\nhost = 'x'": "delivery.host: unknown key: it belongs into [[relays]] or [smtp] or [web]",
    "[delivery]\ndays = 1": "delivery.days: unknown key: it belongs into [[sources]]",
    "[newsletter]\nsender = 'a@b.org'": "newsletter.sender: unknown key: known here: "
    "from, language, postal_address, title, url",
    "[smpt]\nport = 1": "smpt: unknown section: did you mean smtp?",
    "[zzz]\n[yyy]": f"zzz: unknown section: known here: {SECTIONS} (and 1 more)",
    "port = 25": "port: unknown key: it belongs into [[relays]] or [smtp] or [web]",
    "base = '/x'": "base: unknown key: did you mean database?",
    "_env_prefix = 'X_'": f"_env_prefix: unknown key: known here: {SECTIONS}",
    '"a b\\n" = 1': rf'"a b\n": unknown key: known here: {SECTIONS}',
    # A list where a table is wanted, and the other way round.
    "[[smtp]]\nport = 25": "smtp: a list cannot be used: write one table: [smtp], or {...} in a variable",
    f"smtp = '{SECRET}'": "smtp: text cannot be used: write one table: [smtp], or {...} in a variable",
    "[sources]\nname = 'a'": "sources: a table cannot be used: "
    "write a list of tables: [[sources]], or [{...}] in a variable",
    "sources = ['x']": "sources (entry 1): text cannot be used: "
    "write one table: [[sources]], or {...} in a variable",
    # Sources and topics.
    SOURCE + SOURCE: "sources: two are called 'a': give each a name of its own",
    "[[sources]]\nname = 'my blog'": 'sources."my blog".kind: is missing: add it',
    "[[sources]]\nkind = 'file'": "sources (entry 1).name: is missing: add it",
    SOURCE + "dayz = 1": "sources.a.dayz: unknown key: did you mean days?",
    SOURCE + "categories = 'cs.LG'": 'sources.a.categories: text cannot be used: write a list such as ["a", "b"]',
    SOURCE + "categories = ['x', 1]": "sources.a.categories (entry 2): 1 cannot be used: write text in quotes",
    TOPIC + TOPIC.lower(): "topics: 'a' cannot be used: another topic has this name: rename one of them",
    TOPIC + "parent = 'B'": "topics: 'A' cannot be used: its parent 'B' is not a topic: name one",
    TOPIC.replace("'a'", "''"): "topics: 'A' cannot be used: it has no words, or an empty one: "
    "give words that tell of it",
    "[[topics]]\nname = 'A'": "topics.A.words: is missing: add it",
    # No TOML at all.
    f"[smtp]\npassword = {SECRET}": "not valid TOML: Invalid value (at line 2, column 12): "
    "mend that place: text stands in quotes, no key or section stands twice",
    "a = " + "[" * 5000: "not valid TOML: a number or a nesting is too long: shorten it",
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: MISTAKES[text][:40])
def test_a_mistake_in_the_file_is_named_with_its_cure(mistake, text):
    assert mistake(text) == f"config.toml: {MISTAKES[text]}"
    assert SECRET not in mistake(text)


def test_a_file_that_is_not_utf_8_is_named_with_the_line(mistake):
    line = "config.toml: line 2 is not UTF-8: save the file in that encoding"
    assert mistake("[newsletter]\ntitle = 'Größe'".encode("latin-1")) == line


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("none.toml", "none.toml: no such file: name one with --config or NEWSLETTER_CONFIG"),
        ("folder", "folder: cannot be read: Is a directory: name a readable file"),
        ("file/x", "file/x: cannot be read: Not a directory: name a readable file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, line):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=re.escape(line) + "$"):
        load(tmp_path / name)


def test_the_password_in_a_database_url_is_not_shown(mistake):
    line = mistake(f"[database]\nurl = 'postgres://me:{SECRET}@db/papers'")
    assert line.startswith("config.toml: database.url: 'postgres://...@db/papers' cannot be used")


def test_a_long_value_loses_its_middle(mistake):
    line = mistake(f"[newsletter]\ntitle = '{'x' * 5000}'")
    assert len(line) < 250


def test_text_that_the_environment_gives_in_bytes_that_are_not_utf_8_is_refused(mistake, monkeypatch):
    monkeypatch.setitem(os.environb, b"NEWSLETTER_NEWSLETTER__POSTAL_ADDRESS", b"Gr\xf6\xdfe")
    assert mistake().endswith("cannot be used: write text in UTF-8")


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([*Config.model_json_schema()["properties"], "smpt", "_env_file", "newsletter\n"])


@given(st.dictionaries(KEYS, VALUES | st.dictionaries(st.sampled_from(["host", "from", "name", "x"]), VALUES)))
def test_whatever_stands_in_the_file_is_loaded_or_refused_in_one_line(table):
    try:
        _checked(Path("config.toml"), table)
    except ConfigError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - a table without a mistake is right too


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("LocalHost", True), ("127.9.9.9", True), ("::1", True)]
    + [(host, False) for host in ("0.0.0.0", "localhost.example.org", "10.0.0.1", "127.0.0.1.example.org", "")],
)
def test_only_the_machine_itself_is_loopback(host, expected):
    assert is_loopback(host) is expected


ONE_TABLE = "write one table: [smtp], or {...} in a variable"
VARIABLES = {
    ("SMTP__PORT", "x"): f"__PORT: 'x' cannot be used: write a whole number, {NUMBER}",
    ("SMTP__PORT", ""): f"__PORT: '' cannot be used: write a whole number, {NUMBER}",
    ("SMTP__PASSWORD", SECRET): "__PASSWORD: (value hidden) cannot be used: "
    "it belongs to nobody: set smtp.username too, or take it away",
    ("SMTP__PASWORD", SECRET): "__PASWORD: unknown variable: did you mean NEWSLETTER_SMTP__PASSWORD?",
    ("SMTP_PASSWORD", SECRET): "_PASSWORD: unknown variable: did you mean NEWSLETTER_SMTP__PASSWORD?",
    ("SMTP__PORT__X", "1"): "__PORT__X: unknown variable: did you mean NEWSLETTER_SMTP__PORT?",
    ("NEWSLETTER__SENDER", "a@b.org"): "__SENDER: unknown variable: did you mean NEWSLETTER_NEWSLETTER__URL?",
    ("XX__YY", "1"): "__YY: unknown variable: they are called NEWSLETTER_SECTION__KEY",
    ("SOURCES__0__NAME", "x"): "__0__NAME: unknown variable: set NEWSLETTER_SOURCES to a JSON list of tables",
    ("SOURCES", "x"): ": not valid JSON: Expecting value: line 1 column 1 (char 0): write [{...}]",
    ("DATABASE", f"postgresql://u:{SECRET}@h/d"): ": not valid JSON: Expecting value: line 1 column 1 (char 0): "
    "write {...}, or set NEWSLETTER_DATABASE__KEY alone",
    ("SOURCES", '{"a": 1}'): ": a table cannot be used: "
    "write a list of tables: [[sources]], or [{...}] in a variable",
    ("SOURCES", '[{"name": "b"}]'): ".b.kind: is missing: add it",
    ("SMTP", f'"{SECRET}"'): f": text cannot be used: {ONE_TABLE}",
    ("SMTP", '{"port": null}'): f".port: null cannot be used: write a whole number, {NUMBER}",
    ("SMTP", '{"port": 0}'): f".port: 0 cannot be used: write a whole number, {NUMBER}",
}


@pytest.mark.parametrize("variable", VARIABLES, ids="=".join)
def test_a_mistake_in_a_variable_is_named_by_the_variable(mistake, monkeypatch, variable):
    monkeypatch.setenv(f"NEWSLETTER_{variable[0]}", variable[1])
    name = re.match(r"[A-Z]+", variable[0])[0]
    assert mistake() == f"NEWSLETTER_{name}{VARIABLES[variable]}"


def test_two_wrong_variables_are_counted(mistake, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_SMTP__X", "1")
    monkeypatch.setenv("NEWSLETTER_WEB__Y", "1")
    assert mistake().endswith("(and 1 more)")


def test_a_variable_of_others_is_not_blamed_for_the_file(mistake, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_PORT", "tcp://10.0.0.1:8080")
    assert mistake("port = 25") == "config.toml: port: unknown key: it belongs into [[relays]] or [smtp] or [web]"


def test_the_file_is_named_where_a_variable_gives_another_key(mistake, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_SMTP", '{"host": "mail.y.org"}')
    assert mistake("[smtp]\nport = 0").startswith("config.toml: smtp.port: 0")

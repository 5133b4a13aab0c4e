"""`newsletter doctor`: one line for each check, the cure beside it, and an honest exit code."""

import pytest
from command_line import as_json, run
from dns.resolver import NoResolverConfiguration, Resolver
from dns_server import dns_server

from newsletter.cli import doctor


@pytest.fixture(autouse=True)
def _nobody_to_ask(monkeypatch):
    """No test asks the DNS of the machine."""
    monkeypatch.setattr(doctor, "_resolver", lambda: None)


def test_a_good_setup_exits_with_0_and_says_what_was_not_looked_at(workplace):
    run("db", "upgrade")

    said = run("doctor", "--offline").stdout

    assert "ok    config" in said
    assert "ok    source sample  answers, with " in said
    assert "note  spf            not asked, for --offline\n" in said
    assert "warn  admin          nobody is told when something goes wrong: write your own address" in said
    assert said.splitlines()[-1].startswith("0 fail, ")


def test_what_fails_is_told_with_its_cure_and_exits_with_1(workplace):
    said = run("doctor", "--offline", "--only", "database", code=1).stdout

    first, last = said.splitlines()
    assert first.startswith("FAIL  database  there is no database at ")
    assert first.endswith(": newsletter db upgrade makes it, and so does newsletter up")
    assert last == "1 fail, 0 warn, 0 note, 0 ok"


def test_a_look_makes_nothing(workplace):
    run("doctor", "--offline", code=1)

    assert [path.name for path in workplace.iterdir()] == ["config.toml"]


def test_a_configuration_that_cannot_be_read_is_the_first_check_and_exits_with_2(workplace):
    (workplace / "config.toml").write_text("[smtp]\nport = 70000\n")

    said = run("doctor", code=2).stdout
    document = as_json("doctor", code=2)

    assert said.startswith("FAIL  config  ")
    assert "smtp.port: 70000 cannot be used" in said
    assert [(each["name"], each["level"]) for each in document["checks"]] == [("config", "fail")]


def test_a_check_that_nobody_knows_is_wrong_usage(workplace):
    assert "there are config, secret, database, " in run("doctor", "--only", "heart", code=2).stderr.replace(
        "\n", ""
    )


def test_a_document_has_every_finding_and_the_sums(workplace):
    run("db", "upgrade")

    document = as_json("doctor", "--offline")

    assert {"ok", "note", "warn", "fail", "checks"} == document.keys()
    assert sum(document[level] for level in ("ok", "note", "warn", "fail")) == len(document["checks"])
    assert all({"name", "level", "words", "cure"} == each.keys() for each in document["checks"])


def test_the_dns_that_is_asked_is_the_one_of_the_machine(workplace, monkeypatch):
    text = (workplace / "config.toml").read_text().replace("papers@example.org", "papers@papers.test")
    (workplace / "config.toml").write_text(text)
    with dns_server() as server:
        monkeypatch.setattr(doctor, "_resolver", server.resolver)

        said = run("doctor", "--only", "mx").stdout

    assert said.startswith("ok    mx  papers.test: mx.papers.test, second.papers.test\n")


def test_a_machine_without_a_resolver_has_none(monkeypatch):
    monkeypatch.undo()
    found = doctor._resolver()

    def unset(*_):
        raise NoResolverConfiguration

    monkeypatch.setattr(Resolver, "__init__", unset)

    assert found is None or found.nameservers
    assert doctor._resolver() is None

"""`newsletter dkim`: a key for its owner alone, and what has to be published and written for it."""

import re
import stat

import pytest
from command_line import as_json, run
from signed import ed25519, rsa
from test_docs import keys, sections
from test_docs import named as named_in

from newsletter.cli import dkim
from newsletter.config import load
from newsletter.mail import dkim_key, dkim_record
from newsletter.mail.dkim import Key
from newsletter.wiring import signer


@pytest.fixture(autouse=True)
def _one_key_is_enough(monkeypatch):
    """Making a key takes long; how one is made is tested elsewhere."""
    monkeypatch.setattr(dkim_key, "make", lambda kind, bits: rsa().private if kind == "rsa" else ed25519().private)


def named(folder, *settings):
    """Let config.toml name keys."""
    with (folder / "config.toml").open("a") as file:
        file.write("\n".join(["", *settings, ""]))


def test_a_new_key_is_beside_the_database_and_everything_else_is_printed(workplace):
    said = run("dkim", "new", "--selector", "one").stdout

    path = workplace / "data" / "dkim-one.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"A new RSA key of 2048 bits is in {path}, for you alone to read." in said
    assert f"   name   one._domainkey.example.org\n   value  {dkim_record.value(rsa())}\n" in said
    assert '   [dkim]\n   selector = "one"\n   key_file = "data/dkim-one.pem"\n' in said
    assert "PRIVATE" not in said


def test_the_settings_that_are_printed_make_a_signer(workplace):
    one = as_json("dkim", "new", "--selector", "one")
    two = as_json("dkim", "new", "--selector", "two", "--ed25519")

    named(workplace, one["config"] + two["config"].removeprefix("[dkim]\n"))

    made = signer(load(workplace / "config.toml"))
    assert made.domain == "example.org"
    assert [(key.selector, key.kind) for key in made.keys] == [("one", "rsa"), ("two", "ed25519")]


def test_a_key_outside_of_the_folder_is_named_by_its_whole_path(workplace, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    named(workplace, "[database]", f'url = "sqlite:///{elsewhere}/x.db"')

    assert f'key_file = "{elsewhere}/dkim-one.pem"' in as_json("dkim", "new", "--selector", "one")["config"]


def test_the_document_of_a_new_key_has_it_in_all_forms(workplace):
    document = as_json("dkim", "new", "--selector", "one")

    value = dkim_record.value(rsa())
    assert {name: document[name] for name in ("selector", "kind", "bits", "name", "value")} == {
        "selector": "one",
        "kind": "rsa",
        "bits": 2048,
        "name": "one._domainkey.example.org",
        "value": value,
    }
    assert document["file"] == str(workplace / "data" / "dkim-one.pem")
    assert "".join(document["strings"]) == "".join(re.findall('"(.*)"', document["zone"])) == value
    assert document["zone"].startswith("one._domainkey.example.org. IN TXT (\n")


def test_without_a_name_the_key_has_one_with_the_month(workplace):
    assert re.fullmatch(r"papers20\d{4}", as_json("dkim", "new")["selector"])
    assert re.fullmatch(r"papers20\d{4}-ed25519", as_json("dkim", "new", "--ed25519")["selector"])


def test_a_key_is_made_where_the_configuration_names_one(workplace):
    named(workplace, "[dkim]", 'selector = "mine"', 'key_file = "keys/mine.pem"')

    document = as_json("dkim", "new")

    assert (document["selector"], document["file"]) == ("mine", str(workplace / "keys" / "mine.pem"))
    assert signer(load(workplace / "config.toml")).keys[0].selector == "mine"


def test_another_key_than_the_one_that_is_named_lies_elsewhere(workplace):
    named(workplace, "[dkim]", 'selector = "mine"', 'key_file = "keys/mine.pem"')

    assert as_json("dkim", "new", "--selector", "next")["file"] == str(workplace / "data" / "dkim-next.pem")


def test_a_key_that_is_there_stays(workplace):
    run("dkim", "new", "--selector", "one")
    before = (workplace / "data" / "dkim-one.pem").read_bytes()

    said = run("dkim", "new", "--selector", "one", "--ed25519", code=2).stderr

    assert "is there already, and mails may be signed with it: choose another --selector" in said
    assert (workplace / "data" / "dkim-one.pem").read_bytes() == before


def test_a_lone_ed25519_key_is_said_to_need_another(workplace):
    assert "Few receivers know this kind" in run("dkim", "new", "--ed25519").stdout
    named(workplace, "[dkim]", 'selector = "mine"', 'key_file = "keys/mine.pem"')
    assert "Few receivers know" not in run("dkim", "new", "--ed25519", "--selector", "two").stdout


@pytest.mark.parametrize("bits", ["2048", "3072", "4096"])
def test_the_length_that_is_asked_for_is_made(workplace, monkeypatch, bits):
    asked = []
    monkeypatch.setattr(dkim_key, "make", lambda kind, bits: asked.append((kind, bits)) or rsa().private)

    run("dkim", "new", "--bits", bits)

    assert asked == [("rsa", int(bits))]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bits", "1024"), "--bits"),
        (("--bits", "4096", "--ed25519"), "--bits: an Ed25519 key has one size"),
        (("--selector", "a b"), "--selector: 'a b' cannot be used: write letters, digits and hyphens, such as"),
        (("--selector", "../x"), "--selector: '../x' cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_refused(workplace, words, said):
    assert said in run("dkim", "new", *words, code=2).stderr
    assert not (workplace / "data").exists()


def test_a_placeholder_as_sender_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").touch()

    said = run("dkim", "new", code=2).stderr

    assert (
        "newsletter.from: papers@localhost.localdomain is only a placeholder: write your own address first" in said
    )


def test_the_records_are_those_of_the_keys_that_are_named(workplace):
    named(workplace, "[dkim]", 'selector = "one"', 'key_file = "1.pem"')
    named(workplace, 'ed25519_selector = "two"', 'ed25519_key_file = "2.pem"')
    run("dkim", "new")
    run("dkim", "new", "--ed25519")

    document = as_json("dkim", "record")

    assert document["domain"] == "example.org"
    assert [(each["name"], each["value"]) for each in document["records"]] == [
        ("one._domainkey.example.org", dkim_record.value(rsa())),
        ("two._domainkey.example.org", dkim_record.value(ed25519())),
    ]


def test_a_record_may_be_looked_at_before_the_configuration_names_the_key(workplace):
    made = as_json("dkim", "new", "--selector", "one")

    (record,) = as_json("dkim", "record", "--selector", "ONE")["records"]
    said = run("dkim", "record", "--selector", "one").stdout

    assert record == {name: value for name, value in made.items() if name != "config"}
    assert f"   value  {record['value']}\n" in said
    assert record["zone"] in said
    assert "newsletter doctor --only dkim asks the DNS for it" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "dkim.selector: names no key yet: run `newsletter dkim new`, or add --selector NAME"),
        (("--selector", "none"), "dkim-none.pem: there is no such key: put it there, or make one with"),
        (("--selector", "a_b"), "'a_b' cannot be used: write letters, digits and hyphens"),
    ],
)
def test_a_record_of_no_key_is_refused(workplace, words, said):
    assert said in run("dkim", "record", *words, code=2).stderr
    assert said in as_json("dkim", "record", *words, code=2)["error"]


def test_a_path_with_quotes_stands_in_the_settings_as_toml_has_it(workplace):
    config = load(workplace / "config.toml")

    said = dkim.settings(config, Key("one", rsa().private), workplace / 'a "b".pem')

    named(workplace, said)
    assert load(workplace / "config.toml").dkim.key_file == 'a "b".pem'


def test_every_key_of_the_documents_is_documented_and_no_other(workplace):
    told = sections("cli.md")

    made, shown = as_json("dkim", "new", "--selector", "one"), as_json("dkim", "record", "--selector", "one")

    assert set(named_in(told["newsletter dkim new"], "Key")) == keys(made)
    assert set(named_in(told["newsletter dkim record"], "Key")) == keys(shown)

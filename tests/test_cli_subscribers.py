"""`newsletter subscribers`: readers from the command line and from CSV."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from command_line import AT, as_json, run


def test_readers_are_added_shown_and_listed(workplace):
    added = as_json(
        "subscribers", "add", "Ada@Example.ORG", "--topic", "Graphs=1.5", "--keyword", "catalyst",
        "--author", "Emmy Noether", "--category", "cs.LG", "--org", "The Lab", "--mute", "keyword:crypto",
        "--name", "Ada", "--cadence", "mon,thu", "--hour", "6", "--timezone", "Europe/Berlin", "--size", "5",
        "--confirmed", "--at", "2026-03-01T10:00Z",
    )  # fmt: skip

    assert as_json("subscribers", "show", "ada@example.org") == added
    assert datetime.fromisoformat(added["next_due"]).astimezone(ZoneInfo("Europe/Berlin")).hour == 6
    assert (added["status"], added["topics"]) == ("active", [{"name": "Graphs", "weight": 1.5}])
    assert added["confirmed_at"] == "2026-03-01T10:00:00+00:00"
    assert [row["email"] for row in as_json("subscribers", "list", "--status", "active")] == [added["email"]]
    assert as_json("subscribers", "list", "--status", "pending") == []
    shown = run("subscribers", "show", "ada@example.org").stdout
    assert "mon,thu at 6:00 Europe/Berlin, 5 papers" in shown
    assert "topics: Graphs (weight 1.5)" in shown
    assert "1 reader" in run("subscribers", "list").stdout


def test_an_import_takes_the_size_from_the_configuration(workplace):
    path = workplace / "config.toml"
    path.write_text(path.read_text() + "[digest]\nsize = 4\n")
    (workplace / "people.csv").write_text("email\nada@example.org\n")

    run("subscribers", "import", "people.csv")

    shown = as_json("subscribers", "show", "ada@example.org")
    assert (shown["size"], shown["next_due"]) == (4, None)


def test_a_reader_without_confirmation_is_pending_and_gets_no_digest(workplace):
    assert "ada@example.org is pending" in run("subscribers", "add", "ada@example.org").stdout
    assert as_json("send", "--at", AT)["planned"] == 0


def test_a_topic_outside_the_catalogue_is_allowed_and_pointed_out(workplace):
    shown = run("subscribers", "add", "ada@example.org", "--topic", "Grahps", "--confirmed").stdout

    assert "'Grahps' is not in the catalogue" in shown
    assert "near names: Graphs" in shown


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("not an address",), "email"),
        (("a@example.org", "--hour", "25"), "hour"),
        (("a@example.org", "--timezone", "Berlin"), "timezone"),
        (("a@example.org", "--cadence", "sometimes"), "cadence"),
        (("a@example.org", "--topic", "Graphs=-1"), "topic"),
        (("a@example.org", "--size", "99"), "size"),
        (("a@example.org", "--at", "yesterday"), "ISO 8601"),
    ],
)
def test_a_value_that_nobody_could_mean_is_named(workplace, arguments, named):
    result = run("subscribers", "add", *arguments, code=2)

    assert named in result.stderr
    assert "Traceback" not in result.output


def test_adding_somebody_twice_is_refused(workplace):
    run("subscribers", "add", "ada@example.org")

    assert "ada@example.org" in run("subscribers", "add", "ADA@example.org", code=2).stderr


def test_an_unknown_status_is_named(workplace):
    assert "use one of pending, active" in run("subscribers", "list", "--status", "happy", code=2).stderr


def test_an_import_stores_good_rows_and_explains_bad_ones(workplace):
    (workplace / "people.csv").write_bytes(
        b"\xef\xbb\xbfemail,status,topics,hour\n"
        b"ada@example.org,active,Graphs=1.5;Reasoning,7\n"
        b"nonsense,active,,7\n"
        b"emmy@example.org,active,,99\n"
        b"\xff\xfe@example.org,active,,7\n"
    )

    dry = as_json("subscribers", "import", "people.csv", "--dry-run", code=1)
    assert (dry["added"], len(dry["rejected"]), dry["rejected_file"]) == (1, 3, None)
    assert as_json("subscribers", "list") == []

    result = run("subscribers", "import", "people.csv", code=1)
    assert "1 added" in result.stdout
    assert "line 3" in result.stderr
    assert "nonsense" in (workplace / "people.csv.rejected.csv").read_text(errors="surrogateescape")
    again = as_json("subscribers", "import", "people.csv", code=1)
    assert (again["added"], again["unchanged"]) == (0, 1)


def test_an_export_imports_as_the_same_readers(workplace):
    run(
        "subscribers", "add", "ada@example.org", "--topic", "Graphs=1.5", "--confirmed", "--timezone", "Asia/Tokyo"
    )
    before = as_json("subscribers", "export")
    run("subscribers", "export", "--out", "all.csv")
    assert run("subscribers", "export").stdout == (workplace / "all.csv").read_text()

    (workplace / "config.toml").write_text('[database]\nurl = "sqlite:///other.db"\n')
    run("subscribers", "import", "all.csv")

    strip = [{name: value for name, value in row.items() if name != "confirmed_at"} for row in before]
    after = [{n: v for n, v in row.items() if n != "confirmed_at"} for row in as_json("subscribers", "export")]
    assert after == strip


def test_a_file_that_is_not_there_is_named(workplace):
    assert "nothing.csv" in run("subscribers", "import", "nothing.csv", code=2).stderr


def test_a_suppressed_address_is_not_mailed_any_more(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    run("fetch", "--at", AT)

    assert as_json("subscribers", "suppress", "Ada@example.org", "--reason", "asked by phone")["changed"] is True
    assert "is on the list: asked by phone" in run("subscribers", "suppress", "ada@example.org").stdout
    assert as_json("subscribers", "show", "ada@example.org")["suppressed"] == "asked by phone"
    balance = as_json("send", "--at", AT)
    assert (balance["planned"], balance["suppressed"], balance["sent"]) == (1, 1, 0)


def test_an_export_as_json_goes_where_it_is_told(workplace):
    run("subscribers", "add", "ada@example.org", "--confirmed")

    assert "1 reader written" in run("subscribers", "export", "--json", "--out", "all.json").stderr
    assert json.loads((workplace / "all.json").read_text())[0]["email"] == "ada@example.org"


def test_what_cannot_be_reported_is_not_stored_either(workplace):
    (workplace / "people.csv").write_text("email\nada@example.org\nnonsense\n")
    (workplace / "people.csv.rejected.csv").mkdir()

    assert "people.csv.rejected.csv" in run("subscribers", "import", "people.csv", code=1).stderr
    assert as_json("subscribers", "list") == []


def test_a_suppression_can_be_lifted(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    run("subscribers", "suppress", "ada@example.org")

    assert as_json("subscribers", "suppress", "ada@example.org", "--lift")["changed"] is True
    assert as_json("subscribers", "show", "ada@example.org")["suppressed"] is None
    assert "was not on the list" in run("subscribers", "suppress", "ada@example.org", "--lift").stdout

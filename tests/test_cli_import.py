"""`newsletter subscribers import`: what it says of lines that may be slips, and of rejects that were mended."""

import sqlite3
from contextlib import closing

import pytest
from command_line import as_json, run

from newsletter.cli import imports

HEADER = "email,topics,mutes\n"


@pytest.fixture
def people(workplace):
    return workplace / "people.csv"


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_topics_outside_the_catalogue_are_noted_with_their_line_and_stored_all_the_same(people, option):
    people.write_text(HEADER + "ada@example.org,Graphs,\nemmy@example.org,Graphs;Robtics,robotics\n")

    result = run("subscribers", "import", "people.csv", *option)

    note = "'Robtics' is not in the catalogue: its own words are looked for; near names: Robotics"
    assert f"line 3: {note}" in result.stderr
    assert "line 2" not in result.stderr
    assert as_json("subscribers", "import", "people.csv", *option)["notes"] == [{"line": 3, "note": note}]
    assert len(as_json("subscribers", "list")) == (0 if option else 2)


def test_a_topic_with_a_comma_says_what_parts_topics(people):
    people.write_text(HEADER + 'ada@example.org,"Graphs, Robotics",\n')

    (note,) = as_json("subscribers", "import", "people.csv")["notes"]

    assert note["note"].startswith("'Graphs, Robotics' is not in the catalogue")
    assert note["note"].endswith("; topics are parted by ;")


def test_a_mute_of_an_unknown_kind_is_noted_and_a_known_one_is_not(people):
    people.write_text(HEADER + "ada@example.org,,bogus:thing;keyword:crypto;topic:Robotics\n")

    (note,) = as_json("subscribers", "import", "people.csv")["notes"]

    assert "'bogus:thing' is not in the catalogue" in note["note"]
    assert "'bogus' is no kind of mute, the kinds are topic, keyword, author, category, org" in note["note"]


def test_a_line_that_is_rejected_anyway_gets_no_note(people):
    run("subscribers", "suppress", "ada@example.org")
    people.write_text(HEADER + "ada@example.org,Robtics,\nnobody,Robtics,\n")

    told = as_json("subscribers", "import", "people.csv", code=1)

    assert ([each["line"] for each in told["rejected"]], told["notes"]) == ([2, 3], [])


def test_twenty_notes_are_printed_and_all_stand_in_the_document(people):
    people.write_text(HEADER + "".join(f"reader{number}@example.org,Robtics,\n" for number in range(25)))

    result = run("subscribers", "import", "people.csv", "--dry-run")

    assert result.stderr.count("not in the catalogue") == 20
    assert "and 5 more" in result.stderr
    assert len(as_json("subscribers", "import", "people.csv", "--dry-run")["notes"]) == 25


def test_a_line_that_is_not_utf_8_says_so_in_one_plain_sentence(people):
    people.write_bytes(HEADER.encode() + "jos\u00e9@example.org,,\n".encode("latin-1"))

    (told,) = as_json("subscribers", "import", "people.csv", code=1)["rejected"]

    assert told == {"line": 2, "reason": 'the line is not UTF-8: in Excel save as "CSV UTF-8"'}


def test_a_file_parted_by_tabs_is_refused_and_the_tabs_are_named(people):
    people.write_text("email\ttopics\nada@example.org\tGraphs\n")

    assert "tabs part its cells" in run("subscribers", "import", "people.csv", code=2).stderr


def test_rejects_with_surplus_cells_are_mended_and_imported(people):
    people.write_text(HEADER + "ada@example.org,Graphs,Robotics,lost\nnobody,Graphs,\nemmy@example.org\n")
    run("subscribers", "import", "people.csv", code=1)
    rejects = people.with_name("people.csv.rejected.csv")
    again = as_json("subscribers", "import", rejects.name, "--dry-run", code=1)
    assert "column 4: 'lost' cannot be used" in again["rejected"][0]["reason"]

    rejects.write_text(rejects.read_text().replace(",lost\n", ",\n").replace("nobody", "nobody@example.org"))

    assert as_json("subscribers", "import", rejects.name)["added"] == 3


SUBSTACK = "email,active_subscription,expiry,email_disabled,created_at\n"
BUTTONDOWN = "email_address,metadata,tags,type,creation_date\n"


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_an_export_of_another_service_is_named_with_how_its_people_stand(people, option):
    people.write_text(SUBSTACK + "ada@example.org,true,,false,2024-03-14\nemmy@example.org,false,,true,\n")

    shown = run("subscribers", "import", "people.csv", *option).stdout

    assert "This is an export of Substack." in shown
    assert ("They would stand as: " if option else "They stand as: ") + "1 active, 1 unsubscribed." in shown
    assert len(as_json("subscribers", "list")) == (0 if option else 2)


def test_labels_that_are_no_topics_are_told_once_with_how_often_they_came(people):
    rows = "".join(f'reader{number}@example.org,{{}},"VIP, Graphs",regular,2024-03-14\n' for number in range(3))
    people.write_text(BUTTONDOWN + rows)

    told = as_json("subscribers", "import", "people.csv")

    assert (told["format"], told["statuses"]["active"]) == ("buttondown", 3)
    assert told["notes"] == [
        {"line": 2, "note": "the label 'VIP' is no topic of the catalogue: left out in 3 rows"}
    ]
    assert as_json("subscribers", "show", "reader1@example.org")["topics"] == [{"name": "Graphs", "weight": 1.0}]


def test_listmonks_gap_is_told_and_its_blocklist_kept(people):
    people.write_text("uuid,email,name,attributes,status\n1,ada@example.org,Ada,{},blocklisted\n")

    told = as_json("subscribers", "import", "people.csv")

    assert (told["suppressed"], told["statuses"]["unsubscribed"]) == (1, 1)
    assert "does not tell who left a list" in told["notes"][0]["note"]
    people.write_text(
        "uuid,email,name,attributes,status,subscription_status\n1,eda@example.org,,{},blocklisted,\n"
    )
    result = run("subscribers", "import", "people.csv")
    assert "1 address put on the list of those that are never mailed." in result.stdout
    assert "does not tell" not in result.stderr


def test_rejects_of_another_service_keep_its_columns_and_are_imported_when_mended(people):
    people.write_text(BUTTONDOWN + 'nobody,"{\n}",,regular,2024-03-14\nada@example.org,{},,novel,\n')
    result = run("subscribers", "import", "people.csv", code=1)
    rejects = people.with_name("people.csv.rejected.csv")

    assert "line 2: email" in result.stderr
    assert "line 4: type: 'novel'" in result.stderr
    assert rejects.read_text().startswith("line,reason,email_address,metadata,tags,type,creation_date\n")
    mended = rejects.read_text().replace("nobody,", "eda@example.org,").replace("novel,", "regular,")
    rejects.write_text(mended)
    assert as_json("subscribers", "import", rejects.name)["added"] == 2


def test_a_format_can_be_forced(people):
    people.write_text("email,tags\nada@example.org,Graphs\n")

    assert "it is none of ours" in run("subscribers", "import", "people.csv", code=2).stderr
    assert as_json("subscribers", "import", "people.csv", "--format", "buttondown")["format"] == "buttondown"
    assert "use one of newsletter" in run("subscribers", "import", "people.csv", "--format", "x", code=2).stderr


def test_a_long_file_tells_how_far_it_is(people):
    people.write_text("email\n" + "".join(f"reader{number}@example.org\n" for number in range(5001)))

    assert "import: 5,000 rows" in run("subscribers", "import", "people.csv").stderr


def pulled(monkeypatch, see):
    """Has `see` called for each row that the command takes out of the file."""
    told = imports._told
    monkeypatch.setattr(imports, "_told", lambda rows, say: (see(row) or row for row in told(rows, say)))


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_others_may_write_while_the_file_is_read(people, monkeypatch, option):
    people.write_text(HEADER + "ada@example.org,Graphs,\nemmy@example.org,,\n")
    run("subscribers", "add", "eda@example.org", "--confirmed")
    seen = []

    def another_writes(row):
        with closing(sqlite3.connect(people.parent / "data" / "newsletter.db", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE subscriber SET hour = hour + 1")
            other.commit()
        seen.append(row.email)

    pulled(monkeypatch, another_writes)
    monkeypatch.setattr("subscribers.imports._CHUNK", 1)  # else both rows are read before the first statement

    run("subscribers", "import", "people.csv", *option)

    assert seen == ["ada@example.org", "emmy@example.org"]
    assert as_json("subscribers", "show", "eda@example.org")["hour"] == 9


def test_a_dry_run_waits_for_no_writer(people):
    people.write_text(HEADER + "ada@example.org,Graphs,\n")
    run("subscribers", "list")
    with closing(sqlite3.connect(people.parent / "data" / "newsletter.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        told = as_json("subscribers", "import", "people.csv", "--dry-run")

    assert told["added"] == 1


def test_a_file_that_breaks_off_half_way_stores_nothing(people, monkeypatch):
    people.write_text(HEADER + "ada@example.org,,\nemmy@example.org,,\n")

    def break_off(row):
        if row.email.startswith("emmy"):
            raise OSError(5, "Input/output error", "people.csv")

    pulled(monkeypatch, break_off)

    assert "people.csv: Input/output error" in run("subscribers", "import", "people.csv", code=1).stderr
    assert as_json("subscribers", "list") == []


def test_rejects_that_cannot_be_written_keep_the_good_rows_out_as_well(people):
    people.write_text(HEADER + "ada@example.org,,\nnobody,,\n")
    people.with_name("people.csv.rejected.csv").mkdir()

    assert "people.csv.rejected.csv" in run("subscribers", "import", "people.csv", code=1).stderr
    assert as_json("subscribers", "list") == []

"""`newsletter subscribers import`: what it says of lines that may be slips, and of rejects that were mended."""

import pytest
from command_line import as_json, run

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

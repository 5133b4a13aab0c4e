"""A CSV file becomes rows, line by line: one bad line costs that line alone and says why."""

import csv
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from subscribers.csv_rows import COLUMNS, read_csv, readers_csv, rejected_csv
from subscribers.errors import InvalidPreference, SubscriberError
from subscribers.models import Cadence, Follow, FollowKind, Status, Subscriber
from subscribers.pasted import Named
from subscribers.preferences import LAST_YEAR, Choice, Preferences, combine, parse_label

TOPIC = FollowKind.TOPIC


def read(*lines):
    return read_csv(f"{line}\r\n" for line in lines)


def reasons(*lines):
    rows, rejected = read(*lines)
    assert rows == []
    return [(reject.line, reject.reason) for reject in rejected]


def test_every_column_is_read():
    rows, rejected = read(
        ",".join(COLUMNS),
        "Ada@EXAMPLE.org,Ada,active,NLP=1.5;Graphs,diffusion,Emmy Noether,chosen,07:00,europe/berlin,20,"
        "cs.CL,MIT,crypto;category:cs.CR,mon;fri,2027-01-31,https://arxiv.org/abs/1706.03762v2; doi:10.1000/AB",
    )
    assert rejected == []
    (row,) = rows
    assert (row.line, row.email, row.status) == (2, "Ada@example.org", Status.ACTIVE)
    assert row.preferences == Preferences("Ada", Cadence.CHOSEN, "mon,fri", 7, "Europe/Berlin", 20)
    assert row.paused_until == datetime(2027, 1, 30, 23, tzinfo=UTC)
    assert row.choices == (
        Choice(TOPIC, "NLP", 1.5),
        Choice(TOPIC, "Graphs"),
        Choice(FollowKind.KEYWORD, "diffusion"),
        Choice(FollowKind.AUTHOR, "Emmy Noether"),
        Choice(FollowKind.CATEGORY, "cs.CL"),
        Choice(FollowKind.ORG, "MIT"),
        Choice(TOPIC, "crypto", -1.0),
        Choice(FollowKind.CATEGORY, "cs.CR", -1.0),
    )
    assert row.examples == (Named("arxiv:1706.03762"), Named("doi:10.1000/ab"))


def test_missing_columns_take_their_defaults():
    (row,), _ = read("email", "ada@example.org")
    assert (row.status, row.preferences, row.paused_until, row.choices) == (None, Preferences(), None, ())
    assert row.examples is None


@pytest.mark.parametrize(
    "lines",
    [
        ("\ufeffEmail , TOPICS", "ada@example.org,NLP;Graphs"),
        ("email;topics", 'ada@example.org;"NLP;Graphs"'),
        ("topics,email", "NLP;Graphs,ada@example.org"),
        ("", "line,reason,email,topics", "7,too bad,ada@example.org,NLP;Graphs"),
        ("email,topics", "", ",", 'ada@example.org,"NLP; ;Graphs;"', "  "),
    ],
)
def test_files_as_programs_write_them_are_read(lines):
    (row,), rejected = read(*lines)
    assert rejected == []
    assert row.email == "ada@example.org"
    assert [choice.value for choice in row.choices] == ["NLP", "Graphs"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("ada@example.org", "column: 'ada@example.org' .*the columns are email,name"),
        ("name,topics", "column: 'name,topics' .*email among them"),
        ("email,topcs", "column: 'topcs' .*did you mean topics"),
        ("email,name,Name", "column: 'name' .*it is there twice"),
        ("email;name,topics", "column: 'email;name'"),
        ('email,"name', "column: '\"name'"),
        ("email\tname", "column: 'email.tname' .*tabs part its cells: save the file as CSV"),
        ("name,column 2,column x", "column: 'column x'"),
    ],
)
def test_a_header_that_cannot_be_used_stops_the_file(header, message):
    with pytest.raises(InvalidPreference, match=message):
        read(header, "ada@example.org,,")


def test_a_first_line_in_another_encoding_is_told_so():
    with pytest.raises(SubscriberError, match="the first line is not UTF-8: in Excel"):
        read("email,Stra\udcdfe")


def test_an_empty_file_is_told_so():
    with pytest.raises(InvalidPreference, match="the first line has to name the columns"):
        read_csv([])


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("ada,7,active,", "email: 'ada' cannot be used: "),
        ("ada@example.org,25,active,", "hour: '25' cannot be used: give a whole hour"),
        ("ada@example.org,7,happy,", "status: 'happy' cannot be used: give one of pending, active"),
        ("ada@example.org,7,active,NLP=high", "topic: 'high' cannot be used: "),
        ("ada@example.org,7,active,Jos\udce9", 'the line is not UTF-8: in Excel save as "CSV UTF-8"'),
        ("ada@example.org,7", "number of cells: 2 cannot be used: the header has 4"),
        ("ada@example.org,7,active,a,b", "number of cells: 5 cannot be used: the header has 4"),
        ('ada@example.org,7,active,"NLP', "line: 'ada@example.org' cannot be used: its quotes do not pair up"),
        ('"ada"@example.org,7,active,NLP', "line: '\"ada\"@example.org' cannot be used: its quotes"),
    ],
)
def test_a_bad_line_costs_only_that_line(cells, reason):
    rows, rejected = read("email,hour,status,topics", cells, "emmy@example.org,8,active,NLP")
    assert [row.email for row in rows] == ["emmy@example.org"]
    (reject,) = rejected
    assert reject.line == 2
    assert reject.reason.startswith(reason)
    assert ",".join(reject.fields.values()).rstrip(",") == cells.rstrip(",")


def test_the_second_line_for_one_address_names_the_first():
    rows, rejected = read("email", "ada", "ADA@example.org", "emmy@example.org", "ada@EXAMPLE.org")
    assert [(row.line, row.email) for row in rows] == [(3, "ADA@example.org"), (4, "emmy@example.org")]
    assert [reject.line for reject in rejected] == [2, 5]
    assert "line 3 has this address already" in rejected[1].reason


def test_a_line_that_was_rejected_is_no_first_line():
    rows, _ = read("email,hour", "ada@example.org,99", "ada@example.org,9")
    assert [row.line for row in rows] == [3]


def test_a_cell_longer_than_any_field_costs_only_its_line():
    assert reasons("email", "a" * 200_000)[0][0] == 2


def test_rejects_are_written_with_line_and_reason_and_can_be_read_again():
    _, rejected = read(
        "email,topics,hour", "emmy@example.org,NLP;Graphs,99", "ada,,7", "eda@example.org,,7,surplus"
    )
    written = []
    rejected_csv(list(reversed(rejected)), written.append)
    lines = list(csv.reader(written))
    assert lines[0] == ["line", "reason", "email", "topics", "hour", "column 4"]
    assert [line[:1] + line[2:] for line in lines[1:]] == [
        ["2", "emmy@example.org", "NLP;Graphs", "99", ""],
        ["3", "ada", "", "7", ""],
        ["4", "eda@example.org", "", "7", "surplus"],
    ]
    rejected_csv(rejected[:1], (mended := []).append)
    (row,), _ = read_csv(line.replace(",99", ",9") for line in mended)
    assert (row.email, row.preferences.hour) == ("emmy@example.org", 9)


def test_a_surplus_column_may_stay_when_it_is_empty_and_costs_its_line_when_not():
    rows, rejected = read("email,column 13", "ada@example.org, ", "emmy@example.org,lost")

    assert [row.email for row in rows] == ["ada@example.org"]
    assert [reject.line for reject in rejected] == [3]
    assert rejected[0].reason.startswith("column 13: 'lost' cannot be used: move it to the column")


def test_a_surplus_cell_never_takes_the_place_of_a_column_that_is_there():
    _, (reject,) = read("email,column 3", "ada@example.org,one,two")

    assert reject.fields == {"email": "ada@example.org", "column 3": "one", "column 4": "two"}


def mended(written):
    """The file as after mending: every line with an address of its own and nothing else."""
    header, *lines = csv.reader(written)
    for number, _ in enumerate(lines):
        cells = {"email": f"reader{number}@example.org"}
        yield ",".join(cells.get(name, "") for name in header)


BAD_LINES = (
    "nobody,7,",
    "ada@example.org,99,",
    "ada@example.org,7,a=b",
    "ada@example.org,7,Jos\udce9",
    "ada@example.org",
    ",7",
    "ada@example.org,7,a,b,c,d",
    'ada@example.org,7,"a,b,c',
    '"ada"@example.org,7,a,"b',
    ",".join("a" * 30),
)
PIECES = st.sampled_from(['"', ",", ";", "'", "=", "\t", "a", "99", "\udce9", "@example.org", "emmy@example.org"])
LINES = (
    st.sampled_from(BAD_LINES) | st.lists(PIECES).map("".join) | st.text(st.characters(exclude_characters="\r\n"))
)


@given(st.sampled_from(["email,hour,topics", "hour;email;topics", "topics,hour,email"]), st.lists(LINES))
def test_a_file_of_rejects_of_any_kind_can_be_read_again_and_mended(header, lines):
    _, rejected = read_csv([header, *lines])
    assume(rejected)
    rejected_csv(rejected, (written := []).append)

    read_csv(written)
    header, *_ = written
    rows, left = read_csv([header, *mended(written)])
    assert (len(rows), left) == (len(rejected), [])


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless_and_read_back():
    reader = Subscriber(email="=1+1@example.org", name='=HYPERLINK("http://x.example")', created_at=None)
    written = []
    assert readers_csv([reader], written.append) == 1
    cells = next(csv.reader(written[1:]))
    assert cells[:2] == ["'=1+1@example.org", '\'=HYPERLINK("http://x.example")']
    (row,), _ = read_csv(written)
    assert (row.email, row.preferences.name) == (reader.email, reader.name)


LABELS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=";"), min_size=1)
CHOICES = st.builds(
    Choice,
    st.sampled_from(FollowKind),
    LABELS.map(lambda label: parse_label("topic", label[:200])),
    st.floats(0.001, 10).flatmap(lambda weight: st.sampled_from([weight, -weight, 1.0, -1.0])),
)


@given(
    LABELS,
    st.lists(CHOICES, max_size=6),
    st.sampled_from(Status),
    st.datetimes(max_value=datetime(LAST_YEAR, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis asks so
)
def test_whatever_a_reader_may_be_comes_back_from_csv(name, choices, status, paused_until):
    try:
        choices = combine(choices)
    except InvalidPreference:
        assume(False)
    reader = Subscriber(
        email="ada@example.org",
        name=parse_label("name", name[:200]),
        status=status,
        paused_until=paused_until,
        follows=[Follow(**choice._asdict()) for choice in choices],
    )
    readers_csv([reader], (written := []).append)
    (row,), rejected = read_csv(written)
    assert rejected == []
    assert (row.email, row.preferences.name, row.status, row.paused_until) == (
        reader.email,
        reader.name,
        status,
        paused_until,
    )
    assert set(row.choices) == set(choices)


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_lines_become_rows_or_rejects(lines):
    rows, rejected = read_csv(["email,topics,hour", *lines])
    told = [row.line for row in rows] + [reject.line for reject in rejected]
    assert len(told) == len(set(told)) <= len(lines)

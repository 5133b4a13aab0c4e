"""Exports of other services: recognised by their columns, read over line breaks, put into our own terms."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import foreign
from subscribers.csv_rows import open_csv, read_csv, rejected_csv
from subscribers.errors import InvalidPreference
from subscribers.models import Status
from subscribers.topics import Catalogue, Topic

CATALOGUE = Catalogue([Topic("Graphs", ("graph",)), Topic("Speech and audio", ("speech",))])
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at\r\n"
MAILCHIMP = '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LEID,EUID,NOTES,TAGS'
SUBSTACK = "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\r\n"
BUTTONDOWN = "email_address,notes,metadata,tags,type,creation_date,secondary_id\r\n"
GO_TIME = "2024-03-14 09:12:31.123456 +0000 UTC"


def read(text, **options):
    return read_csv(text.splitlines(keepends=True), catalogue=CATALOGUE, **options)


def one(text):
    (row,), rejected = read(text)
    assert rejected == []
    return row


def listmonk(status, more="", cell=""):
    header = LISTMONK.replace("\r\n", f"{more}\r\n")
    return header + f"1,ada@example.org,Ada Lovelace,{{}},{status},{GO_TIME},{GO_TIME}{cell}\r\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (LISTMONK, "listmonk"),
        (MAILCHIMP, "mailchimp"),
        (MAILCHIMP.replace("Email Address", "Email").upper(), "mailchimp"),
        (SUBSTACK, "substack"),
        ("email,active_subscription,expiry,email_disabled,prefer_digests,created_at", "substack"),
        (BUTTONDOWN, "buttondown"),
        ("email,notes,metadata,tags,subscriber_type,creation_date", "buttondown"),
        ("line,reason,uuid,email,name,attributes,status", "listmonk"),
    ],
)
def test_each_service_is_known_by_its_columns(text, name):
    assert open_csv([text]).service.name == name


def test_our_own_columns_are_ours_and_unknown_ones_name_the_services():
    assert open_csv(["email,name,status"]).service is None
    with pytest.raises(InvalidPreference, match="exports of listmonk, Mailchimp, Substack and Buttondown"):
        open_csv(["email,plan"])


@pytest.mark.parametrize(
    ("status", "expected", "blocked"),
    [
        ("enabled", Status.ACTIVE, ""),
        ("Enabled", Status.ACTIVE, ""),
        ("", Status.PENDING, ""),
        ("disabled", Status.UNSUBSCRIBED, ""),
        ("blocklisted", Status.UNSUBSCRIBED, "blocklisted in listmonk"),
    ],
)
def test_the_account_at_listmonk_tells_the_status(status, expected, blocked):
    row = one(listmonk(status))

    assert (row.status, row.meaning.standing.blocked) == (expected, blocked)
    assert (row.email, row.preferences.name) == ("ada@example.org", "Ada Lovelace")
    assert row.meaning.standing.since == datetime(2024, 3, 14, 9, 12, 31, tzinfo=UTC)
    assert (
        row.meaning.wording
        == "Imported from a listmonk export, where this address was subscribed since 2024-03-14."
    )


@pytest.mark.parametrize(
    ("account", "subscription", "expected"),
    [
        ("enabled", "confirmed", Status.ACTIVE),
        ("enabled", "unconfirmed", Status.PENDING),
        ("enabled", "unsubscribed", Status.UNSUBSCRIBED),
        ("enabled", "", Status.PENDING),
        ("disabled", "confirmed", Status.UNSUBSCRIBED),
    ],
)
def test_the_subscription_at_listmonk_counts_while_the_account_is_enabled(account, subscription, expected):
    assert one(listmonk(account, ",subscription_status", f",{subscription}")).status is expected


@pytest.mark.parametrize(
    ("more", "confirmed", "cell", "expected"),
    [
        ("", "2015-03-16 14:40:47", "", Status.ACTIVE),
        ("", "", "", Status.PENDING),
        (",UNSUB_TIME", "2015-03-16 14:40:47", ",2020-01-01 00:00:00", Status.UNSUBSCRIBED),
        (",UNSUB_TIME", "2015-03-16 14:40:47", ",", Status.UNSUBSCRIBED),
        (",CLEAN_TIME", "2015-03-16 14:40:47", ",2020-01-01 00:00:00", Status.BOUNCED),
    ],
)
def test_the_three_files_of_mailchimp_tell_who_is_subscribed(more, confirmed, cell, expected):
    row = one(f'{MAILCHIMP}{more}\r\nada@example.org,Ada,Lovelace,2,,"{confirmed}",1,a,,{cell}\r\n')

    assert (row.status, row.preferences.name) == (expected, "Ada Lovelace")


def test_a_confirmation_at_mailchimp_keeps_its_time():
    row = one(f'{MAILCHIMP}\r\nada@example.org,,,2,,"2015-03-16 14:40:47",1,a,,\r\n')

    assert row.meaning.standing.since == datetime(2015, 3, 16, 14, 40, 47, tzinfo=UTC)
    assert "name" not in row.fields


@pytest.mark.parametrize(("disabled", "expected"), [("false", Status.ACTIVE), ("true", Status.UNSUBSCRIBED)])
def test_substack_tells_whom_it_mails_whether_they_pay_or_not(disabled, expected):
    row = one(f"{SUBSTACK}ada@example.org,false,,other,{disabled},2026-07-01T00:00:00.000Z,\r\n")

    assert (row.status, row.meaning.standing.since) == (expected, datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("regular", Status.ACTIVE),
        ("premium", Status.ACTIVE),
        ("churned", Status.ACTIVE),
        ("unactivated", Status.PENDING),
        ("unsubscribed", Status.UNSUBSCRIBED),
        ("removed", Status.UNSUBSCRIBED),
        ("undeliverable", Status.BOUNCED),
        ("complained", Status.COMPLAINED),
    ],
)
def test_buttondown_tells_the_status_by_the_type(kind, expected):
    row = one(f"{BUTTONDOWN}ada@example.org,,{{}},,{kind},2024-03-14T09:12:31.123456Z,7\r\n")

    assert row.status is expected


def test_a_type_that_nobody_knows_costs_its_row_and_names_those_there_are():
    rows, (reject,) = read(f"{BUTTONDOWN}ada@example.org,,{{}},,novel,2024-03-14,7\r\n")

    assert rows == []
    assert reject.reason.startswith("type: 'novel' cannot be used: the words are regular, premium")


@pytest.mark.parametrize(
    "tags",
    [
        '"""VIP"",""graphs"",""Speech and audio"""',
        '"VIP, Graphs, speech and audio"',
        '"[""VIP"", ""Graphs"", {""name"": ""Speech and audio""}]"',
    ],
)
def test_labels_that_are_topics_become_topics_and_others_are_told(tags):
    row = one(f"{BUTTONDOWN}ada@example.org,,{{}},{tags},regular,2024-03-14,7\r\n")

    assert [choice.value for choice in row.choices] == ["Graphs", "Speech and audio"]
    assert row.meaning.others == ("VIP",)


@pytest.mark.parametrize("tags", ['"a\r\nb"', '"[not json"', '"a""b"', "[1]", '" , "'])
def test_labels_of_any_shape_cost_nothing(tags):
    assert one(f"{BUTTONDOWN}ada@example.org,,{{}},{tags},regular,2024-03-14,7\r\n").choices == ()


def test_cells_may_span_lines_and_the_line_numbers_stay_right():
    text = (
        BUTTONDOWN + 'ada@example.org,"one\r\ntwo, ""three""","{\r\n ""a"": 1\r\n}",,regular,2024-03-14,7\r\n'
        "nobody,,{},,regular,2024-03-14,8\r\nemmy@example.org,,{},,regular,2024-03-14,9\r\n"
    )

    rows, (reject,) = read(text)

    assert [(row.line, row.email) for row in rows] == [(2, "ada@example.org"), (7, "emmy@example.org")]
    assert (reject.line, reject.fields["email_address"]) == (6, "nobody")


def test_a_quote_that_is_never_closed_costs_its_line_alone():
    good = "".join(f"reader{number}@example.org,,{{}},,regular,2024-03-14,7\r\n" for number in range(700))

    rows, (reject,) = read(f'{BUTTONDOWN}ada@example.org,"never closed,{{}},,regular,2024-03-14,7\r\n{good}')

    assert (len(rows), rows[0].line) == (700, 3)
    assert (reject.line, "its quotes do not pair up" in reject.reason) == (2, True)


def test_rejects_keep_their_columns_and_can_be_mended_and_read_again():
    _, rejected = read(f'{MAILCHIMP}\r\nnobody,Ada,Lovelace,2,,"2015-03-16 14:40:47",1,a,"a\r\nnote",VIP\r\n')
    rejected_csv(rejected, (written := []).append)
    text = "".join(written)

    row = one(text.replace("nobody", "ada@example.org"))

    assert text.splitlines()[0].startswith("line,reason,Email Address,First Name,Last Name,MEMBER_RATING")
    assert row.original["NOTES"] == "a\r\nnote"
    assert (row.email, row.status) == ("ada@example.org", Status.ACTIVE)


def test_columns_without_a_name_or_with_the_same_one_keep_their_cells():
    _, (reject,) = read(listmonk("enabled", ",Team,Team,", ",red,blue,x").replace("ada@", "ada"))

    assert {"Team": "red", "Team (9)": "blue", "unnamed (10)": "x"}.items() <= reject.fields.items()


def test_a_format_may_be_forced():
    rows, _ = read("Email,Tags,Anything\r\nada@example.org,Graphs,1\r\n", wanted="Buttondown")

    assert (rows[0].status, rows[0].choices[0].value) == (Status.ACTIVE, "Graphs")
    assert read("email\r\nada@example.org\r\n", wanted="newsletter")[0][0].meaning is None


@pytest.mark.parametrize(
    ("header", "wanted", "message"),
    [
        ("email", "mailman", "format: 'mailman' cannot be used: use one of newsletter, listmonk, mailchimp"),
        ("address", "listmonk", "a file of listmonk has a column email address or email"),
        (LISTMONK, "newsletter", "column: 'uuid' cannot be used: it is none of ours"),
    ],
)
def test_a_forced_format_must_be_one_and_fit(header, wanted, message):
    with pytest.raises(InvalidPreference, match=message):
        open_csv([header], wanted=wanted)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GO_TIME, "2024-03-14T09:12:31+00:00"),
        ("2024-03-14 09:12:31.123456789 +0530 IST", "2024-03-14T03:42:31+00:00"),
        ("2015-03-16 14:40:47", "2015-03-16T14:40:47+00:00"),
        ("2026-07-01T00:00:00.000Z", "2026-07-01T00:00:00+00:00"),
        ("2025-01-01", "2025-01-01T00:00:00+00:00"),
    ],
)
def test_times_of_every_service_are_read(text, expected):
    assert foreign.instant(text).isoformat() == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_none(text):
    assert foreign.instant(text) is None


CELLS = st.text(st.characters(codec="utf-8"), max_size=30)


@given(st.sampled_from([LISTMONK, SUBSTACK, BUTTONDOWN, MAILCHIMP]), st.lists(CELLS, max_size=12))
def test_any_text_after_a_known_header_becomes_rows_or_rejects(header, pieces):
    lines = [header, *"".join(pieces).splitlines(keepends=True)]

    rows, rejected = read_csv(lines, catalogue=CATALOGUE)

    told = [row.line for row in rows] + [reject.line for reject in rejected]
    assert len(told) == len(set(told)) < max(len(lines), 2)

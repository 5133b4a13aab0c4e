"""`newsletter subscribers pause|resume|unsubscribe|erase`, and the letters that a command sends at once."""

import pytest
from command_line import AT, as_json, run
from sqlmodel import Session, select

from newsletter.cli import subscriptions
from newsletter.cli.start import start
from newsletter.mail.message import readable
from newsletter.models import Delivery
from subscribers import people, signup
from subscribers.letters import LetterKind
from subscribers.models import Consent, Subscriber

ADA = "ada@example.org"


@pytest.fixture
def ada(workplace):
    run("subscribers", "add", ADA, "--topic", "Graphs", "--confirmed")
    return ADA


@pytest.fixture
def outbox(workplace):
    return lambda: sorted((workplace / "outbox").glob("*.eml"))


@pytest.fixture
def without_server(workplace):
    more = '[delivery]\ntransport = "smtp"\n[smtp]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\n'
    (workplace / "config.toml").write_text((workplace / "config.toml").read_text() + more)


def opened(workplace):
    return Session(start(workplace / "config.toml").engine)


def test_a_reader_who_is_added_is_asked_by_a_letter_that_goes_out_at_once(workplace, outbox):
    shown = run("subscribers", "add", ADA, "--topic", "Graphs", "--at", AT).stdout

    (letter,) = outbox()
    text, _ = readable(letter.read_bytes())
    assert "The letter that asks them to confirm was sent." in shown
    assert "/c/" in text
    assert as_json("subscribers", "show", ADA)["status"] == "pending"
    with opened(workplace) as session:
        (consent,) = session.exec(select(Consent)).all()
        assert (consent.event, "a letter asks" in consent.wording) == ("asked", True)


def test_a_reader_who_confirms_that_letter_has_what_the_operator_chose(workplace):
    run("subscribers", "add", ADA, "--topic", "Graphs=1.5", "--hour", "9")
    with opened(workplace) as session:
        number = int(session.exec(select(Delivery)).one().period)
        signup.confirm(session, number, signup.Asker("yes"), people.find(session, ADA).created_at)
        session.commit()

    shown = as_json("subscribers", "show", ADA)
    assert (shown["status"], shown["hour"], shown["topics"]) == ("active", 9, [{"name": "Graphs", "weight": 1.5}])


def test_a_confirmed_reader_gets_no_letter(ada, outbox):
    assert outbox() == []


def test_a_letter_that_cannot_go_waits_and_says_why(workplace, without_server):
    result = run("subscribers", "add", ADA, code=1)

    assert f"{ADA} is pending" in result.stdout
    assert "The letter that asks them to confirm waits: 127.0.0.1:1" in result.stderr
    assert "`newsletter send` tries it again" in result.stderr
    assert as_json("subscribers", "show", ADA)["status"] == "pending"


def test_a_missing_password_keeps_the_letter_for_who_has_it(workplace, outbox):
    path = workplace / "config.toml"
    plain = path.read_text()
    path.write_text(plain + '[delivery]\ntransport = "smtp"\n[smtp]\nusername = "papers"\n')

    assert "waits: smtp.password: is missing" in run("subscribers", "add", ADA, code=1).stderr
    path.write_text(plain)
    assert "1 letter went out" in run("send").stdout
    assert len(outbox()) == 1


def test_a_letter_to_an_address_that_must_not_be_mailed_is_not_even_added(workplace):
    run("subscribers", "suppress", ADA)

    assert "must not be mailed" in run("subscribers", "add", ADA, code=2).stderr
    assert as_json("subscribers", "list") == []


def test_a_pause_lasts_until_its_day_or_until_it_is_ended(ada):
    run("fetch", "--at", AT)
    until = as_json("subscribers", "pause", ada, "--until", "2199-01-31")
    forever = as_json("subscribers", "pause", ada)

    assert until == {
        "email": ada,
        "status": "paused",
        "paused_until": "2199-01-31T00:00:00+00:00",
        "changed": True,
    }
    assert (forever["paused_until"], forever["changed"]) == (None, True)
    assert as_json("send", "--at", AT)["planned"] == 0
    assert "is paused." in run("subscribers", "pause", ada).stdout
    assert as_json("subscribers", "resume", ada)["changed"] is True
    assert as_json("subscribers", "resume", ada)["changed"] is False
    assert f"{ada} is active." in run("subscribers", "resume", ada).stdout


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_only_who_reads_can_pause(workplace, command):
    run("subscribers", "add", ADA)

    assert (
        f"this reader is pending, and only one who is active or paused can be {command}"
        in run("subscribers", command, ADA, code=2).stderr
    )


@pytest.mark.parametrize(("until", "said"), [("someday", "ISO 8601"), ("2020-01-01", "it has passed")])
def test_a_pause_needs_a_day_to_come(ada, until, said):
    assert said in run("subscribers", "pause", ada, "--until", until, code=2).stderr


def test_who_is_taken_off_gets_nothing_and_it_is_recorded_once(ada, workplace, outbox):
    run("fetch", "--at", AT)

    first, second = (as_json("subscribers", "unsubscribe", ada) for _ in range(2))

    assert first == {"email": ada, "status": "unsubscribed", "paused_until": None, "changed": True}
    assert second["changed"] is False
    assert "had left before (unsubscribed)" in run("subscribers", "unsubscribe", ada, "--letter").stdout
    assert as_json("send", "--at", AT)["planned"] == 0
    assert outbox() == []
    with opened(workplace) as session:
        rows = session.exec(select(Consent.event, Consent.wording)).all()
    assert rows[1:] == [("withdrawn", "Taken off by the administrator.")]


def test_a_goodbye_is_sent_when_asked_for(ada, outbox):
    shown = run("subscribers", "unsubscribe", ada, "--letter").stdout

    (letter,) = outbox()
    assert "is unsubscribed: nothing is sent any more." in shown
    assert "The letter of goodbye was sent." in shown
    assert "/undo/" in readable(letter.read_bytes())[0]


def test_a_goodbye_that_cannot_go_waits(ada, without_server):
    result = run("subscribers", "unsubscribe", ada, "--letter", "--json", code=1)

    assert "The letter of goodbye waits: 127.0.0.1:1" in result.stderr
    assert as_json("subscribers", "show", ada)["status"] == "unsubscribed"


def test_erasing_leaves_no_row_and_no_address_but_a_hash(ada, workplace):
    run("fetch", "--at", AT)
    run("send", "--at", AT)

    erased = as_json("subscribers", "erase", "ADA@example.org", "--yes")

    assert erased["email"] == ada
    assert (erased["removed"]["follows"], erased["removed"]["deliveries"]) == (1, 1)
    assert erased["removed"]["picks"] > 0
    with opened(workplace) as session:
        assert session.exec(select(Subscriber)).all() == []
        assert [row.address for row in session.exec(select(Delivery))] == [""]
    (workplace / "people.csv").write_text(f"email,status\n{ada},active\n")
    (rejected,) = as_json("subscribers", "import", "people.csv", code=1)["rejected"]
    assert "erased at own request" in rejected["reason"]


def test_nobody_is_erased_by_a_slip(ada, monkeypatch):
    assert "add --yes" in as_json("subscribers", "erase", ada, code=2)["error"]
    monkeypatch.setattr(subscriptions, "can_ask", lambda: True)
    assert "Erase ada@example.org" in run("subscribers", "erase", ada, code=1).output  # nothing is typed
    assert len(as_json("subscribers", "list")) == 1


def test_a_person_is_asked_before_somebody_is_erased(ada, monkeypatch):
    monkeypatch.setattr(subscriptions, "can_ask", lambda: True)

    shown = run("subscribers", "erase", ada, typed="y\n").output

    assert f"{ada} is erased, and what was kept about them: follows 1, consents 1." in shown
    assert as_json("subscribers", "list") == []


@pytest.mark.parametrize("command", ["pause", "resume", "unsubscribe", "erase"])
def test_an_unknown_reader_is_named(workplace, command):
    more = ["--yes"] if command == "erase" else []

    assert (
        "no subscriber 'who@example.org'" in run("subscribers", command, "who@example.org", *more, code=2).stderr
    )


def test_every_letter_has_a_name_for_people():
    assert set(subscriptions.NAMES) == set(LetterKind)

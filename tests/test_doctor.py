"""The doctor's checks run side by side, within a bounded time, and one that breaks is a finding like any other."""

import threading

import pytest
from doctor_patient import lines, on, patient
from sqlalchemy.exc import OperationalError

from newsletter.doctor import CHECKS
from newsletter.doctor.finding import Level, ok
from newsletter.doctor.running import Check, run
from newsletter.errors import DatabaseError, SourceRefused


def raising(error):
    def examine(context):
        raise error

    return Check("broken", examine)


def passing(name):
    return Check(name, lambda context: [ok(name, "good"), ok(name, "better")])


def test_findings_come_in_the_order_of_the_checks_whichever_ends_first(tmp_path):
    gate = threading.Event()

    def slow(context):
        assert gate.wait(60)
        return [ok("slow", "done")]

    def quick(context):
        gate.set()
        return [ok("quick", "done")]

    found = run(patient(tmp_path), [Check("slow", slow), Check("quick", quick), passing("two")])

    assert [each.name for each in found] == ["slow", "quick", "two", "two"]


def test_a_check_that_never_ends_fails_and_the_others_are_told(tmp_path):
    never = threading.Event()

    found = run(patient(tmp_path), [Check("hung", lambda context: [never.wait()]), passing("good")], longest=0.5)
    never.set()

    assert lines(found)[0] == "fail hung: not done within 0 seconds: try --only with its name"
    assert {each.name for each in found} == {"hung", "good"}


def test_progress_names_what_is_still_waited_for(tmp_path):
    told = []

    run(patient(tmp_path), [passing("good")], lambda done, left: told.append((done, left)))

    assert told == [(0, ["good"])]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SourceRefused("no such page"), "no such page"),
        (DatabaseError("cannot be opened"), "cannot be opened"),
        (PermissionError(13, "Permission denied", "/etc/shadow"), "/etc/shadow: Permission denied"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (OperationalError("SELECT 1", {}, Exception("disk I/O\n error")), "the database: disk I/O error"),
        (KeyError("size"), "the check itself broke: KeyError: 'size'"),
    ],
)
def test_a_check_that_raises_fails_in_plain_words_and_the_others_go_on(tmp_path, error, words):
    found = run(patient(tmp_path), [raising(error), passing("good")])

    assert (found[0].name, found[0].level, found[0].words) == ("broken", Level.FAIL, words)
    assert [each.level for each in found[1:]] == [Level.OK, Level.OK]


def test_no_finding_shows_a_secret(tmp_path):
    secrets = "smtp-password-7 web-secret-of-32-characters database-password"
    text = (
        '[smtp]\nusername = "ada"\npassword = "smtp-password-7"\n'
        '[web]\nsecret = "web-secret-of-32-characters"\n'
        '[database]\nurl = "postgresql://ada:database-password@127.0.0.1/papers"\n'
    )

    (found,) = run(patient(tmp_path, text), [raising(RuntimeError(secrets))])

    assert found.words.endswith("*** *** ***")


def test_every_check_has_a_name_of_its_own_and_gives_a_finding(engine, tmp_path):
    found = run(on(engine, tmp_path, offline=True), CHECKS)

    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert len(found) >= len(CHECKS)
    assert not any("broke" in each.words for each in found)
    assert [each for each in lines(found) if each.startswith("fail ") and " templates: " not in each] == []

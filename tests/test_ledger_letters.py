"""The ledger gives letters that somebody waits for before all digests, and finds them without looking at these."""

from datetime import timedelta

import ledgers
import pytest
from ledgers import SENT, another, claims, recorded, row
from sqlalchemy import event
from world import KEYS, NOW, reader

from newsletter import balance, ledger_claims, ledger_plans
from newsletter.models import State
from subscribers import tokens


@pytest.fixture
def ada(session):
    return reader(session)


def planned(session, reader_id, letter, period, **more):
    made = ledger_plans.plan(session, row(reader_id, period, letter=letter, **more))
    session.commit()
    return made


def claimed(session, now=NOW, **more):
    found = ledgers.claimed(session, now, **more)
    return found.delivery_id if found else None


def test_a_letter_is_claimed_before_an_older_digest(session, ada):
    digest = planned(session, ada.id, "digest", "2026-03-10", not_before=NOW - timedelta(hours=9))
    letter = planned(session, ada.id, "confirm", "7")

    assert [claimed(session), claimed(session), claimed(session)] == [letter, digest, None]


def test_a_letter_that_waits_its_turn_holds_no_digest_up(session, ada):
    digest = planned(session, ada.id, "digest", "2026-03-10")
    planned(session, ada.id, "confirm", "7", not_before=NOW + timedelta(minutes=1))

    assert [claimed(session), claimed(session)] == [digest, None]


@pytest.mark.parametrize("state", [State.DEFERRED, State.UNKNOWN])
def test_a_letter_that_is_tried_again_comes_before_digests_too(session, ada, state):
    planned(session, ada.id, "digest", "2026-03-10")
    letter = planned(session, ada.id, "confirm", "7", state=state)

    assert claimed(session) == letter


def test_letters_begin_a_block_and_digests_fill_it(session, ada):
    digests = [planned(session, ada.id, "digest", f"2026-03-1{day}") for day in range(3)]
    letters = [planned(session, ada.id, "confirm", str(number)) for number in range(3)]

    assert [each.delivery_id for each in claims(session, 2)] == letters[:2]
    assert [each.delivery_id for each in claims(session, 3)] == [letters[2], *digests[:2]]
    assert [each.delivery_id for each in claims(session, 3)] == digests[2:]


def test_a_block_of_letters_only_has_no_digest(session, ada):
    planned(session, ada.id, "digest", "2026-03-10")
    letters = [planned(session, ada.id, "confirm", str(number)) for number in range(3)]

    assert [each.delivery_id for each in claims(session, letters_only=True)] == letters


def test_a_claim_of_letters_only_leaves_digests_alone(session, ada):
    planned(session, ada.id, "digest", "2026-03-10")
    letter = planned(session, ada.id, "confirm", "7")

    assert [claimed(session, letters_only=True), claimed(session, letters_only=True)] == [letter, None]


def test_a_claim_for_one_reader_takes_no_others_letter(session, ada):
    emil = reader(session, "emil@example.org")
    planned(session, emil.id, "confirm", "7")
    digest = planned(session, ada.id, "digest", "2026-03-10")

    assert [claimed(session, only=ada.id), claimed(session, only=ada.id)] == [digest, None]


def test_a_letter_that_another_worker_took_meanwhile_leaves_the_digest(engine, session, ada, monkeypatch):
    digest = planned(session, ada.id, "digest", "2026-03-10")
    letter = planned(session, ada.id, "confirm", "7")
    looked = ledger_claims._any_letter

    def slow(*arguments):
        found = looked(*arguments)
        monkeypatch.setattr(ledger_claims, "_any_letter", looked)
        with another(engine) as other:
            assert claimed(other, owner="them") == letter
        return found

    monkeypatch.setattr(ledger_claims, "_any_letter", slow)

    assert claimed(session) == digest


def test_letters_are_found_by_their_own_index_however_many_digests_wait(engine, session):
    sent = []
    event.listen(engine, "before_cursor_execute", lambda *call: sent.append(call[2:4]))
    claimed(session, letters_only=True)
    connection = session.connection()
    postgresql = engine.dialect.name == "postgresql"
    if postgresql:  # it would rather read an empty table from end to end
        connection.exec_driver_sql("SET enable_seqscan = off")

    (statement, values), *_ = [each for each in sent if "SELECT" in each[0]]
    explain = "EXPLAIN" if postgresql else "EXPLAIN QUERY PLAN"
    plan = connection.exec_driver_sql(f"{explain} {statement}", values).all()

    assert "ix_delivery_letter" in str(plan)


def test_the_balance_may_count_every_letter(session, ada):
    planned(session, ada.id, "digest", "2026-03-10")
    planned(session, ada.id, "confirm", "7")
    recorded(session, ledgers.claimed(session), SENT)

    periods = {"2026-03-10", "7"}
    assert balance.of(session, periods, letter=None)["planned"] == 2
    assert balance.of(session, periods, letter=None)["sent"] == 1
    assert balance.of(session, periods)["sent"] == 0
    assert balance.of(session, periods, letter="confirm")["sent"] == 1


def test_a_message_id_is_of_one_reader_letter_and_period():
    made = {
        ledger_plans.message_id(KEYS, "papers@example.org", *each)
        for each in ((1, "digest", "7"), (1, "confirm", "7"), (1, "confirm", "8"), (2, "confirm", "7"))
    }

    assert len(made) == 4
    assert all(each.endswith("@example.org>") for each in made)
    mark = tokens.digest(KEYS, "message", "1", "digest", "7", length=32)
    assert ledger_plans.message_id(KEYS, "papers@example.org", 1, "digest", "7") == f"<{mark}@example.org>"

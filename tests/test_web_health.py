"""For machines that watch: alive, ready, and figures for those who may see them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import Session
from web_site import made, visitor
from world import NOW, reader

from newsletter import db, journal
from newsletter.doctor.record import SLACK
from newsletter.models import Delivery, SourceState, State
from newsletter.record_models import Hold, HoldState
from newsletter.web import health
from newsletter.web.health import allowed

TOP = {"status", "checks"}


@pytest.fixture
def guest(engine, tmp_path):
    """A visitor from this machine, whose real clock stands at NOW."""
    one = visitor(engine, tmp_path)
    site = replace(one.site, seconds=NOW.timestamp)
    found = type(one)(site, one.clock)
    found.ip = "127.0.0.1"
    return found


def delivery(session, number=1, **more):
    plain = {"subscriber_id": None, "address": "ada@example.org", "letter": "digest", "period": str(number)}
    times = {"date": NOW, "not_before": NOW, "not_after": NOW + timedelta(days=1)}
    session.add(Delivery(**plain | times | {"message_id": str(number)} | more))
    session.commit()


def figures(guest):
    """Each figure: (name, labels) -> value."""
    families = text_string_to_metric_families(guest.get("/metrics").text)
    return {
        (each.name, *sorted(each.labels.values())): each.value for family in families for each in family.samples
    }


def test_a_process_that_lives_says_so_without_a_database(guest, monkeypatch):
    monkeypatch.setattr(Session, "__init__", None)  # whoever opened one would fall

    answer = guest.get("/healthz")

    assert (answer.status_code, answer.json()["status"], answer.json()["name"]) == (200, "ok", "paper-newsletter")
    assert answer.headers["cache-control"] == "no-store"


def test_a_site_whose_clock_never_went_is_ready(guest):
    answer = guest.get("/readyz")

    checks = dict.fromkeys(("migrations", "database", "tick", "leases"), "ok")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": checks})


def test_a_clock_that_stopped_is_not_ready(guest, session):
    journal.mark(session, journal.TICKED, NOW - SLACK)
    session.commit()
    going = guest.get("/readyz").status_code
    journal.mark(session, journal.TICKED, NOW - timedelta(hours=1))
    session.commit()
    stopped = guest.get("/readyz")

    assert (going, stopped.status_code) == (200, 503)
    assert stopped.json()["status"] == "not ready"
    assert stopped.json()["checks"]["tick"] == "the last tick was too long ago"


def test_a_message_left_in_the_hands_of_a_sender_is_not_ready(guest, session):
    delivery(session, 1, state=State.SENDING, lease_until=NOW - timedelta(minutes=2))

    answer = guest.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["tick"]) == (503, "ok")
    assert answer.json()["checks"]["leases"].startswith("1 deliveries ")


def test_tables_of_another_version_are_not_ready(guest, engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    answer = guest.get("/readyz")

    said = f"the tables are at revision 0001, the program's at {db.HEAD}"
    assert (answer.status_code, answer.json()["checks"]) == (503, {"migrations": said})


def test_a_database_that_may_only_be_read_is_not_ready(guest, monkeypatch):
    monkeypatch.setattr(health.machine, "why_not_writable", lambda engine: "no")

    answer = guest.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "the database cannot be written")


def test_a_database_that_is_gone_is_not_ready_and_its_place_is_not_told(tmp_path, engine):
    site = visitor(engine, tmp_path).site
    (tmp_path / "broken.db").write_text("no database at all, but long enough to be taken for one" * 40)
    broken = db.connect(f"sqlite:///{tmp_path / 'broken.db'}")

    found = health.examined(made(site.config, broken, site.clock, site.wake))
    broken.dispose()

    assert found == {"database": "the database cannot be read"}


def test_pages_for_machines_stand_below_the_path_of_the_site(engine, tmp_path):
    guest = visitor(engine, tmp_path, url="https://example.org/papers")

    assert guest.get("/papers/healthz").status_code == 200
    assert guest.get("/healthz").status_code == 404


def test_the_figures_are_those_of_the_database(guest, session):
    reader(session, "ada@example.org", "Graphs")
    delivery(session, 1, state=State.SENT)
    delivery(session, 2, state=State.SENT, letter="confirm")
    delivery(session, 3, not_before=NOW - timedelta(seconds=90))
    delivery(session, 4, state=State.DEFERRED, not_before=NOW + timedelta(hours=1))
    session.add(SourceState(name='A "blog"', last_success_at=NOW, last_news_at=NOW - timedelta(days=1)))
    session.add(SourceState(name="New"))
    session.add(Hold(date="2026-03-10", state=HoldState.HELD, by="gate", at=NOW))
    session.add(Hold(date="2026-03-09", state=HoldState.RELEASED, by="gate", at=NOW))
    journal.mark(session, journal.TICKED, NOW)
    session.commit()

    found = figures(guest)

    source = "newsletter_source_last_{}_timestamp_seconds".format
    expected = {
        ("newsletter_deliveries", "digest", "sent"): 1,
        ("newsletter_deliveries", "confirm", "sent"): 1,
        ("newsletter_deliveries", "digest", "pending"): 1,
        ("newsletter_deliveries", "deferred", "digest"): 1,
        ("newsletter_deliveries", "digest", "failed"): 0,
        ("newsletter_queue_depth",): 1,
        ("newsletter_oldest_due_seconds",): 90,
        ("newsletter_subscribers", "active"): 1,
        ("newsletter_subscribers", "pending"): 0,
        (source("success"), 'A "blog"'): NOW.timestamp(),
        (source("news"), 'A "blog"'): NOW.timestamp() - 86_400,
        ("newsletter_last_tick_timestamp_seconds",): NOW.timestamp(),
        ("newsletter_holds",): 1,
    }
    assert {key: found.get(key) for key in expected} == expected
    assert (source("success"), "New") not in found
    assert ("process_resident_memory_bytes",) in found


def test_an_empty_newsletter_has_figures_too(guest):
    found = figures(guest)

    assert (found["newsletter_queue_depth",], found["newsletter_oldest_due_seconds",]) == (0, 0)
    assert ("newsletter_last_tick_timestamp_seconds",) not in found


def test_the_database_is_asked_at_most_every_five_seconds(engine, tmp_path, session):
    now = [NOW.timestamp()]
    shown = health.Figures(replace(visitor(engine, tmp_path).site, seconds=lambda: now[0]))
    first = shown.text()
    delivery(session)
    now[0] += health.FRESH_SECONDS - 1
    kept = shown.text()
    now[0] += 1

    assert kept == first
    assert b"newsletter_queue_depth 1.0" in shown.text()


def test_the_figures_are_for_our_own_machines(guest):
    ours = guest.get("/metrics")
    guest.ip = "203.0.113.7"
    theirs = guest.get("/metrics")

    assert (ours.status_code, ours.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    assert theirs.status_code == 403
    assert "web.metrics_from names them" in theirs.text
    assert "newsletter_" not in theirs.text


@pytest.mark.parametrize(
    ("ip", "networks", "good"),
    [
        ("127.0.0.1", ["127.0.0.1", "::1"], True),
        ("::ffff:127.0.0.1", ["127.0.0.1"], True),
        ("::1", ["127.0.0.1"], False),
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("203.0.113.7", ["10.0.0.0/8"], False),
        ("", ["0.0.0.0/0", "::/0"], False),
        ("127.0.0.1", [], False),
    ],
)
def test_who_may_see_figures_is_a_question_of_the_address(ip, networks, good):
    assert allowed(ip, networks) is good

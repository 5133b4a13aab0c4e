"""A reader in Berlin whose digest is due at seven, and what the tests of `why` ask about it."""

from datetime import UTC, datetime, timedelta

from world import KEYS, sending, stored

from newsletter import journal, pick, schedule, why, wiring
from newsletter.due import NO_RULES
from newsletter.record_models import RunKind
from newsletter.why import Rules
from subscribers import people, preferences
from subscribers.models import FollowKind
from subscribers.preferences import Choice

DUE = datetime(2026, 3, 10, 6, tzinfo=UTC)  # Tuesday, seven in Berlin
NOON = DUE + timedelta(hours=5)
JOINED = datetime(2026, 3, 1, 9, tzinfo=UTC)
EMAIL = "ada@example.org"
FIRST, SECOND = "0.31", "0.27"  # the scores of the two papers on graphs
HOURS, DAY = timedelta(hours=1), timedelta(days=1)


def ada(session, *topics, mutes=(), confirmed=True, now=JOINED, **chosen):
    """A reader who follows these topics."""
    wanted = preferences.parse(
        {"timezone": "Europe/Berlin"} | {name: str(value) for name, value in chosen.items()}
    )
    follows = [Choice(FollowKind.TOPIC, topic) for topic in topics or ("Graphs",)]
    follows += [preferences.parse_mute(text) for text in mutes]
    made = people.add(session, EMAIL, wanted, follows, now=now, confirmed=confirmed, wording="asked")
    session.commit()
    return made


def planned(session, config, at=DUE, rules=NO_RULES):
    """Plan everybody who is due at `at`."""
    due = schedule.due(session, at, wiring.window(config))
    session.commit()
    made = pick.run(session.get_bind(), due, wiring.taste(config), wiring.issue(config), KEYS, at, at, rules)
    session.expire_all()
    return made


def sent(session, transport, at=DUE + timedelta(minutes=2)):
    """Send what is due at `at`."""
    session.commit()
    found = sending(session.get_bind(), transport, at)
    session.expire_all()
    return found


def fetched(session, at=DUE - HOURS, words="", new=6):
    """A line of the journal about a read of the source that the world has."""
    counts = {"new": new}
    journal.write(session, RunKind.FETCH, "told", at, (at, at + timedelta(seconds=2)), words, counts, ok=not words)
    session.commit()


def ticked(session, at, planned_until=None):
    """The clock turned at `at`, and everything due was planned up to then."""
    journal.mark(session, journal.TICKED, at)
    if planned_until:
        journal.mark(session, journal.PLANNED, planned_until)
    session.commit()


def rules(config, **changes):
    """What the tests' newsletter goes by."""
    return Rules(**{"late": wiring.window(config), "taste": wiring.taste(config)} | changes)


def asked(session, config, reader, at=NOON, now=None, paper="", whole_day=False, **changes):
    """The answer."""
    goes_by = rules(config, **changes)
    return why.explain(session, reader, at, now or at, goes_by, paper, whole_day=whole_day)


def story(*arguments, **options):
    """The answer's lines as one text."""
    return "\n".join(asked(*arguments, **options).lines)


__all__ = ["stored"]

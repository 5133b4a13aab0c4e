"""What the tests of a subscription's life share: the moment, the terms, who asks, and the usual steps."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from subscribers import people, signup
from subscribers.models import Cadence, Consent, FollowKind, Subscriber
from subscribers.preferences import Choice, Preferences
from subscribers.signup import Asker, Terms

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TERMS = Terms(confirm_for=48 * HOUR, cool_down=12 * HOUR, keep_pending=30 * DAY)
ASKER = Asker("Send me papers, weekly.", "2001:db8::1", "Browser/1.0")
WISHES = Preferences("Ada", Cadence.WEEKLY, "fri", 8, "Europe/Berlin", 5)
CHOICES = (Choice(FollowKind.TOPIC, "NLP", 1.5), Choice(FollowKind.CATEGORY, "cs.CR", -1.0))
EMAIL = "ada@example.org"


def join(session, email=EMAIL, now=NOW, preferences=WISHES, follows=CHOICES):
    return signup.join(session, email, preferences, follows, ASKER, TERMS, now)


def confirm(session, letter, now=NOW, asker=ASKER):
    """Follow the link in a CONFIRM letter."""
    return signup.confirm(session, letter.number, asker, now)


def joined(session, email=EMAIL, now=NOW):
    """A reader who joined and confirmed."""
    letter = join(session, email, now)
    assert confirm(session, letter, now)[0] is signup.Step.DONE
    return people.find(session, email)


def events(session):
    """The consent record as events, oldest first."""
    return list(session.exec(select(Consent.event).order_by(Consent.id)))


def readers(session):
    return list(session.exec(select(Subscriber).order_by(Subscriber.id)))

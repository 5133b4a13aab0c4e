"""Preview: the message that a reader would get at some moment, with its reasons; planned, and rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import pick, render, schedule
from newsletter.chooser import Chooser, Taste, chooser
from newsletter.due import Due
from newsletter.edition import Issue
from newsletter.ledger_plans import find
from newsletter.mail import Envelope
from newsletter.mail.message import Signer
from newsletter.models import RELEASING, Delivery
from newsletter.preview.picks import Considered, PickShown, considered, picks_of
from subscribers import people, preferences
from subscribers.models import FollowKind, Subscriber
from subscribers.preferences import Choice
from subscribers.receiving import why_not
from subscribers.suppression import reason_for

MADE_UP = "made-up-reader@example.org"
NO_PAPERS = "no paper was announced in the window: run `newsletter fetch` first"


@dataclass(frozen=True)
class Parts:
    """What a preview is made with, as the configuration wires it; `window` is how late a digest may be."""

    taste: Taste
    issue: Issue
    window: timedelta
    keys: tuple[str, ...]
    signer: Signer | None = None


@dataclass(frozen=True)
class MadeUp:
    """A reader who is not stored: the names of topics and the words that they follow, and how many papers."""

    topics: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    size: int = preferences.DEFAULTS.size

    def follows(self) -> list[Choice]:
        """What they follow; InvalidPreference for what nobody can."""
        kinds = ((FollowKind.TOPIC, self.topics), (FollowKind.KEYWORD, self.keywords))
        return [preferences.parse_follow(kind, text) for kind, texts in kinds for text in texts]


Asked = str | MadeUp  # an address in any spelling, or a reader who is not stored


@dataclass(frozen=True)
class Trial:
    """A test mail instead of the message itself: who gets it, and what tells it from the one sent before."""

    to: str
    nonce: str


@dataclass(frozen=True)
class Shown:
    """The message for a reader, or why there is none; `period` is its date.

    `picks` are its papers with what each part adds to their score, `considered` what was weighed besides.
    A `frozen` one was planned before, and keeps the template that it was planned with.
    """

    reader: str
    period: str
    envelope: Envelope | None
    reason: str = ""
    picks: tuple[PickShown, ...] = ()
    considered: Considered | None = None
    frozen: bool = False


def message(engine: Engine, parts: Parts, asked: Asked, at: datetime, test: Trial | None = None) -> Shown:
    """The message for this reader at this moment, the very one where it is planned or sent already.

    Its bytes are those that would be delivered; of a `test` they are the test mail's. UnknownSubscriber or
    InvalidPreference for a reader there cannot be, MessageError for a message that cannot be built.
    """
    with Session(engine) as session:
        if isinstance(asked, MadeUp):
            wishes = {(each.kind, each.value) for each in asked.follows()}
            choose = chooser(session, (), at, parts.taste, wishes=wishes)
        else:
            reader = people.find(session, asked)
            if reason := reason_for(session, reader.email) or why_not(reader, at):
                return Shown(reader.email, "", None, reason)
            choose = chooser(session, [reader.id], at, parts.taste)
    with _rolled_back(engine) as session:
        return _shown(session, parts, _found(session, asked, at), choose, at, test)


def _found(session: Session, asked: Asked, at: datetime) -> Subscriber:
    if isinstance(asked, str):
        return people.find(session, asked)
    size = preferences.parse({"size": str(asked.size)})
    wording = "made up for a preview"
    return people.add(session, MADE_UP, size, asked.follows(), now=at, confirmed=True, wording=wording)


def _shown(
    session: Session, parts: Parts, reader: Subscriber, choose: Chooser, at: datetime, test: Trial | None
) -> Shown:
    due = schedule.open_period(reader, at, parts.window)
    before = find(session, due.subscriber_id, due.period)
    planned = before or _plan(session, parts, due, choose, at)
    if planned is None:
        return Shown(reader.email, due.period, None, NO_PAPERS)
    weighed = considered(session, choose, reader, planned.id)
    if planned.state in RELEASING:
        return Shown(reader.email, due.period, None, planned.outcome, (), weighed)
    if test is None:
        envelope = render.run(session, planned.id, parts.keys, parts.signer)
    else:
        envelope = render.trial(session, planned.id, parts.keys, (test.to, test.nonce), parts.signer)
    picks = picks_of(session, planned, weighed)
    return Shown(reader.email, due.period, envelope, "", picks, weighed, before is not None)


def _plan(session: Session, parts: Parts, due: Due, choose: Chooser, at: datetime) -> Delivery | None:
    """What a run of the planner would store now; None where it would wait for papers."""
    if not choose.found.papers:
        return None
    pick.Planner(session, choose, parts.issue, parts.keys, at, at).plan(due, pick.Report())
    return find(session, due.subscriber_id, due.period)


@contextmanager
def _rolled_back(engine: Engine) -> Iterator[Session]:
    """A transaction that may write and leaves nothing."""
    with Session(engine.execution_options(sqlite_begin="IMMEDIATE")) as session:
        try:
            yield session
        finally:
            session.rollback()

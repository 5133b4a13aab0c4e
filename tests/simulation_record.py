"""Holds the record of the newsletter beside the simulation's model, and says where the two differ."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from simulation_model import Key, Model
from simulation_outside import Post
from simulation_row import Row
from sqlmodel import Session, col, func, select

from newsletter import balance
from newsletter.ledger import DIGEST
from newsletter.models import Delivery, Pick, State
from subscribers.models import Subscriber

RECENT, NONE = timedelta(days=3), timedelta(0)
COLUMNS = (
    *(Delivery.id, Delivery.subscriber_id, Delivery.period, Delivery.message_id, Delivery.due_at, Delivery.state),
    *(Delivery.skipped_for, Delivery.not_after, Delivery.not_before, Delivery.attempts, Delivery.doubtful),
    Delivery.handed_over,
)
Found = dict[Key, tuple[Row, frozenset[str]]]
Stages = dict[Key, list[Row]]


class Differs(AssertionError):
    """The record says something else than the model."""


class Record:
    """The record as it is, compared after each step; `told` is called with each difference."""

    def __init__(self, engine, model: Model, post: Post, told) -> None:
        self.engine, self.model, self.post, self.told = engine, model, post, told
        self.keys: dict[str, Key] = {}  # by Message-ID
        self.compared: Counter[str] = Counter()
        self._accepted = 0
        self.copies: Counter[Key] = Counter()
        self.received: dict[int, list[str]] = defaultdict(list)

    def read(self, since: datetime | None) -> Found:
        """Digests due after `since`, or all."""
        wanted = [col(Delivery.letter) == DIGEST] + ([] if since is None else [col(Delivery.due_at) > since])
        with Session(self.engine) as session:
            rows = session.exec(select(*COLUMNS).where(*wanted)).all()
            asked = select(Pick.delivery_id, Pick.paper).join(Delivery, col(Delivery.id) == Pick.delivery_id)
            picks = defaultdict(set)
            for number, paper in session.exec(asked.where(*wanted)):
                picks[number].add(paper)
        found = {}
        for number, reader, period, mark, due_at, state, skip, until, start, attempts, doubtful, handed in rows:
            self.keys[mark] = (reader, period)
            row = Row(due_at, str(state), skip and str(skip), until, start, attempts, doubtful, handed=handed)
            found[reader, period] = row, frozenset(picks[number])
        return found

    def settle(self, now: datetime, stages: Stages, facts=None, *, whole: bool = True, deep: bool = False) -> None:
        """Each digest stands at its last stage; after a crash (not `whole`) at any of them, or as before."""
        since = None if deep else min([now, *(rows[-1].due_at for rows in stages.values())]) - RECENT
        found = self.read(since)
        for key, (row, papers) in found.items():
            self._settle(key, row, papers, stages.get(key, []), facts, whole=whole)
        self.compared["rows"] += len(found)
        self.compared["comparisons"] += 1
        known = self._known(since) if whole or deep else ()
        for key in {*known, *(stages if whole else ())} - set(found):
            self.told(f"{now} {key}: the record has no row, the model {stages.get(key) or self.model.row(key)}")

    def _known(self, since: datetime | None) -> Iterator[Key]:
        for reader, person in self.model.people.items():
            for period, row in reversed(person.rows.items()):
                if since is None or row.due_at > since:
                    yield reader, period
                elif row.due_at < since - 10 * RECENT:
                    break

    def _settle(
        self, key: Key, row: Row, papers: frozenset[str], stages: list[Row], facts, *, whole: bool
    ) -> None:
        person = self.model.people[key[0]]
        old = person.rows.get(key[1])
        before = [] if old is None else [old]
        allowed = self._ends(before, stages) if whole and stages else before + stages
        same = [replace(each, not_before=row.not_before, spread=NONE) for each in allowed if each.said(row)]
        if not same:
            self.told(f"{key} {person.clock}: the record says {row}, the model {allowed}")
            same = [row]
        if (old is None or old.state == "skipped") and same[-1].state == "pending":
            self._planned(key, row, papers, facts)
        elif papers != (person.papers.get(key[1], frozenset()) if same[-1].stands else frozenset()):
            self.told(f"{key}: its papers are {papers}, the model says {person.papers.get(key[1])}")
        if same[-1] != old:
            self._take(key, same[-1], papers)

    def _ends(self, before: list[Row], stages: list[Row]) -> list[Row]:
        """The last stage; what no server could be asked about was given back or not claimed."""
        last = stages[-1]
        if last.state != "sending" or not self.post.down:
            return [last]
        swept = [each for each in stages if each.state != "sending"]
        return [self.model.given_back(last), *(swept or before)]

    def _take(self, key: Key, row: Row, papers: frozenset[str]) -> None:
        person = self.model.people[key[0]]
        self.model.take(key, row, papers)
        if row.skip == "soon" and person.soon > (person.changed_at is not None):
            self.told(f"{key}: too soon, and so was another period since the change at {person.changed_at}")

    def _planned(self, key: Key, row: Row, papers: frozenset[str], facts) -> None:
        person = self.model.people[key[0]]
        eligible = self.model.eligible(person, facts) if facts else frozenset()
        if not papers <= eligible or len(papers) != min(person.size, len(eligible)):
            self.told(f"{key}: got {sorted(papers)} of {sorted(eligible)} at size {person.size}")
        if person.near(key[1], row.due_at):
            self.told(f"{key}: is due within twenty hours of another digest")

    def tries(self) -> dict[Key, list[str | None]]:
        """What the mail server was asked and said in this run."""
        found = {self.keys[mark]: [_word(each) for each in asked] for mark, asked in self.post.tries.items()}
        self.post.tries.clear()
        return found

    def arrived(self) -> None:
        """What the mail server accepted since the last look belongs to digests that the model says were sent."""
        with Session(self.engine) as session:
            addresses = dict(iter(session.exec(select(Subscriber.id, Subscriber.email))))
        touched = set()
        for mark, address, _ in self.post.accepted[self._accepted :]:
            key = self.keys[mark]
            if addresses[key[0]] != address:
                self.told(f"{key}: went to {address}")
            if not self.copies[key]:
                self.received[key[0]].append(key[1])
            self.copies[key] += 1
            touched.add(key)
        self._accepted = len(self.post.accepted)
        for key in touched:
            self._counted(key)

    def _counted(self, key: Key) -> None:
        row, copies = self.model.row(key), self.copies[key]
        sure = row.state == "sent" and not row.doubtful
        if (sure and copies != 1) or (row.state == "sent" and not copies):
            self.told(f"{key}: {copies} copies arrived of {row}")
        if copies and row.state not in {"sent", "sending"} and not row.doubtful:
            self.told(f"{key}: arrived, and the record says {row}")

    def lists(self) -> int:
        """Each reader's received list is the model's, and no paper came twice; how many were compared."""
        for reader, person in self.model.people.items():
            sent = {period for period, row in person.rows.items() if row.state == "sent"}
            maybe = {period for period, row in person.rows.items() if row.doubtful or row.state == "sending"}
            got = self.received[reader]
            if not sent <= set(got) <= sent | maybe or len(set(got)) != len(got):
                self.told(f"reader {reader}: received {sorted(set(got) ^ sent)} otherwise than the model says")
            papers = [paper for period in got for paper in person.papers[period]]
            if len(papers) != len(set(papers)):
                self.told(f"reader {reader}: a paper came twice")
        return len(self.model.people)

    def swept(self, now: datetime) -> None:
        """After a send nothing is left in the hands of who died before it."""
        lost = select(func.count()).where(col(Delivery.state) == State.SENDING, col(Delivery.lease_until) < now)
        with Session(self.engine) as session:
            if left := session.exec(lost).one():
                self.told(f"{now}: {left} digests are being sent by nobody")

    def balanced(self) -> None:
        """The balance adds up to what the model counts."""
        periods = {key[1] for key in self.keys.values()}
        counted = Counter(row.state for person in self.model.people.values() for row in person.rows.values())
        with Session(self.engine) as session:
            found = balance.of(session, periods)
        if found != {"planned": counted.total()} | {str(state): counted[state] for state in State}:
            self.told(f"the balance is {found}, the model counts {counted}")


def _word(outcome) -> str | None:
    if outcome is None:
        return None
    return "unreached" if outcome.phase == "unreached" else str(outcome.verdict)

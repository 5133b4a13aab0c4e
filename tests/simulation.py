"""A simulated newsletter: real turns and sends on a fake calendar, beside a model of what must come of them."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from unittest import mock

from simulation_model import Facts, Model, Person
from simulation_outside import THEMES, Bomb, Crash, Post, Press, quick
from simulation_record import Differs, Record
from sqlmodel import Session, col, select
from world import KEYS, configured

from newsletter import db, holds, journal, render, send, tick, wiring
from newsletter.mail.crew import Stop
from newsletter.models import Paper, SourceState
from subscribers import people, preferences, signup
from subscribers.models import FollowKind, Status, Subscriber
from subscribers.preferences import WEEKDAYS, Choice, Preferences
from subscribers.signup import Asker

WINDOW_DAYS = 4
CONFIG = f"""
[digest]
floor = 0.01
window_days = {WINDOW_DAYS}
[gate]
least_papers = 0
usual_papers = 0
same_share = 0
[schedule]
days_off = [{{days_off}}]
"""
ASKER = Asker("Send me papers.")
UNDO_FOR = timedelta(days=7)


class Fault(Exception):
    """A statement failed; the turn's other parts go on."""


def differs(words: str) -> None:
    raise Differs(words)


class World:
    """The newsletter, its model, and what may happen to them. `told` is called with each difference."""

    def __init__(self, engine, folder, start, seed=0, days_off=(), on_unknown="resend", told=differs, real=0.0):
        self.engine, self.now, self.on_unknown, self.told = engine, start, on_unknown, told
        self.press, self.post, self.bomb = Press(), Post(seed), Bomb(engine)
        self.post.dies = self.bomb.die
        listed = ", ".join(f'"{day}"' for day in days_off)
        config = configured(folder, CONFIG.format(days_off=listed)).config
        made = wiring.parts(config, engine, KEYS)
        issue = made.issue()
        self.parts = replace(
            made,
            sources=[self.press],
            fetcher=lambda: nullcontext(None),
            seconds=lambda: 0.0,
            issue=lambda: issue,
            gate=replace(made.gate, budget_bytes=0),
        )
        self.model = Model(frozenset(days_off), on_unknown)
        self.record = Record(engine, self.model, self.post, told)
        self.counts: Counter[str] = Counter()
        self._left: dict[int, tuple[int, datetime]] = {}
        self._luck, self._real = random.Random(seed), real

    # Readers.

    def join(self, preferences_: Preferences, keywords, mutes=()) -> int:
        choices = [Choice(FollowKind.KEYWORD, word) for word in keywords]
        choices += [Choice(FollowKind.KEYWORD, word, -1.0) for word in mutes]
        with db.writing(self.engine) as session:
            email = f"reader{len(self.model.people)}@example.org"
            made = people.add(
                session, email, preferences_, choices, now=self.now, confirmed=True, wording=ASKER.wording
            ).id
        self.model.people[made] = Person(
            clock_of(preferences_), preferences_.size, frozenset(keywords), frozenset(mutes), self.now
        )
        self.counts["joined"] += 1
        return made

    def change(self, reader: int, wanted: Preferences) -> None:
        """Other settings; the size stays."""
        person = self.model.people[reader]
        with db.writing(self.engine) as session:
            preferences.apply(session.get_one(Subscriber, reader), replace(wanted, size=person.size))
        person.clock, person.soon, person.changed_at = clock_of(wanted), 0, self.now
        self.counts["changes of settings"] += 1

    def pause(self, reader: int, until: datetime | None) -> None:
        person = self.model.people[reader]
        with db.writing(self.engine) as session:
            done = signup.pause(session, session.get_one(Subscriber, reader), until, self.now)
        if done:
            person.status, person.paused_until = "paused", until
            self.counts["pauses"] += 1

    def resume(self, reader: int) -> None:
        person = self.model.people[reader]
        with db.writing(self.engine) as session:
            done = signup.resume(session, session.get_one(Subscriber, reader), self.now)
        if done:
            self.counts["resumed"] += person.status == "paused"
            person.status, person.paused_until = "active", None

    def leave(self, reader: int) -> None:
        with db.writing(self.engine) as session:
            row = signup.leave(session, session.get_one(Subscriber, reader), ASKER, self.now)
        if row is not None:
            self._left[reader] = row, self.now
            self.model.people[reader].status = "unsubscribed"
            self.counts["left"] += 1

    def come_back(self, reader: int) -> None:
        """By the link in the goodbye while it is good, else by a new yes."""
        person = self.model.people[reader]
        if person.status != "unsubscribed":
            return
        row, at = self._left[reader]
        with db.writing(self.engine) as session:
            each = session.get_one(Subscriber, reader)
            if self.now - at > UNDO_FOR:
                each.status, each.paused_until, each.confirmed_at = Status.ACTIVE, None, self.now
                person.paused_until, person.yes_at = None, self.now
            else:
                signup.undo(session, row, ASKER, self.now)
            person.status = str(each.status)
        self.counts["came back"] += 1

    # Turns.

    def turn(self, racers: int = 1, bomb: int | None = None, error: type[BaseException] = Crash) -> None:
        """One turn, by several schedulers at once or until a bomb goes off; then the record is compared."""
        if bomb is not None:
            self.bomb.arm(bomb, error)
        try:
            whole = self._turn_by(racers)
        except (Crash, Fault):
            whole = False
        self.bomb.disarm(exploded=not whole)
        self.counts["turns"] += racers
        self.counts["crashes in a turn"] += not whole
        self.counts["races"] += racers > 1
        facts = self._facts()
        stages, reached = self.model.turn(self.now, facts)
        self.record.settle(self.now, stages, facts, whole=whole)
        self._marks(reached, whole=whole)

    def _turn_by(self, racers: int) -> bool:
        if racers == 1:
            reports = [self._turn()]
        else:
            with ThreadPoolExecutor(racers) as pool:
                reports = list(pool.map(lambda _: self._turn(), range(racers)))
        for report in reports:
            if report.busy or (report.faults and not self._exploded(report)):
                self.told(f"{self.now}: a turn failed: {report}")
        return not any(report.faults for report in reports)

    def _turn(self) -> tick.Report:
        return tick.run(self.parts, self.now, lambda: self.now, lambda *_: None)

    @staticmethod
    def _exploded(report: tick.Report) -> bool:
        return all(words.startswith("Fault:") for words in report.faults.values())

    def _facts(self) -> Facts:
        """What the newsletter knows of the outside: observed, for a crash may come in the middle of a read."""
        since = self.now - timedelta(days=WINDOW_DAYS)
        with Session(self.engine) as session:
            rows = session.exec(select(Paper.key, Paper.title).where(col(Paper.announced_at) > since)).all()
            state = session.get(SourceState, self.press.name)
        papers = {key: frozenset(word for word in THEMES if word in title) for key, title in rows}
        return Facts(papers, state and state.last_news_at, self.press.calendar.expected(self.now))

    def _marks(self, reached: datetime | None, *, whole: bool) -> None:
        model = self.model
        lately = model.looked is not None and timedelta(0) <= self.now - model.looked < tick.LOOK_AT_ALL
        looked = model.looked if lately else self.now
        with Session(self.engine) as session:
            found = journal.marked(session, tick.LOOKED), journal.marked(session, journal.PLANNED)
        for said, old, new in zip(found, (model.looked, model.reached), (looked, reached), strict=True):
            if said != new and (whole or said != old):
                self.told(f"{self.now}: a mark stands at {said}, not at {new}")
        model.looked, model.reached = found

    # Sending.

    def send(self, connections: int = 1, bomb: int | None = None, fate: tuple[int, str] | None = None) -> None:
        """Send what is due; a `bomb` at a statement or a `fate` at the server may end it."""
        self.post.now, self.post.fate = self.now, fate
        if bomb is not None:
            self.bomb.arm(bomb)
        whole = True
        try:
            self._send(connections)
        except Crash:
            whole = False
            self.counts["crashes in a send"] += 1
        self.bomb.disarm(exploded=not whole)
        self.post.fate = None
        self.counts["sends"] += 1
        self.record.settle(self.now, self.model.send(self.now, self.record.tries()), whole=whole)
        self.record.arrived()
        if whole:
            self.record.swept(self.now)

    def _send(self, connections: int) -> None:
        lease = timedelta(seconds=60)
        policy = send.Policy(f"sender{self.counts['sends']}", KEYS, lease, self.on_unknown, connections)
        rendered, luck = render.run, self._luck.random() < self._real
        with mock.patch.object(render, "run", rendered if luck else quick):
            send.run(self.engine, lambda: self.post, lambda: self.now, policy, lambda _: None, Stop())

    # The admin.

    def hold(self, date: str) -> None:
        if self.model.may_hold(date):
            with db.writing(self.engine) as session:
                holds.hold(session, date, holds.ADMIN, ["a look"], self.now)
            self._decided(self.model.hold(date))

    def release(self, date: str) -> None:
        if self.model.may_release(date):
            with db.writing(self.engine) as session:
                holds.release(session, date, self.now, self.parts.window)
            self._decided(self.model.release(date, self.now, self.parts.window))

    def cancel(self, date: str) -> None:
        with db.writing(self.engine) as session:
            holds.cancel(session, date, self.now)
        self._decided(self.model.cancel(date, self.now))

    def _decided(self, stages) -> None:
        self.counts["decisions"] += 1
        self.record.settle(self.now, stages)

    def check(self) -> None:
        """The whole record against the whole model."""
        self.record.settle(self.now, {}, deep=True)
        self.record.balanced()
        self.counts["received lists compared"] += self.record.lists()


def clock_of(wanted: Preferences) -> tuple[str, tuple[int, ...], int, str]:
    """A reader's clock as the model has it."""
    days = tuple(WEEKDAYS.index(day) for day in wanted.weekdays.split(",") if day)
    if str(wanted.cadence) in {"weekly", "monthly"} and not days:
        days = (0,)
    return str(wanted.cadence), days, wanted.hour, wanted.timezone

"""An independent model of the newsletter's promises: what the record must say after each turn and each send.

Everything that happens to a digest is a list of stages. One that is not interrupted ends in the last stage; a
crash may leave it in any, and nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from simulation_clock import struck
from simulation_row import CLAIMABLE, NEVER, OPEN, WAITING, Row

DAY = timedelta(days=1)
APART, WAIT, ROOM = timedelta(hours=20), timedelta(minutes=60), timedelta(hours=18)
LOOK, BACK, LATE_FOR = timedelta(minutes=5), timedelta(days=7), timedelta(hours=12)
LEASE, FIRST_WAIT, TRIES = timedelta(seconds=60), timedelta(seconds=450), 8

Key = tuple[int, str]


@dataclass
class Person:
    """A reader, and all that became of their digests."""

    clock: tuple[str, tuple[int, ...], int, str]
    size: int
    keywords: frozenset[str]
    mutes: frozenset[str]
    yes_at: datetime
    status: str = "active"
    paused_until: datetime | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    papers: dict[str, frozenset[str]] = field(default_factory=dict)  # of digests that stand, by period
    given: set[str] = field(default_factory=set)
    changed_at: datetime | None = None  # their settings, the last time
    soon: int = 0  # periods left out as too soon since then

    def receives(self, at: datetime) -> bool:
        ended = self.paused_until is not None and self.paused_until <= at
        return ended if self.status == "paused" else self.status == "active" and (ended or not self.paused_until)

    def near(self, period: str, due_at: datetime) -> bool:
        days = [date.fromisoformat(period) + number * DAY for number in range(-4, 5) if number]
        found = [self.rows[day.isoformat()] for day in days if day.isoformat() in self.rows]
        return any(row.stands and abs(row.due_at - due_at) < APART for row in found)


@dataclass
class Facts:
    """What a turn found outside: the papers of the window by key with their themes, and the newest news."""

    papers: dict[str, frozenset[str]]
    news_at: datetime | None
    expected: datetime


class Model:
    """Readers, editions, and marks; each step answers with the stages of every digest that it touches."""

    def __init__(self, days_off: frozenset[str], on_unknown: str) -> None:
        self.people: dict[int, Person] = {}
        self.days_off, self.on_unknown = days_off, on_unknown
        self.holds: dict[str, str] = {}
        self.cancelled: set[str] = set()  # editions of which a digest was skipped for that
        self.open: set[Key] = set()
        self.looked: datetime | None = None
        self.reached: datetime | None = None
        self.received: dict[int, list[str]] = {}

    # A turn: plan, record what was missed, judge.

    def turn(self, at: datetime, facts: Facts) -> tuple[dict[Key, list[Row]], datetime | None]:
        """The stages of each digest, and up to when everything is planned if the turn gets through."""
        late = at - facts.expected < LATE_FOR and (facts.news_at is None or facts.news_at < facts.expected)
        stages: dict[Key, list[Row]] = {}
        waiting = 0
        for reader, person in self.people.items():
            due = self._due(person, at)
            if due is None:
                continue
            period, when = due
            old = person.rows.get(period)
            if late and when + WAIT > at:
                waiting += 1
            elif old is not None and (old.skip not in {"soon", "missed"} or old.due_at == when):
                continue
            elif not facts.papers:
                waiting += 1
            else:
                stages[reader, period] = [self._planned(person, period, when, at, facts)]
        for key, row in self._missed(at):
            stages.setdefault(key, [row])
        reached = self.reached
        if reached is None or not waiting:
            here = at - ROOM if waiting else at
            reached = max(reached or here, here)
        self._judge(at, stages)
        return stages, reached

    def _due(self, person: Person, at: datetime) -> tuple[str, datetime] | None:
        if not person.receives(at):
            return None
        lately = self.looked is not None and timedelta(0) <= at - self.looked < LOOK
        since = self.reached - LOOK if lately and self.reached else at - ROOM
        found = list(struck(person.clock, at - ROOM, at))
        return found[-1] if found and found[-1][1] > since else None

    def _planned(self, person: Person, period: str, when: datetime, at: datetime, facts: Facts) -> Row:
        skip = None
        if self.holds.get(period) == "cancelled":
            skip = "cancelled"
        elif period in self.days_off:
            skip = "day off"
        elif person.near(period, when):
            skip = "soon"
        elif not self.eligible(person, facts):
            skip = "nothing"
        return Row(when, "skipped" if skip else "pending", skip, when + ROOM)

    def eligible(self, person: Person, facts: Facts) -> set[str]:
        """The papers that may come: a keyword stands in them, nothing muted does, and they never came before."""
        return {
            key
            for key, themes in facts.papers.items()
            if themes & person.keywords and not themes & person.mutes and key not in person.given
        }

    def _missed(self, at: datetime) -> Iterable[tuple[Key, Row]]:
        until = at - ROOM
        if self.reached is None or self.reached >= until:
            return
        since = max(self.reached, at - BACK)
        for reader, person in self.people.items():
            if person.receives(at):
                for period, when in struck(person.clock, since, until):
                    if person.yes_at < when and period not in person.rows:
                        yield (reader, period), Row(when, "skipped", "missed", at)

    def _judge(self, at: datetime, stages: dict[Key, list[Row]]) -> None:
        """Decisions hold for what waits by now; what nobody decided about goes, with what the admin let go."""
        newest = {key: self.row(key) for key in self.open} | {key: rows[-1] for key, rows in stages.items()}
        for key, row in newest.items():
            decided = self.holds.get(key[1])
            changed = row
            if row.state in WAITING:
                if decided == "held":
                    changed = replace(row, not_before=NEVER)
                elif decided == "cancelled":
                    changed = row if row.doubtful else self._off(row)
                elif row.not_before == NEVER:
                    changed = replace(row, not_before=at, not_after=max(row.not_after, at))
            if changed != row:
                stages.setdefault(key, []).append(changed)

    @staticmethod
    def _off(row: Row) -> Row:
        return replace(row, state="skipped", skip="cancelled")

    # The admin.

    def may_hold(self, period: str) -> bool:
        return self.holds.get(period) != "cancelled" or period not in self.cancelled

    def may_release(self, period: str) -> bool:
        return period in self.holds and self.may_hold(period)

    def hold(self, period: str) -> dict[Key, list[Row]]:
        self.holds[period] = "held"
        return {key: [replace(row, not_before=NEVER)] for key, row in self._waiting(period)}

    def release(self, period: str, at: datetime, room: timedelta) -> dict[Key, list[Row]]:
        self.holds[period] = "released"
        return {
            key: [replace(row, not_before=at, not_after=max(row.not_after, at + room))]
            for key, row in self._waiting(period)
            if row.not_before == NEVER
        }

    def cancel(self, period: str, at: datetime) -> dict[Key, list[Row]]:
        self.holds[period] = "cancelled"
        return {
            key: [self._let_come(row, at) if row.doubtful else self._off(row)]
            for key, row in self._waiting(period)
        }

    @staticmethod
    def _let_come(row: Row, at: datetime) -> Row:
        if row.not_before != NEVER:
            return row
        return replace(row, not_before=at, not_after=max(row.not_after, at))

    def _waiting(self, period: str) -> list[tuple[Key, Row]]:
        found = [(key, self.row(key)) for key in self.open if key[1] == period]
        return [(key, row) for key, row in found if row.state in WAITING]

    # Sending.

    def send(self, at: datetime, tries: dict[Key, list[str | None]]) -> dict[Key, list[Row]]:
        """`tries` is what the mail server was asked and answered in this run: None where we died."""
        stages = {}
        for key in self.open:
            row = self.row(key)
            mine = []
            if row.state == "sending" and row.lease is not None and row.lease < at:
                row = self._swept(row, at)
                mine.append(row)
            if row.state in (CLAIMABLE if self.on_unknown == "resend" else WAITING) and row.not_before <= at:
                row = replace(row, state="sending", attempts=row.attempts + 1, lease=at + LEASE)
                handed = replace(row, handed=True)
                mine += [row, handed, *self._settled(key, handed, at, tries.get(key, []))]
            if mine:
                stages[key] = mine
        return stages

    def _swept(self, row: Row, at: datetime) -> Row:
        """Its sender died: once more, but after many deaths not at once."""
        start = at + FIRST_WAIT if row.attempts > 2 else at
        maybe, row = row.handed or row.doubtful, replace(row, lease=None, handed=False)
        if maybe:
            ever = row.attempts >= TRIES or self.on_unknown == "hold"
            return replace(row, state="unknown", doubtful=True, not_before=NEVER if ever else start)
        return replace(row, state="pending", attempts=row.attempts - (row.attempts > 3), not_before=start)

    @staticmethod
    def given_back(row: Row) -> Row:
        """It was claimed, and its turn did not come."""
        state = "deferred" if row.doubtful else "pending"
        return replace(row, state=state, attempts=row.attempts - 1, lease=None, handed=False)

    def _settled(self, key: Key, row: Row, at: datetime, tries: list[str | None]) -> list[Row]:
        person = self.people[key[0]]
        if not person.receives(at):
            rests = person.status in {"active", "paused"}
            state, skip = ("skipped", "resting") if rests else ("suppressed", None)
            return [replace(row, state=state, skip=skip, lease=None)]
        if at > row.not_after:
            if row.doubtful:
                return [replace(row, state="unknown", not_before=NEVER, lease=None)]
            return [replace(row, state="skipped", skip="late", lease=None)]
        if len(tries) != 1 or tries[0] is None:
            return []  # not asked, or died: it is still being sent
        return [replace(self._answered(row, tries[0], at), lease=None)]

    def _answered(self, row: Row, answer: str, at: datetime) -> Row:
        attempts = row.attempts - (answer == "unreached")
        wait = FIRST_WAIT * 2 ** max(attempts - 1, 0)
        later, row = at + wait, replace(row, handed=False, spread=wait / 10)
        if answer in {"sent", "failed"}:
            return replace(row, state=answer)
        if answer == "unknown":
            ever = attempts >= TRIES or self.on_unknown == "hold"
            return replace(row, state="unknown", doubtful=True, not_before=NEVER if ever else later)
        if attempts >= TRIES and answer != "unreached":
            return replace(row, state="failed")
        return replace(row, state="deferred", attempts=attempts, not_before=later)

    # Taking over what happened.

    def row(self, key: Key) -> Row:
        return self.people[key[0]].rows[key[1]]

    def take(self, key: Key, row: Row, papers: frozenset[str]) -> None:
        """This is how the digest stands now."""
        person = self.people[key[0]]
        later = person.changed_at is None or row.due_at > person.changed_at
        person.soon += row.skip == "soon" and later
        person.rows[key[1]] = row
        person.given -= person.papers.pop(key[1], frozenset())
        if row.stands:
            person.papers[key[1]] = papers
            person.given |= papers
        if row.skip == "cancelled":
            self.cancelled.add(key[1])
        (self.open.add if row.state in OPEN else self.open.discard)(key)

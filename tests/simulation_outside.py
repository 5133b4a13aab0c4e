"""What the simulation has outside the newsletter: a press that announces papers, a mail server, and crashes."""

import random
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import event

from newsletter.errors import SourceUnavailable
from newsletter.mail import Envelope, Outcome, Phase, Verdict, one_by_one
from newsletter.models import Delivery
from newsletter.sources import Entry, Reading

THEMES = ("graphene", "quasar", "ribosome", "glacier", "tokamak", "lichen")
DAY = timedelta(days=1)
HOUR = 6  # UTC: from Monday to Friday the press announces one paper for each theme, and some for two
KEPT = 6  # days that the press still tells of
LATE_FOR = timedelta(hours=12)


class Crash(BaseException):
    """The process dies here: nothing of ours may catch this."""


def announced_on(day: date) -> datetime:
    return datetime.combine(day, time(HOUR), UTC)


def papers_of(day: date) -> dict[str, frozenset[str]]:
    """The papers announced on this day, each with its themes."""
    if day.weekday() >= 5:
        return {}
    number = day.toordinal()
    themes = [frozenset({theme}) for theme in THEMES]
    if number % 3 == 0:
        themes.append(frozenset({THEMES[number % 6], THEMES[(number // 3 + 1) % 6]}))
    stem = f"arxiv:{day:%y%m}.{day:%d}"
    return {f"{stem}{place:03}": each for place, each in enumerate(themes)}


class Timetable:
    """The press announces at six from Monday to Friday; read until it is there, then not before the next time."""

    early = timedelta(0)

    def expected(self, at: datetime) -> datetime:
        day = at.date() if at >= announced_on(at.date()) else at.date() - DAY
        while day.weekday() >= 5:
            day -= DAY
        return announced_on(day)

    def next_read(self, last_read, last_news) -> datetime:
        if last_read is None:
            return datetime(1970, 1, 1, tzinfo=UTC)
        if last_news is None or last_news < self.expected(last_read):
            return last_read + timedelta(minutes=30)
        day = self.expected(last_read).date() + DAY
        return announced_on(day if day.weekday() < 5 else day + (7 - day.weekday()) * DAY)

    def told(self, at: datetime) -> str:
        return "expected at six"


class Press:
    """The only source; `down` is an outage."""

    name = "press"

    def __init__(self) -> None:
        self.calendar, self.down, self.reads = Timetable(), False, 0

    def read(self, fetcher, memory, now, progress) -> Reading:
        if self.down:
            raise SourceUnavailable("the press does not answer")
        self.reads += 1
        days = [now.date() - number * DAY for number in range(KEPT)]
        told = [(day, key, themes) for day in days for key, themes in papers_of(day).items()]
        return Reading([self._entry(*each) for each in told if announced_on(each[0]) <= now])

    def _entry(self, day: date, key: str, themes: frozenset[str]) -> Entry:
        words = " and ".join(f"{theme} {theme} {theme}" for theme in sorted(themes))
        number = key.partition(":")[2]
        return Entry(
            title=f"On {words} {number}",
            abstract=f"We study {words}.",
            arxiv_id=number,
            url=f"https://arxiv.org/abs/{number}",
            announced_at=announced_on(day),
        )


class Post:
    """A mail server that keeps what it accepts; what it answers depends on the message and the try alone.

    `tries` are this run's, by Message-ID: the verdict, or None where the sender died; `fate` is when it dies.
    """

    def __init__(self, seed: int, trouble: float = 0.1) -> None:
        self.seed, self.trouble, self.down = seed, trouble, False
        self.accepted: list[tuple[str, str, datetime]] = []  # Message-ID, recipient, when
        self.rendered = 0
        self.tries: dict[str, list[Outcome | None]] = defaultdict(list)
        self.count: dict[str, int] = defaultdict(int)
        self.fate: tuple[int, str] | None = None  # (number of messages until then, "before dot" or "after dot")
        self.dies: Callable[[], None] = lambda: None  # told when the sender dies here
        self.now = datetime(1970, 1, 1, tzinfo=UTC)
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    def drain(self, feed) -> None:
        one_by_one(feed, self.send)

    def abort(self) -> bool:
        return False

    def send(self, envelope: Envelope) -> Outcome:
        with self._lock:
            self.count[envelope.message_id] += 1
            dies = self._dies()
            if dies == "before dot":
                self.tries[envelope.message_id].append(None)
                raise Crash
            outcome, kept = self._answer(envelope.message_id)
            if kept or dies:
                self._keep(envelope)
            self.tries[envelope.message_id].append(None if dies else outcome)
            if dies:
                raise Crash
            return outcome

    def _dies(self) -> str:
        if self.fate is None:
            return ""
        left, point = self.fate
        self.fate = (left - 1, point) if left else None
        if left:
            return ""
        self.dies()
        return point

    def _keep(self, envelope: Envelope) -> None:
        self.accepted.append((envelope.message_id, envelope.recipient, self.now))
        if envelope.content:
            assert envelope.message_id.encode() in envelope.content
            self.rendered += 1

    def _answer(self, message_id: str) -> tuple[Outcome, bool]:
        if self.down:
            return Outcome(Verdict.DEFERRED, Phase.UNREACHED, "no server there"), False
        luck = random.Random(f"{self.seed} {message_id} {self.count[message_id]}")
        if luck.random() >= self.trouble:
            return Outcome(Verdict.SENT, Phase.REPLIED, "250 ok"), True
        verdict = luck.choice([Verdict.DEFERRED, Verdict.DEFERRED, Verdict.UNKNOWN, Verdict.FAILED])
        if verdict is Verdict.UNKNOWN:
            return Outcome(verdict, Phase.AFTER_DOT, "the line went dead"), luck.random() < 0.5
        return Outcome(verdict, Phase.REPLIED, "451 later" if verdict is Verdict.DEFERRED else "550 no"), False


class Bomb:
    """Goes off at a statement or a commit of this engine: the process dies there, or the statement fails.

    It lies in the driver, so that whoever goes past SQLAlchemy meets it as well; and who is dead changes nothing
    any more, whatever it tries on its way out.
    """

    def __init__(self, engine) -> None:
        self._engine, self._left, self._error, self._dead = engine, -1, Crash, False
        engine.dispose()
        made = _mined(self)
        event.listen(engine, "do_connect", lambda *about: sqlite3.connect(*about[2], **about[3], factory=made))

    def arm(self, after: int, error: type[BaseException] = Crash) -> None:
        self._left, self._error = after, error

    def die(self) -> None:
        """The process dies now, whoever noticed it first."""
        self._dead = True

    def disarm(self, *, exploded: bool) -> None:
        """After a death nothing may be left of its open transactions."""
        self._left, self._dead = -1, False
        if exploded:
            self._engine.dispose()

    def statement(self, statement: str) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            self._tick()

    def commit(self) -> None:
        if self._error is Crash:  # a transaction whose commit fails is left to whoever dies
            self._tick()

    def _tick(self) -> None:
        if threading.current_thread().name == "heartbeat":
            return
        if self._left >= 0:
            self._left -= 1
            self._dead = self._left < 0 and self._error is Crash
            if self._left < 0:
                raise self._error("the bomb went off")
        if self._dead:
            raise Crash


def _mined(bomb: Bomb) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, statement, *values):
            bomb.statement(statement)
            return super().execute(statement, *values)

        def executemany(self, statement, *values):
            bomb.statement(statement)
            return super().executemany(statement, *values)

    class Connection(sqlite3.Connection):
        def cursor(self):
            return super().cursor(Cursor)

        def commit(self):
            bomb.commit()
            super().commit()

    return Connection


def quick(session, delivery_id: int, keys) -> Envelope:
    """A message without its body: rendering is tested elsewhere, and takes most of the time."""
    delivery = session.get_one(Delivery, delivery_id)
    return Envelope("papers@example.org", delivery.address, delivery.message_id, b"")

"""The sources as a check sees them: each asked once, through its own code, and nothing of the answer kept."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from sqlmodel import Session

from newsletter import wiring
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok, warn
from newsletter.errors import ConfigError, SourceError
from newsletter.mail.words import counted
from newsletter.models import SourceState
from newsletter.sources import Reading, Source
from newsletter.sources.http import Answer, Fetcher
from newsletter.sources.limiter import Limiter
from newsletter.sources.upstream import calendar_of, late

FILE = "file"  # the one kind that asks no network
DEADLINE = 20.0  # seconds for one answer
AT_ONCE = 8  # sources of one upstream stand in one queue all the same


class _Enough(Exception):
    """The source would go on asking."""


class FirstAnswer(Fetcher):
    """Lets a source ask one question: that shows whether its upstream answers, and costs it little.

    `skew` is how far this machine's clock was ahead of the upstream's; None while nothing said its time.
    """

    def __init__(self, context: Context, limiter: Limiter) -> None:
        agent = wiring.agent(context.config)
        super().__init__(
            agent, context.sleep, context.seconds, limiter, timeout=context.patience, deadline=DEADLINE
        )
        self.skew: timedelta | None = None
        self.error: SourceError | None = None
        self._now, self._asked = context.now, False
        self._client.event_hooks = {"response": [self._compare]}

    def get(self, url: str, **options: Any) -> Answer:  # noqa: ANN401 - passed on as they are
        """The first answer; whoever asks on has been answered."""
        if self._asked:
            raise _Enough
        self._asked = True
        try:
            return super().get(url, **options)
        except SourceError as error:
            self.error = error
            raise

    def _compare(self, response: httpx.Response) -> None:
        said = moment(response.headers.get("date", ""))
        if said is not None:
            self.skew = self._now() - said


@dataclass(frozen=True)
class Read:
    """How one source answered: its finding, and the skew of our clock against its server's."""

    finding: Finding
    skew: timedelta | None = None


def moment(text: str) -> datetime | None:
    """The instant in a Date header (RFC 9110 section 6.6.1); None for anything else."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def sources(context: Context) -> list[Finding]:
    """Whether each source answers. Offline only files are read."""
    return [each.finding for each in reads(context)]


def reads(context: Context) -> list[Read]:
    """Each source asked once, whichever check wants it first; the others wait for that."""
    return context.once("reads", lambda: _read_all(context))


def _read_all(context: Context) -> list[Read]:
    try:
        found = wiring.sources(context.config)
    except ConfigError as error:
        return [Read(fail("sources", str(error), "mend it in the configuration"))]
    if not found:
        cure = "add a [[sources]] table to the configuration"
        return [Read(warn("sources", "none is set up, so there are no papers", cure))]
    kinds = [table.kind for table in context.config.sources]
    limiter = Limiter(context.seconds, context.sleep)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda each: _read(context, limiter, *each), zip(found, kinds, strict=True)))


def _read(context: Context, limiter: Limiter, source: Source, kind: str) -> Read:
    name, state, now = f"source {source.name}", _remembered(context, source.name), context.now()
    calendar = calendar_of(source)
    expected = f"; {calendar.told(now)}" if calendar.expected(now) else ""
    if context.offline and kind != FILE:
        return Read(note(name, f"not asked, for --offline{expected}"))
    with FirstAnswer(context, limiter) as fetcher:
        try:
            reading = source.read(fetcher, dict(state.memory), now, lambda _: None)
        except (_Enough, SourceError) as stopped:
            error = fetcher.error or (stopped if isinstance(stopped, SourceError) else None)
            return Read(_answered(name, error, expected), fetcher.skew)
    if fetcher.error:
        return Read(_answered(name, fetcher.error, expected), fetcher.skew)
    is_late = late(calendar, state.last_news_at, now)
    return Read(understood(name, reading, expected, late=is_late), fetcher.skew)


def _answered(name: str, error: SourceError | None, expected: str) -> Finding:
    if error is None:
        return ok(name, f"answers{expected}")
    cure = "wait: the next reads try again" if error.retry else "mend this source in the configuration"
    return fail(name, str(error), cure)


def understood(name: str, reading: Reading, expected: str, *, late: bool = False) -> Finding:
    """What to say of a whole answer; `late` = by its calendar there should have been something new by now."""
    if reading.problems:
        words = f"answers, but {reading.problems[0]}"
        return warn(name, words, "newsletter fetch names everything that is left out")
    if reading.entries:
        return ok(name, f"answers, with {counted(len(reading.entries), 'paper')}{expected}")
    words = f"answers, with nothing new since the last read{expected}"
    if late:
        return warn(name, words, "wait: digests wait for it for schedule.wait_minutes, then go without")
    return ok(name, words)


def _remembered(context: Context, name: str) -> SourceState:
    """What the last read left behind: asked with its memory, an upstream need not send what we have."""
    if context.readable is None:
        return SourceState(name=name)
    with Session(context.readable, expire_on_commit=False) as session:
        return session.get(SourceState, name) or SourceState(name=name)

"""Which of arXiv's announcements were missed while nobody read its feed, and their papers out of OAI-PMH."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from newsletter.errors import SourceError, SourceUnavailable
from newsletter.sources import Entry
from newsletter.sources.arxiv_oai import Ask, Record, harvest, is_news
from newsletter.sources.upstream import DAY, NEW_YORK, ArxivCalendar

LONGEST = timedelta(days=30)
REPLACED = timedelta(hours=25)  # the next feed stands in a feed's place: a day is 25 hours long at most


@dataclass(frozen=True)
class Gap:
    """Announcements (as their feeds' moments) that were never read: `missed` can be repaired, `lost` cannot.

    `reached` is the announcement up to which all are read, once the gap is filled.
    """

    reached: datetime
    missed: list[datetime] = field(default_factory=list)
    lost: list[datetime] = field(default_factory=list)


@dataclass
class Repair:
    """What was found for a gap, a sentence for each thing that went wrong, and whether the gap is filled."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    filled: bool = True


def gap_of(calendar: ArxivCalendar, until: datetime | None, entries: Iterable[Entry], now: datetime) -> Gap:
    """The gap between the announcement up to which all were read and the feed whose entries these are.

    `until` is None before the first read, which has no gap. A feed that is not there yet is no gap either: it
    is late, and may come.
    """
    told = [entry.announced_at for entry in entries if entry.announced_at and entry.announced_at <= now]
    held = calendar.feed_by(max(told).astimezone(NEW_YORK).date()) if told else None
    if until is None:
        return Gap(held or calendar.feed_by((now - REPLACED).astimezone(NEW_YORK).date()))
    feeds = [feed for feed in calendar.feeds(until, now) if feed != held]
    gone = [feed for feed in feeds if (held and feed < held) or feed + REPLACED <= now]
    missed = [feed for feed in gone if feed >= now - LONGEST]
    return Gap(max([until, *filter(None, [held]), *gone]), missed, gone[: len(gone) - len(missed)])


def repair(ask: Ask, categories: Sequence[str], calendar: ArxivCalendar, gap: Gap, now: datetime) -> Repair:
    """The papers of the missed announcements. A category that cannot be listed costs itself, and is named.

    The gap is filled unless a later try may bring more: the upstream does not answer, or no category works.
    """
    found = Repair()
    first, failures = gap.missed[0], []
    since = (first.astimezone(NEW_YORK) - DAY).date()  # the evening of the announcement: a day more does no harm
    records: dict[str, Record] = {}
    for category in categories:
        try:
            page = harvest(ask, category, since)
        except SourceError as error:
            failures.append(error)
            found.problems.append(f"announcements missed since {_day(first)} were not repaired: {error}")
            continue
        found.problems += page.problems
        records |= {record.entry.arxiv_id: record for record in page.records}
    found.entries = [
        _announced(record, announced, news=is_news(record, since))
        for record in records.values()
        if (announced := max(first, calendar.feed_by(record.changed))) <= now
    ]
    unanswered = any(isinstance(error, SourceUnavailable) for error in failures)
    found.filled = not unanswered and len(failures) < len(categories)
    return found


def _announced(record: Record, announced: datetime, *, news: bool) -> Entry:
    return replace(record.entry, kind="new", announced_at=announced) if news else record.entry


def lost_words(gap: Gap) -> str:
    """The sentence that says which announcements are too old to repair; "" if none is."""
    if not gap.lost:
        return ""
    first, last = _day(gap.lost[0]), _day(gap.lost[-1])
    return f"announcements of {first} to {last} were missed more than {LONGEST.days} days ago: they stay unread"


def _day(feed: datetime) -> str:
    return feed.astimezone(NEW_YORK).date().isoformat()

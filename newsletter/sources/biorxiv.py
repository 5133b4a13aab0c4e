"""bioRxiv and medRxiv: the preprints of an interval of days, page by page."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from newsletter.errors import SourceError, SourceRefused
from newsletter.sources import Entry, Progress, Reading, SourceSettings, clean
from newsletter.sources.documents import about, json_document
from newsletter.sources.http import MEGABYTE, Answer, Fetcher, Validators
from newsletter.sources.redirects import shown
from newsletter.sources.upstream import Steady, WeekDays, paced
from subscribers.paper_keys import doi

URL = "https://api.biorxiv.org"
DIGITS = re.compile("[0-9]{1,9}")
SERVERS = frozenset({"biorxiv", "medrxiv"})
MOST_PAGES = 1000
NAMED = 400  # characters of categories in a sentence
LONGEST = timedelta(days=60)
OVERLAP = timedelta(days=2)  # a day's papers may appear after it has ended
MINUTES = 360  # an interval is many pages: four times a day is enough
# By noon (UTC) the posts of the week day before are there, the first of them since that day's beginning.
CALENDAR = WeekDays("the posts of the week day before", 12, timedelta(minutes=MINUTES), timedelta(hours=36), 1)


@dataclass(frozen=True)
class Page:
    """One answer: its records, how many the API counted, and how many the whole interval has."""

    records: list[Any]
    count: int = 0
    total: int = 0


class Preprints:
    """The preprints of all days since the last read; with `settings.categories` those of these alone.

    The first read looks `settings.days` back, and so does one with other categories; one after an outage as far
    as the last read, at most LONGEST. Memory: `since` and `until` (the interval that was read), `first`
    (validators of its first page), `matched` (each category, and whether it ever had a preprint).
    """

    def __init__(self, settings: SourceSettings) -> None:
        self.name = settings.name
        # What is posted in one category on one day, nobody can expect.
        usual = Steady(MINUTES) if settings.categories else CALENDAR
        self.calendar = paced(usual, settings.every_minutes)
        self._settings = settings
        self._wanted = {_plain(category): category for category in settings.categories}

    def read(self, fetcher: Fetcher, memory: Mapping[str, Any], now: datetime, progress: Progress) -> Reading:
        if set(memory.get("matched", {})) != set(self._wanted):
            memory = {}
        today = now.astimezone(UTC).date()
        since = first_day(memory, self._settings.days, today)
        reading = Reading(memory=dict(memory))
        if lost := _lost(memory, since):
            reading.problems.append(lost)
        records: list[Any] = []
        try:
            for page in self._pages(fetcher, since, today, reading, progress):
                records += page
        except SourceError as error:
            if not records:
                raise
            reading.problems.append(f"{since} to {today} was read in part, the rest is for the next read: {error}")
            reading.memory = dict(memory)
        self._take(records, reading)
        return reading

    def _pages(
        self, fetcher: Fetcher, since: date, until: date, reading: Reading, progress: Progress
    ) -> Iterator[list[Any]]:
        """The records of each page; after the last one the interval is remembered."""
        place = f"{self._settings.url.rstrip('/') or URL}/details/{self._settings.kind}/{since}/{until}"
        cursor, first = 0, Validators()
        for number in range(MOST_PAGES):
            progress(f"{since} to {until}, preprint {cursor + 1} and on")
            url = f"{place}/{cursor}/json"
            answer = self._get(fetcher, url, Validators.recall(reading.memory.get("first", {}), url))
            if answer.not_modified:
                reading.unchanged += 1
                return
            page = _page_in(answer)
            first = first if number else answer.validators
            yield page.records
            cursor += page.count
            if cursor >= page.total:
                days = {"since": since.isoformat(), "until": until.isoformat()}
                reading.memory |= days | {"first": first.remember(f"{place}/0/json")}
                return
            if not page.count:
                raise SourceRefused(f"{shown(url)} is empty, though there are {page.total} preprints")
        raise SourceRefused(f"{place} has more than {MOST_PAGES} pages: they are not all read")

    def _get(self, fetcher: Fetcher, url: str, validators: Validators) -> Answer:
        return fetcher.get(
            url,
            validators=validators,
            max_bytes=int(self._settings.max_megabytes * MEGABYTE),
            setting=f"sources.{self.name}.url",
        )

    def _take(self, records: list[Any], reading: Reading) -> None:
        """Entries out of the records of the wanted categories, and a sentence for what cannot be used."""
        there = {category: _plain(category) for category in map(_category, records)}
        wanted = [each for each in records if not self._wanted or there[_category(each)] in self._wanted]
        for number, record in enumerate(wanted, 1):
            try:
                reading.entries.append(_entry(record, self._settings.kind))
            except SourceRefused as error:
                reading.problems.append(f"preprint {number} {error}: left out")
        known = reading.memory.get("matched", {})
        matched = {name: known.get(name, False) or name in there.values() for name in self._wanted}
        if records:
            reading.problems += [self._unknown(name, there) for name, found in matched.items() if not found]
        reading.memory["matched"] = matched

    def _unknown(self, name: str, there: Mapping[str, str]) -> str:
        return (
            f"no preprint was ever filed under {self._wanted[name]!r}: check sources.{self.name}.categories; "
            + clean.cut(f"these days have {', '.join(sorted(filter(None, there)))}", NAMED)
        )


def first_day(memory: Mapping[str, Any], days: int, today: date) -> date:
    """Where the next interval begins. On one day it stays the same, so that the upstream can say "unchanged"."""
    since, until = (clean.moment(memory.get(key)) for key in ("since", "until"))
    if not since or not until or until.date() > today:
        return today - timedelta(days=days)
    if until.date() == today:
        return since.date()
    return max(until.date() - OVERLAP, today - LONGEST)


def _lost(memory: Mapping[str, Any], since: date) -> str:
    until = clean.moment(memory.get("until"))
    if until is None or until.date() >= since:
        return ""
    return (
        f"preprints of {until.date()} to {since} were missed more than {LONGEST.days} days ago: they stay unread"
    )


def _page_in(answer: Answer) -> Page:
    with about(shown(answer.url)):
        return page_of(json_document(answer.body))


def page_of(document: object) -> Page:
    """What one answer holds; SourceRefused for one that is not as documented (https://api.biorxiv.org/)."""
    messages = document.get("messages") if isinstance(document, dict) else None
    message = messages[0] if isinstance(messages, list) and messages else None
    if not isinstance(document, dict) or not isinstance(message, dict):
        raise SourceRefused("is not an answer of the API of bioRxiv: it has no messages")
    status = clean.text(message.get("status"), 200)
    if status.lower().startswith("no "):  # "no posts found"
        return Page([])
    if status.lower() != "ok":
        raise SourceRefused(f"holds no preprints but the words {status!r}")
    records = document.get("collection")
    count, total = (_number(message.get(key)) for key in ("count", "total"))
    if not isinstance(records, list) or count is None or total is None:
        raise SourceRefused("is not an answer of the API of bioRxiv: it has no collection, count or total")
    return Page(records, count, total)


def _entry(record: object, server: str) -> Entry:
    if not isinstance(record, dict):
        raise SourceRefused("is not a JSON object")
    name, title = doi(record.get("doi")), clean.text(record.get("title"))
    version = _number(record.get("version"))
    if not name:
        raise SourceRefused(f"has no DOI ({str(record.get('doi'))[:40]!r})")
    if not title or not version:
        raise SourceRefused(f"({name}) has no {'version' if title else 'title'}")
    told = clean.text(record.get("server")).lower()
    page = f"https://www.{told if told in SERVERS else server}.org/content/{name}v{version}"
    names, author_count = clean.authors(map(_author, str(record.get("authors") or "").split(";")))
    posted = clean.moment(record.get("date"))
    return Entry(
        title=title,
        abstract=clean.text(record.get("abstract"), clean.ABSTRACT),
        authors=names,
        author_count=author_count,
        categories=tuple(filter(None, [_category(record)])),
        organization=clean.text(record.get("author_corresponding_institution"), clean.NAME),
        url=page,
        pdf_url=f"{page}.full.pdf",
        doi=name,
        version=version,
        kind="new" if version == 1 else "replace",
        published_at=posted if version == 1 else None,
        announced_at=posted,
    )


def _author(written: str) -> str:
    """The name with its last part last, as others write it; one with no comma or several stays as it is."""
    last, comma, first = written.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first else written.strip()


def _category(record: object) -> str:
    return clean.text(record.get("category"), clean.NAME).lower() if isinstance(record, dict) else ""


def _plain(category: str) -> str:
    return " ".join(category.lower().replace("-", " ").replace("_", " ").split())


def _number(value: object) -> int | None:
    """A count: the API writes some as numbers and some as text."""
    written = isinstance(value, str) and DIGITS.fullmatch(value)
    return clean.count(int(written[0]) if written else value)

"""Hugging Face daily papers: the community's list of each business day, with votes and comments."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from newsletter.errors import SourceError, SourceRefused, SourceUnavailable
from newsletter.sources import Entry, Progress, Reading, Snapshot, SourceSettings, clean
from newsletter.sources.documents import about, json_document
from newsletter.sources.http import MEGABYTE, Fetcher, Validators, with_path
from newsletter.sources.identifiers import abstract_page, pdf
from newsletter.sources.redirects import shown
from newsletter.sources.upstream import WeekDays, paced
from subscribers.paper_keys import arxiv_id

URL = "https://huggingface.co"
PATH = "/api/daily_papers"
PAPERS_PER_DAY = 100  # the API's largest page; it gives 50 where nobody says more
HORIZON = timedelta(days=90)
SATURDAY = 5
# The list of a day fills from its beginning (UTC) on; by noon it has something. Votes go on moving.
CALENDAR = WeekDays("the list of the day", 12, every=timedelta(hours=3), early=timedelta(hours=12))
UNANSWERED = 2  # days in a row without an answer: the upstream is down, not one of its days


class HuggingFace:
    """One request for each list day: the last `settings.days` week days, and earlier ones that were missed.

    The last days are asked for again because their votes still move. Memory: `days` (validators of each day
    that was read), `last_day`, `missed` (days without an answer, asked for again next time).
    """

    def __init__(self, settings: SourceSettings) -> None:
        self.name = settings.name
        self.calendar = paced(CALENDAR, settings.every_minutes)
        self._settings = settings
        self._url = with_path(settings.url or URL, PATH)

    def read(self, fetcher: Fetcher, memory: Mapping[str, Any], now: datetime, progress: Progress) -> Reading:
        days = days_to_ask(now, self._settings.days, memory)
        reading = Reading(memory={"days": {}, "last_day": max(days).isoformat(), "missed": []})
        failures: list[SourceError] = []
        unanswered = 0
        for day in days:
            progress(day.isoformat())
            try:
                if unanswered == UNANSWERED:
                    raise SourceUnavailable("not asked for: the upstream does not answer")
                self._read_day(fetcher, memory, day, reading)
                unanswered = 0
            except SourceError as error:
                failures.append(error)
                reading.problems.append(f"{day}: {error}")
                if isinstance(error, SourceUnavailable):
                    reading.memory["missed"].append(day.isoformat())
                    unanswered = min(unanswered + 1, UNANSWERED)
        if len(failures) == len(days):
            raise failures[0]
        return reading

    def _read_day(self, fetcher: Fetcher, memory: Mapping[str, Any], day: date, reading: Reading) -> None:
        known = memory.get("days", {}).get(day.isoformat(), {})
        answer = fetcher.get(
            self._url,
            params={"date": day.isoformat(), "limit": str(PAPERS_PER_DAY)},
            validators=Validators.recall(known, self._url),
            max_bytes=int(self._settings.max_megabytes * MEGABYTE),
            setting=f"sources.{self.name}.url",
        )
        if answer.not_modified:
            reading.unchanged += 1
            reading.memory["days"][day.isoformat()] = known
            return
        with about(shown(answer.url)):
            entries, problems = entries_of(json_document(answer.body), day)
        reading.entries += entries
        reading.problems += [f"{day}: {problem}" for problem in problems]
        reading.memory["days"][day.isoformat()] = answer.validators.remember(self._url)


def days_to_ask(now: datetime, count: int, memory: Mapping[str, Any]) -> list[date]:
    """The last `count` week days (UTC, today included), those since the last read, and those missed."""
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(HORIZON.days, -1, -1)]
    days = [day for day in days if day.weekday() < SATURDAY]
    last, missed = memory.get("last_day") or "9999", set(memory.get("missed", ()))
    return [day for day in days if day in days[-count:] or day.isoformat() > last or day.isoformat() in missed]


def entries_of(items: object, day: date | None) -> tuple[list[Entry], list[str]]:
    """The papers of one answer of the API, and a sentence for each item that is not one.

    `day` is the list day that was asked for; None takes each paper's `submittedOnDailyAt` instead. Only
    `paper.id` and `paper.title` must be there: the other keys came and went over the years. The snapshots
    have no `seen_at`. Raises SourceRefused for an answer that is not a list.
    """
    if not isinstance(items, list):
        raise SourceRefused(f"is not a list of papers but {str(items)[:60]!r}")
    entries: list[Entry] = []
    problems: list[str] = []
    for number, item in enumerate(items, 1):
        try:
            entries.append(_entry(_table(item), day))
        except SourceRefused as error:
            problems.append(f"entry {number} {error}: left out")
    return entries, problems


def _entry(item: Mapping[str, Any], day: date | None) -> Entry:
    paper = _table(item.get("paper"))
    identifier, _ = arxiv_id(paper.get("id"))
    title = clean.text(paper.get("title")) or clean.text(item.get("title"))
    if not identifier:
        raise SourceRefused(f"has no arXiv id in paper.id ({str(paper.get('id'))[:40]!r})")
    if not title:
        raise SourceRefused(f"({identifier}) has no title")
    people = [_table(author).get("name") for author in _list(paper.get("authors"))]
    names, author_count = clean.authors(people)
    organization = _table(paper.get("organization") or item.get("organization"))
    return Entry(
        title=title,
        abstract=clean.text(paper.get("summary") or item.get("summary"), clean.ABSTRACT),
        summary=clean.text(paper.get("ai_summary"), clean.ABSTRACT),
        authors=names,
        author_count=author_count,
        keywords=clean.texts(_list(paper.get("ai_keywords")), clean.KEYWORDS),
        organization=clean.text(organization.get("fullname") or organization.get("name"), clean.NAME),
        url=abstract_page(identifier),
        pdf_url=pdf(identifier),
        code_url=clean.link(paper.get("githubRepo")),
        discussion_url=f"https://huggingface.co/papers/{identifier}",
        arxiv_id=identifier,
        published_at=clean.moment(paper.get("publishedAt")),
        announced_at=_list_day(paper, day),
        snapshots=(_snapshot(item, paper),),
    )


def _snapshot(item: Mapping[str, Any], paper: Mapping[str, Any]) -> Snapshot:
    # Stars of 0 are also written where there is no repository at all.
    stars = clean.count(paper.get("githubStars")) if paper.get("githubRepo") else None
    return Snapshot(None, clean.count(paper.get("upvotes")), clean.count(item.get("numComments")), stars)


def _list_day(paper: Mapping[str, Any], day: date | None) -> datetime | None:
    submitted = clean.moment(paper.get("submittedOnDailyAt"))
    day = day or (submitted.date() if submitted else None)
    return datetime.combine(day, time(), UTC) if day else None


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

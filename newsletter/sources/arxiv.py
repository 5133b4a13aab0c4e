"""arXiv: the announcements of chosen categories, and what a search of the query API finds."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from newsletter.errors import ConfigError, SourceError, SourceRefused
from newsletter.sources import Progress, Reading, SourceSettings, clean
from newsletter.sources import arxiv_oai as oai
from newsletter.sources.arxiv_feed import Page, page_of
from newsletter.sources.arxiv_papers import Found, look_up
from newsletter.sources.arxiv_repair import Repair, gap_of, lost_words, repair
from newsletter.sources.documents import about, xml_text
from newsletter.sources.http import BAD_REQUEST, MEGABYTE, Answer, Fetcher, Validators, with_path
from newsletter.sources.redirects import shown
from newsletter.sources.upstream import ArxivCalendar, Steady, paced

FEED = "https://rss.arxiv.org/atom"
QUERY = "https://export.arxiv.org"
QUERY_PATH = "/api/query"
PAGE = 100
MOST_RESULTS = 30_000  # https://info.arxiv.org/help/api/user-manual.html
EMPTY_PAGES = 3
OAI_LARGER = 5  # thousands of records stand on one page
SEARCH_MINUTES = 360
CATEGORY_NAME = re.compile(r"[a-z]+(-[a-z]+)?(\.[A-Za-z-]+)?")

Part = Callable[[Fetcher, Progress, Reading], None]


class Arxiv:
    """With `categories`, their announcement feed in one request; with `query`, the newest it finds.

    The feed holds the last announcement alone; those that nobody read are asked for by OAI-PMH. `url` replaces
    the address of the one that is configured. Memory: `announcement` (validators), `announced_until` (the
    announcement up to which all were read).
    """

    def __init__(self, settings: SourceSettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._parts = _parts(self, settings)
        self._announcements = ArxivCalendar(settings.holidays)
        usual = Steady(SEARCH_MINUTES) if settings.query and len(self._parts) == 1 else self._announcements
        self.calendar = paced(usual, settings.every_minutes)

    def read(self, fetcher: Fetcher, memory: Mapping[str, Any], now: datetime, progress: Progress) -> Reading:
        reading = Reading(memory=dict(memory))
        failures: list[SourceError] = []
        for part in self._parts:
            try:
                part(fetcher, progress, reading)
            except SourceError as error:
                failures.append(error)
        repaired = oai_url(self._settings) and self._repair(fetcher, progress, reading, now)
        if len(failures) == len(self._parts) and not repaired:
            raise failures[0]
        reading.problems += map(str, failures)
        return reading

    def announcement(self, fetcher: Fetcher, progress: Progress, reading: Reading) -> None:
        """The announcement feed of all categories in one request."""
        wanted = self._settings.categories
        url = feed_url(self._settings.url, wanted)
        progress(f"announcement of {', '.join(wanted) or url}")
        validators = Validators.recall(reading.memory.get("announcement", {}), url)
        answer = self._get(fetcher, url, validators=validators)
        if answer.not_modified:
            reading.unchanged += 1
            return
        page = _page_of(answer)
        if page.failed:
            self._one_by_one(fetcher, page, reading)
            return
        _add(page, reading)
        reading.memory["announcement"] = answer.validators.remember(url)

    def _one_by_one(self, fetcher: Fetcher, failed: Page, reading: Reading) -> None:
        """One wrong category spoils the feed of all: find it, so that it costs only itself."""
        wanted = self._settings.categories
        good = 0
        alone = len(wanted) == 1 or names_feed(self._settings.url, wanted)
        for category in () if alone else wanted:
            answer = self._get(fetcher, feed_url(self._settings.url, (category,)))
            page = _page_of(answer)
            good += not page.failed
            _add(page, reading)
            if page.failed:
                reading.problems.append(self._unknown(category, page))
        if not good:
            raise SourceRefused(self._unknown(", ".join(wanted), failed))

    def _unknown(self, category: str, page: Page) -> str:
        return f"arXiv does not know category {category!r} ({page.failed}): check sources.{self.name}.categories"

    def _repair(self, fetcher: Fetcher, progress: Progress, reading: Reading, now: datetime) -> bool:
        """Fill the gap of announcements that nobody read; whether there was one and it is filled now."""
        until = clean.moment(reading.memory.get("announced_until"))
        gap = gap_of(self._announcements, until, reading.entries, now)
        if lost := lost_words(gap):
            reading.problems.append(lost)
        found = Repair()
        if gap.missed:
            found = repair(
                lambda params: self._records(fetcher, progress, params),
                self._settings.categories,
                self._announcements,
                gap,
                now,
            )
        # First what was announced first: the feed may hold a new version of it.
        reading.entries[:0] = found.entries
        reading.problems += found.problems
        if found.filled:
            reading.memory["announced_until"] = gap.reached.isoformat()
        return bool(gap.missed) and found.filled

    def _records(self, fetcher: Fetcher, progress: Progress, params: Mapping[str, str]) -> str:
        progress(f"missed announcements of {params.get('set', 'this category, next page')}")
        answer = self._get(fetcher, oai_url(self._settings), params=params, larger=OAI_LARGER)
        with about(shown(answer.url)):
            return xml_text(answer.body, answer.charset)

    def search(self, fetcher: Fetcher, progress: Progress, reading: Reading) -> None:
        """The newest submissions that the query finds, page by page."""
        wanted = min(self._settings.max_results, MOST_RESULTS)
        start = empty = 0
        while start < wanted:
            progress(f"page {start // PAGE + 1} of at most {-(-wanted // PAGE)}")
            page = self._page(fetcher, start, min(PAGE, wanted - start), reading)
            wanted = wanted if page.total is None else min(wanted, page.total)
            start += page.items
            _add(page, reading)
            empty = 0 if page.items else empty + 1
            if empty and (page.total is None or empty == EMPTY_PAGES):
                break
        if start < wanted and empty == EMPTY_PAGES:
            # A known fault of the API: https://github.com/lukasschwab/arxiv.py/issues/43
            reading.problems.append(
                f"arXiv gave only empty pages after result {start} of {wanted}: read again later"
            )

    def look_up(self, fetcher: Fetcher, ids: Sequence[str]) -> Found | None:
        """The papers of these arXiv ids; None where this source's address is not one that can be asked."""
        url = query_url(self._settings)

        def ask(some: Sequence[str]) -> Page | None:
            params = {"id_list": ",".join(some), "max_results": str(len(some))}
            answer = self._get(fetcher, url, params=params, also=(BAD_REQUEST,))
            page = _page_of(answer)
            return None if page.errors or answer.status == BAD_REQUEST else page

        return look_up(ask, ids) if url else None

    def _page(self, fetcher: Fetcher, start: int, count: int, reading: Reading) -> Page:
        try:
            return self._ask(fetcher, start, count)
        except SourceError as error:
            if not start:
                raise
            reading.problems.append(f"results from {start + 1} on: {error}")
            return Page(total=start)

    def _ask(self, fetcher: Fetcher, start: int, count: int) -> Page:
        params = {
            "search_query": self._settings.query,
            "start": str(start),
            "max_results": str(count),
            "sortBy": "submittedDate",
            "sortOrder": "descending",
        }
        answer = self._get(fetcher, query_url(self._settings), params=params, also=(BAD_REQUEST,))
        page = _page_of(answer)
        if page.errors or answer.status == BAD_REQUEST:
            why = "; ".join(page.errors) or f"HTTP {answer.status}"
            raise SourceRefused(f"arXiv refused the query ({why}): check sources.{self.name}.query")
        return page

    def _get(self, fetcher: Fetcher, url: str, larger: int = 1, **options: Any) -> Answer:  # noqa: ANN401 - Fetcher.get's own
        return fetcher.get(
            url,
            max_bytes=int(self._settings.max_megabytes * MEGABYTE * larger),
            setting=f"sources.{self.name}.url",
            **options,
        )


def _parts(source: Arxiv, settings: SourceSettings) -> Sequence[Part]:
    place = f"sources.{settings.name}"
    for category in settings.categories:
        if not CATEGORY_NAME.fullmatch(category):
            raise ConfigError(f"{place}.categories: {category!r} is no arXiv category: write it like cs.LG")
    feed = bool(settings.categories) or (bool(settings.url) and not settings.query)
    if settings.query and feed and settings.url:
        raise ConfigError(f"{place}.url: it cannot serve both categories and query: make two sources of it")
    if not settings.query and not feed:
        raise ConfigError(f'{place}: name categories (["cs.LG"]) or a query ("all:graphene")')
    return [part for part, used in ((source.announcement, feed), (source.search, settings.query)) if used]


def feed_url(base: str, categories: Sequence[str]) -> str:
    """The feed of these categories under a base address; an address that names a feed stays as it is."""
    if names_feed(base, categories):
        return base
    return f"{(base or FEED).rstrip('/')}/{'+'.join(categories)}"


def names_feed(url: str, categories: Sequence[str]) -> bool:
    """Whether a configured address is one feed already, not the place where the feeds are."""
    last = url.rstrip("/").rpartition("/")[2]
    return last.endswith(".xml") or set(last.split("+")) <= set(categories) or not categories


def oai_url(settings: SourceSettings) -> str:
    """Where missed announcements are asked for; "" where they are not.

    Under another server's address that is its /oai. An address that names one feed is a mirror of that alone.
    """
    if not settings.categories or (settings.url and names_feed(settings.url, settings.categories)):
        return ""
    return urljoin(settings.url or oai.URL, oai.PATH)


def query_url(settings: SourceSettings) -> str:
    """Where papers are searched and looked up; "" under an address that names one feed."""
    if settings.query:
        return with_path(settings.url or QUERY, QUERY_PATH)
    if settings.url and names_feed(settings.url, settings.categories):
        return ""
    return urljoin(settings.url or QUERY, QUERY_PATH)


def _page_of(answer: Answer) -> Page:
    with about(shown(answer.url)):
        return page_of(xml_text(answer.body, answer.charset))


def _add(page: Page, reading: Reading) -> None:
    reading.entries += page.entries
    reading.problems += page.problems

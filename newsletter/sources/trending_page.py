"""Reads a pasted page of trending papers: plain text, each paper a title, a blank line and its abstract."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from newsletter.sources import Entry, clean

LONG = 200  # characters; no title is as long, and few abstracts are shorter
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_DAY = re.compile(rf"({'|'.join(MONTHS)})[a-z]*\.? (\d{{1,2}})(?:,? (\d{{4}}))?", re.IGNORECASE)
DAY_MONTH = re.compile(rf"(\d{{1,2}})\.? ({'|'.join(MONTHS)})[a-z]*\.?(?:,? (\d{{4}}))?", re.IGNORECASE)
YEARS_BACK = 8  # 29 February comes at least every eight years
CODE = re.compile(r"https?://(?:www\.)?github\.com/[\w.-]+/[\w.-]*\w", re.IGNORECASE)


def page_entries(page: str, day: date | None, now: datetime) -> list[Entry]:
    """The papers of a pasted page, in its order; what stands before the first one is skipped.

    A line such as "Apr 23" says the list day of what follows: the newest such date up to `day` (the file
    name's, or now's). Without one it is `day`, else `now`.
    """
    entries: list[Entry] = []
    until = day or now.astimezone(UTC).date()
    announced = min(now, _midnight(day)) if day else now
    title = ""
    for block in _blocks(page):
        if found := date_line(block, until):
            announced = min(now, _midnight(found))
        elif title and _is_abstract(block):
            entries.append(_entry(title, block, announced))
            title = ""
        elif len(block) < LONG:
            title = block
        elif entries:
            entries[-1] = _entry(entries[-1].title, f"{entries[-1].abstract} {block}", announced)
    return entries


def _blocks(page: str) -> Iterator[str]:
    for block in re.split(r"\n[ \t]*\n", page.replace("\r\n", "\n").replace("\r", "\n")):
        if joined := " ".join(block.split()):
            yield joined


def _is_abstract(block: str) -> bool:
    return len(block) >= LONG or block.endswith((".", "…"))


def _entry(title: str, abstract: str, announced: datetime) -> Entry:
    code = CODE.search(abstract)
    return Entry(
        title=clean.text(title),
        abstract=clean.text(abstract, clean.ABSTRACT),
        code_url=clean.link(code[0]) if code else "",
        announced_at=announced,
    )


def date_line(line: str, until: date) -> date | None:
    """The newest date up to `until` that a line means ("Apr 23", "23 April 2026"); None if it is no date."""
    written = line.strip()
    if found := MONTH_DAY.fullmatch(written):
        month, day, year = found.groups()
    elif found := DAY_MONTH.fullmatch(written):
        day, month, year = found.groups()
    else:
        return None
    years = [int(year)] if year else range(until.year, until.year - YEARS_BACK - 1, -1)
    dates = (_date(some, MONTHS.index(month[:3].lower()) + 1, int(day)) for some in years)
    return next((found for found in dates if found and found <= until), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

"""Where papers come from: one self-contained file per kind, one small protocol, one registry.

A source knows one upstream's shapes and traps and nothing of databases, config or clocks. To add a kind,
copy the file that is most like it and add a line to `KINDS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from newsletter.errors import ConfigError
from newsletter.sources.http import Fetcher
from newsletter.sources.upstream import Calendar


@dataclass(frozen=True)
class Snapshot:
    """Engagement at one moment. None means "the source does not say", which is not zero."""

    seen_at: datetime | None = None
    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None


@dataclass(frozen=True)
class Entry:
    """One paper as one source tells it: plain text, white space collapsed, links http or https alone.

    `announced_at` is the list day or announcement (aware UTC), never the submission; `published_at` is the
    first version's. `arxiv_id` has no version. `kind` is arXiv's announce type; only "new" and "cross" are
    news, "replace" and "replace-cross" update what is known. `sample` marks figures that are made up for
    a demonstration.
    """

    title: str
    abstract: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    author_count: int = 0
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    organization: str = ""
    url: str = ""
    pdf_url: str = ""
    code_url: str = ""
    discussion_url: str = ""
    arxiv_id: str = ""
    version: int = 0
    doi: str = ""
    kind: str = "new"
    published_at: datetime | None = None
    announced_at: datetime | None = None
    snapshots: tuple[Snapshot, ...] = ()
    sample: bool = False


@dataclass
class Reading:
    """What one source gave: entries, what was skipped and why, and what to remember for the next time.

    `problems` are sentences that each name the broken thing (a file, an entry, a day) and why it was left
    out. `memory` is JSON-able and comes back on the next read: ETags, cursors, file times. `unchanged`
    counts the answers that were the same as last time (304, an untouched file).
    """

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    unchanged: int = 0


Progress = Callable[[str], None]


class Source(Protocol):
    """One configured source; `calendar` says when its upstream has something new."""

    name: str
    calendar: Calendar

    def read(self, fetcher: Fetcher, memory: Mapping[str, Any], now: datetime, progress: Progress) -> Reading:
        """Everything that may be new since `memory`. Dates stay as told; `fetch` leaves out what `now` forbids.

        A broken part goes to `Reading.problems`; raises SourceError only when nothing at all can be read.
        `progress` takes a short plain text ("2025-12-03.json.gz", "page 2 of 5") now and then.
        """


@dataclass(frozen=True)
class SourceSettings:
    """One `[[sources]]` table of the configuration; paths are absolute by now, no base path is needed.

    `every_minutes` is how often it is read, 0 as its calendar says. `holidays` are the days ("2026-11-26") on
    which arXiv's feeds stay empty.
    """

    name: str
    kind: str
    path: Path | None = None
    url: str = ""
    categories: tuple[str, ...] = ()
    query: str = ""
    days: int = 3
    max_results: int = 200
    max_megabytes: float = 10.0
    every_minutes: int = 0
    holidays: tuple[str, ...] = ()


KINDS = {  # kind -> module:class; each is built from its SourceSettings alone
    "arxiv": "newsletter.sources.arxiv:Arxiv",
    "biorxiv": "newsletter.sources.biorxiv:Preprints",
    "feed": "newsletter.sources.feed:Feed",
    "file": "newsletter.sources.file:File",
    "huggingface": "newsletter.sources.huggingface:HuggingFace",
    "medrxiv": "newsletter.sources.biorxiv:Preprints",
}


def load(settings: SourceSettings) -> Source:
    """The source that these settings describe; ConfigError names an unknown kind or a missing key."""
    if settings.kind not in KINDS:
        raise ConfigError(
            f"sources.{settings.name}.kind: {settings.kind!r} is not known: use one of {', '.join(KINDS)}"
        )
    module, _, name = KINDS[settings.kind].partition(":")
    source: Source = getattr(import_module(module), name)(settings)
    return source

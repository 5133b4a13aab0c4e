"""Papers by their arXiv ids, out of the query API: many in one request, an odd id costing itself alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from newsletter.errors import SourceError
from newsletter.sources import Entry
from newsletter.sources.arxiv_feed import Page

AT_ONCE = 100  # ids in one request: its address stays below 2,000 characters
MOST_REQUESTS = 30  # three seconds apart: a minute and a half

Ask = Callable[[Sequence[str]], Page | None]


@dataclass
class Found:
    """The papers by their ids, the ids that arXiv does not know, and those that it was not asked for in the end.

    `error` says why it was not asked for the rest; "" when only the number of requests was at its end.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    error: str = ""


def look_up(ask: Ask, ids: Sequence[str]) -> Found:
    """What arXiv says of these ids; `ask` answers None where it refuses the request for one of them.

    A refused request is repeated in halves, so that one id that arXiv does not take costs none but itself.
    """
    found = Found()
    batches = [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
    try:
        for _ in range(MOST_REQUESTS):
            if batches:
                _take(found, batches, ask(batches[0]))
    except SourceError as error:
        found.error = str(error)
    found.waiting = [each for batch in batches for each in batch]
    return found


def _take(found: Found, batches: list[Sequence[str]], page: Page | None) -> None:
    """Put an answer to the first batch where it belongs."""
    asked = batches.pop(0)
    if page is None and len(asked) > 1:
        half = len(asked) // 2
        batches[:0] = [asked[:half], asked[half:]]
        return
    entries = {entry.arxiv_id: entry for entry in page.entries} if page else {}
    found.entries |= {each: entries[each] for each in asked if each in entries}
    found.unknown += [each for each in asked if each not in entries]

"""Papers that readers named as examples get their words: from the archive, else from arXiv at the end of a fetch.

What is found fills a title and an abstract in. It is no news: no such paper enters the archive.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Select, case, delete, func, or_, update
from sqlmodel import Session, col, select

from newsletter import identity, journal
from newsletter.models import Alias, Paper
from newsletter.sources import Entry
from newsletter.sources.arxiv_papers import AT_ONCE, MOST_REQUESTS, Found
from newsletter.sources.http import Fetcher
from subscribers import examples
from subscribers.models import Example
from subscribers.pasted import Named

log = structlog.get_logger(__name__)

AGAIN_FOR = timedelta(days=7)  # an id that arXiv does not know may be a paper that it announces next week
AGAIN = timedelta(hours=20)
ASKED, ASKED_AGAIN = "examples asked", "examples asked again"
ARXIV = "arxiv:"
MOST = AT_ONCE * MOST_REQUESTS  # papers that one fetch asks for
TOLD = case((col(Paper.abstract) != "", col(Paper.abstract)), else_=col(Paper.summary))  # what a paper is about

LookUp = Callable[[Fetcher, Sequence[str]], Found | None]


@dataclass
class Report:
    """How many examples the archive knew, how many papers arXiv told of, which ids it does not know, its error."""

    known: int = 0
    found: int = 0
    unknown: list[str] = field(default_factory=list)
    error: str = ""


def keep(session: Session, subscriber_id: int, named: Iterable[Named], at: datetime) -> int:
    """Add papers to a reader's examples, with what the archive knows of them; how many are new. No commit."""
    before = len(examples.of(session, subscriber_id))
    examples.add(session, subscriber_id, named, at)
    fill(session, [subscriber_id])  # may find that one of them was there under another name
    return len(examples.of(session, subscriber_id)) - before


def replace(session: Session, subscriber_id: int, named: Sequence[Named], at: datetime) -> None:
    """Let these papers, and no others, be a reader's examples, with what the archive knows of them. No commit."""
    examples.replace(session, {subscriber_id: named}, at)
    fill(session, [subscriber_id])


def fill(session: Session, subscriber_ids: Collection[int] | None = None) -> int:
    """Give examples (of these readers, or all) the archive's own key, title and abstract; how many. No commit.

    A paper that somebody named by its title or DOI gets the key under which the archive has it. Where that makes
    two examples of a reader one, one stays.
    """
    session.flush()
    rows = [
        _Match(*row) for query in (_by_key(), _by_alias()) for row in session.execute(_of(query, subscriber_ids))
    ]
    matches = [match for match in rows if match.telling]
    taken = examples.keys_of(session, {match.reader for match in matches})
    keys = {reader: set(keys) for reader, keys in taken.items()}
    gone, changed = [], []
    for match in matches:
        if match.paper != match.key and match.paper in keys[match.reader]:
            gone.append(match.id)
            continue
        keys[match.reader].add(match.paper)
        changed.append({"id": match.id, "key": match.paper, "title": match.title, "abstract": match.abstract})
    _write(session, gone, changed)
    return len(matches)


def run(session: Session, sources: Iterable[object], fetcher: Fetcher, now: datetime) -> Report:
    """Fill in what the archive knows by now, and ask arXiv for what nobody knew; commits.

    The first source that can look papers up is asked; without one nobody is. An upstream that does not answer is
    told in the report, and asked at the next fetch.
    """
    report = Report(known=fill(session))
    since, again = _since(session, now)
    wanted = _unknown(session, since)
    session.commit()  # no transaction is open while we wait for a network
    found = _found(sources, fetcher, wanted) if wanted else None
    if found is None:
        return report
    report.found, report.unknown, report.error = len(found.entries), sorted(found.unknown), found.error
    _take(session, found.entries)
    if not found.waiting and len(wanted) < MOST:
        for mark in (ASKED, ASKED_AGAIN) if again else (ASKED,):
            journal.mark(session, mark, now)
    session.commit()
    log.info("examples looked up", found=report.found, unknown=len(report.unknown), reason=report.error)
    return report


class _Match(NamedTuple):
    """An example (its row, reader and key) and the paper of the archive that it is."""

    id: int
    reader: int
    key: str
    paper: str
    title: str
    abstract: str

    @property
    def telling(self) -> bool:
        """Whether the example surely is this paper: one called "Editorial" may be any."""
        by_title = self.key.startswith("title:") and self.paper != self.key
        return not by_title or len(identity.normal_title(self.title)) >= identity.TELLING_TITLE


def _by_key() -> Select[Any]:
    """Examples of which something is missing, with the paper of their own key."""
    missing = or_(
        (col(Example.abstract) == "") & (TOLD != ""),
        (col(Example.title) == "") & (col(Paper.title) != ""),
    )
    return _matches().join(Paper, col(Paper.key) == col(Example.key)).where(missing)


def _by_alias() -> Select[Any]:
    """Examples that are known to the archive under another key."""
    named = _matches().join(Alias, col(Alias.key) == col(Example.key))
    return named.join(Paper, col(Paper.key) == col(Alias.paper)).order_by(col(Example.id))


def _matches() -> Select[Any]:
    theirs = (col(Example.id), col(Example.subscriber_id), col(Example.key))
    return select(*theirs, col(Paper.key), col(Paper.title), TOLD).select_from(Example)  # type: ignore[call-overload, no-any-return]  # SQLModel types four columns


def _of(query: Select[Any], subscriber_ids: Collection[int] | None) -> Select[Any]:
    return query if subscriber_ids is None else query.where(col(Example.subscriber_id).in_(subscriber_ids))


def _write(session: Session, gone: Sequence[int], changed: Sequence[dict[str, Any]]) -> None:
    for number in gone:
        session.execute(delete(Example).where(col(Example.id) == number))
    if changed:
        session.execute(update(Example), changed)
    if gone or changed:
        session.expire_all()


def _since(session: Session, now: datetime) -> tuple[datetime | None, bool]:
    """From when on what was named is asked for (None: ever), and whether the unknown of some days are among it."""
    asked, again = journal.marked(session, ASKED), journal.marked(session, ASKED_AGAIN)
    if asked is None:
        return None, True
    due = again is None or now - again >= AGAIN
    return (min(asked, now - AGAIN_FOR) if due else asked), due


def _unknown(session: Session, since: datetime | None) -> list[str]:
    """The arXiv ids of which there is no abstract, the newest first, as many as one fetch asks for."""
    query = select(Example.key).where(col(Example.key).startswith(ARXIV), Example.abstract == "")
    if since is not None:
        query = query.where(col(Example.at) > since)
    newest = query.group_by(Example.key).order_by(func.max(Example.id).desc()).limit(MOST)
    return [key.removeprefix(ARXIV) for key in session.exec(newest)]


def _found(sources: Iterable[object], fetcher: Fetcher, ids: Sequence[str]) -> Found | None:
    for source in sources:
        look_up: LookUp | None = getattr(source, "look_up", None)
        found = look_up(fetcher, ids) if look_up else None
        if found is not None:
            return found
    return None


def _take(session: Session, entries: dict[str, Entry]) -> None:
    for number, entry in entries.items():
        theirs = (col(Example.key) == f"{ARXIV}{number}", col(Example.abstract) == "")
        told = {"title": entry.title, "abstract": entry.abstract}
        session.execute(update(Example).where(*theirs).values(told))

"""The facts that the gate judges by, read from the database: papers, sources, messages as they will be, picks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.exc import NoResultFound, SQLAlchemyError
from sqlmodel import Session, col, func, select

from newsletter import journal, lint, render
from newsletter.gate.rules import Facts, Rules, SourceFacts, alike, usual
from newsletter.ledger import DIGEST, HELD
from newsletter.mail.message import readable
from newsletter.models import Delivery, Edition, Pick, Skip, SourceState, State
from newsletter.record_models import RunKind
from subscribers.addresses import redacted_in
from subscribers.models import Follow

MOST_SAMPLED = 50
PAPERS_SAY = frozenset({"placeholder"})  # a paper's own words may look like one: no reason to hold
OWN = frozenset({"html-size", "html-budget"})  # lint's rules that the gate has as well
REMEMBERED = timedelta(days=30)  # how far back a source's usual days are looked for
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
AT_ONCE = 5_000  # rows held in memory while all picks are compared


@dataclass(frozen=True)
class Batch:
    """The digests of one date that wait to be judged: how many, and the newest one's id."""

    date: str
    count: int
    newest: int


def batches(session: Session) -> list[Batch]:
    """Every date of which digests wait for ever, because nobody has judged them yet or because it is held."""
    found = select(Delivery.period, func.count(), func.max(Delivery.id)).where(*_unjudged())
    rows = session.exec(found.group_by(col(Delivery.period)).order_by(col(Delivery.period)))
    return [Batch(*row) for row in rows]


def collect(
    session: Session,
    batch: Batch,
    keys: tuple[str, ...],
    rules: Rules,
    now: datetime,
    expected: Mapping[str, bool],
) -> Facts:
    """The facts about one date's digests; only reads, and only what the rules ask for."""
    looked_at = _sample(session, batch.date) if rules.budget_bytes else []
    sampled, broken, largest, longest = _messages(session, looked_at, keys)
    faults, doubts = _linted(longest, rules.budget_bytes)
    compared = batch.count >= rules.from_readers
    interests, same = alike(_readers(session, batch.date)) if compared else (0, 0)
    return Facts(
        date=batch.date,
        planned=batch.count,
        skipped=_skipped(session, batch.date),
        considered=_considered(session, batch.date),
        sources=tuple(_sources(session, now, expected)),
        sampled=sampled,
        broken=tuple(broken),
        largest_html=largest,
        faults=faults,
        doubts=doubts,
        interests=interests,
        alike=same,
        template_of=_template_of(session, batch.date),
    )


def _unjudged(date: str = "") -> list[ColumnElement[bool]]:
    waiting = [
        col(Delivery.state) == State.PENDING,
        col(Delivery.not_before) == HELD,
        col(Delivery.letter) == DIGEST,
    ]
    return [*waiting, col(Delivery.period) == date] if date else waiting


def _considered(session: Session, date: str) -> int:
    papers: ColumnElement[int] = col(Delivery.details)["considered"].as_integer()
    return session.exec(select(func.min(papers)).where(*_unjudged(date))).one() or 0


def _skipped(session: Session, date: str) -> int:
    together = select(Delivery.date).where(*_unjudged(date)).distinct()
    quiet = (
        col(Delivery.period) == date,
        col(Delivery.letter) == DIGEST,
        col(Delivery.skipped_for) == Skip.NOTHING,
        col(Delivery.date).in_(together),
    )
    return session.exec(select(func.count()).select_from(Delivery).where(*quiet)).one()


def _sources(session: Session, now: datetime, expected: Mapping[str, bool]) -> Iterator[SourceFacts]:
    """The sources that should have news; days are counted back from now, wherever midnight falls."""
    lines = journal.between(session, RunKind.FETCH, now - REMEMBERED, now + INSTANT)
    for name in sorted(name for name, due in expected.items() if due):
        news, read = [0] * (REMEMBERED.days + 1), False
        state = session.get(SourceState, name)
        for line in lines:
            if line.name == name:
                day = (now - line.started_at) // DAY
                news[day] += int(line.counts.get("new", 0))
                read = line.ok and day == 0  # the newest line comes last
        told = state is not None and state.last_news_at is not None and state.last_news_at > now - DAY
        yield SourceFacts(name, usual(news[1:]), news[0], read, expected=True, told=told)


def _sample(session: Session, date: str) -> list[int]:
    """Digests to look at: all of a few, else some spread evenly, and the one with the most papers."""
    wanted = (*_unjudged(date), col(Delivery.subscriber_id).is_not(None))
    ids = list(session.exec(select(Delivery.id).where(*wanted).order_by(col(Delivery.id))))
    if len(ids) <= MOST_SAMPLED:
        return ids
    longest = (
        select(Pick.delivery_id)
        .where(col(Pick.delivery_id).in_(select(Delivery.id).where(*wanted)))
        .order_by(col(Pick.rank).desc(), col(Pick.delivery_id))
        .limit(1)
    )
    spread = [ids[number * len(ids) // MOST_SAMPLED] for number in range(MOST_SAMPLED)]
    return list(dict.fromkeys([*spread, *session.exec(longest)]))


def _messages(session: Session, ids: Iterable[int], keys: tuple[str, ...]) -> tuple[int, list[str], int, bytes]:
    """How many of these were built or could not be, the faults, the most bytes of HTML, and that message."""
    sampled, faults, largest, longest = 0, [], 0, b""
    for delivery_id in ids:
        try:
            content = render.run(session, delivery_id, keys).content
            size = len(readable(content)[1].encode())
            if size > largest:
                largest, longest = size, content
        except NoResultFound:  # the reader was erased at this very moment
            continue
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - a template may do anything; the admin gets to know
            faults.append(redacted_in(f"{error}" or type(error).__name__))
        sampled += 1
    return sampled, faults, largest, longest


def _linted(content: bytes, budget: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What lint says of a message: errors, and warnings; the budget is a rule of the gate's own."""
    findings = [each for each in lint.message(content, budget) if each.rule not in OWN] if content else []
    faults = [each.what for each in findings if each.level == "error" and each.rule not in PAPERS_SAY]
    doubts = [each.what for each in findings if each.level == "warning" or each.rule in PAPERS_SAY]
    return tuple(map(redacted_in, faults)), tuple(map(redacted_in, doubts))


def _readers(session: Session, date: str) -> Iterator[tuple[int, int]]:
    """For each reader a mark of what they follow, and a mark of their picks in order."""
    their_picks = select(Pick.subscriber_id, Pick.paper).join(Delivery, col(Delivery.id) == col(Pick.delivery_id))
    followed = select(Follow.subscriber_id, Follow.kind, Follow.value, Follow.weight).join(
        Delivery, col(Delivery.subscriber_id) == col(Follow.subscriber_id)
    )
    by_rank = their_picks.where(*_unjudged(date)).order_by(col(Pick.subscriber_id), col(Pick.rank))
    by_value = followed.where(*_unjudged(date)).order_by(
        col(Follow.subscriber_id), col(Follow.kind), col(Follow.value), col(Follow.weight)
    )
    interests = dict(_marks(session.exec(by_value.execution_options(yield_per=AT_ONCE))))
    for reader, mark in _marks(session.exec(by_rank.execution_options(yield_per=AT_ONCE))):
        yield interests.get(reader, 0), mark


def _marks(rows: Iterable[Any]) -> Iterator[tuple[int, int]]:
    """(reader, a mark of all their rows) from rows that are ordered by reader, who stands first in each."""
    for reader, theirs in groupby(rows, itemgetter(0)):
        yield reader, hash(tuple(tuple(row[1:]) for row in theirs))


def _template_of(session: Session, date: str) -> str:
    """The date of the last edition before this one, where its template was another; else "".

    The newsletter's own words in every message count, too.
    """
    newest_first = (col(Edition.date).desc(), col(Edition.created_at).desc(), col(Edition.id).desc())
    before = select(Edition).where(col(Edition.date) < date).order_by(*newest_first)
    last = session.exec(before.limit(1)).first()
    ours = select(Delivery.edition_id).where(*_unjudged(date)).distinct()
    hashes = set(session.exec(select(Edition.template_hash).where(col(Edition.id).in_(ours))))
    return last.date if last is not None and hashes - {last.template_hash} else ""

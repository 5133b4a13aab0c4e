"""A made-up newsletter for the planning benchmark: papers, an archive that was read, and very many readers."""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert
from sqlmodel import Session

from newsletter import archive, db
from newsletter.config import Config
from newsletter.models import Feedback, Paper, PaperSource, Signal
from subscribers.models import Cadence, Follow, FollowKind, Status, Subscriber

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
WINDOW_PAPERS = 500
ARCHIVED = 2500
OLDER = timedelta(days=30)
LIKED_OF_ONE = 10
AT_ONCE = 20_000  # readers stored together
WEIGHTS = (1.0, 1.0, 1.0, 2.0, 0.5)
MUTING, LIKING = 0.15, 0.1
SHORTEST_WORD = 6
SENTENCES = 6


def papers(folder: Path | None, config: Config) -> list[dict[str, Any]]:
    """Titles and abstracts, the newest last: real ones where there are any, else made up of topics' words."""
    files = sorted(folder.glob("huggingface/daily/*.json.gz")) if folder else []
    found = list(_real(files)) if files else list(_made_up(config))
    return found[-(ARCHIVED + WINDOW_PAPERS) :]


def _real(files: list[Path]) -> Iterator[dict[str, Any]]:
    seen = set()
    for file in files:
        for told in json.loads(gzip.decompress(file.read_bytes())):
            paper = told["paper"]
            if paper["id"] not in seen:
                seen.add(paper["id"])
                names = [each["name"] for each in paper["authors"][:12]]
                yield {"title": paper["title"], "abstract": paper["summary"], "authors": names}


def _made_up(config: Config) -> Iterator[dict[str, Any]]:
    luck = random.Random(1)  # noqa: S311 - not for secrets
    topics = config.catalogue().topics
    for number in range(ARCHIVED + WINDOW_PAPERS):
        about = luck.choices(topics, k=2)
        words = [word for topic in about for word in topic.words]
        told = [f"We study {luck.choice(words)} by way of {luck.choice(words)}." for _ in range(SENTENCES)]
        title = f"{luck.choice(words)} and {luck.choice(words)}, part {number}".capitalize()
        yield {"title": title, "abstract": " ".join(told), "authors": [f"Author {number % 700}"]}


def store_papers(engine: Engine, told: list[dict[str, Any]]) -> list[str]:
    """Store them, the newest in the days before AT, and read the archive; the words of the newest titles."""
    luck = random.Random(2)  # noqa: S311 - not for secrets
    new = len(told) - WINDOW_PAPERS
    rows, signals = [], []
    for number, each in enumerate(told):
        ago = timedelta(hours=luck.uniform(1, 150)) + (OLDER if number < new else timedelta(0))
        key = f"arxiv:2603.{number:05}"
        categories = [luck.choice(("cs.LG", "cs.CV", "cs.CL", "cs.AI", "cs.RO", "stat.ML"))]
        count = {"author_count": len(each["authors"]), "categories": categories, "keywords": []}
        rows.append(each | count | {"key": key, "announced_at": AT - ago, "first_seen_at": AT - ago})
        votes = int(luck.paretovariate(1))
        seen = {"source": "daily", "seen_at": AT - ago / 2, "upvotes": votes, "sample": False}
        signals.append({"paper": key} | seen)
    with db.writing(engine) as session:
        session.connection().execute(insert(Paper), [_whole(row) for row in rows])
        session.connection().execute(insert(Signal), [row | {"comments": None, "stars": None} for row in signals])
        source = {"source": "daily", "seen_at": AT, "view": {}}
        told_of = [source | {"paper": row["key"], "announced_at": row["announced_at"]} for row in rows]
        session.connection().execute(insert(PaperSource), told_of)
    archive.refit(engine, AT, lambda: AT)
    return sorted({w.lower() for each in told[new:] for w in each["title"].split() if len(w) >= SHORTEST_WORD})


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    empty = dict.fromkeys(("summary", "organization", "url", "pdf_url", "code_url", "discussion_url"), "")
    return empty | {"version": 1, "published_at": row["announced_at"]} | row


def store_readers(engine: Engine, config: Config, words: list[str], readers: int, *, judging: bool) -> None:
    """Daily readers at one hour: 1 to 6 topics, often keywords, sometimes a mute; some have judged papers."""
    luck = random.Random(3)  # noqa: S311 - not for secrets
    names = [topic.name for topic in config.catalogue().topics]
    for start in range(1, readers + 1, AT_ONCE):
        some = range(start, min(readers + 1, start + AT_ONCE))
        with db.writing(engine) as session:
            session.connection().execute(insert(Subscriber), [_reader(number) for number in some])
            wished = [each for number in some for each in _wishes(luck, number, names, words)]
            session.connection().execute(insert(Follow), wished)
            if judging:
                _judge(session, luck, [number for number in some if luck.random() < LIKING])


def _reader(number: int) -> dict[str, Any]:
    settings = {"cadence": Cadence.DAILY, "weekdays": "", "hour": 7, "timezone": "UTC", "size": 10}
    born = {"created_at": AT - OLDER, "confirmed_at": AT - OLDER, "paused_until": None}
    who = {"id": number, "email": f"reader{number}@example.org", "name": "", "status": Status.ACTIVE}
    return who | settings | born


def _wishes(luck: random.Random, number: int, names: list[str], words: list[str]) -> Iterator[dict[str, Any]]:
    followed = luck.sample(names, k=luck.randint(1, 6))
    for name in followed:
        yield _wish(number, FollowKind.TOPIC, name, luck.choice(WEIGHTS))
    for word in luck.sample(words, k=luck.choice((0, 0, 1, 2))):
        yield _wish(number, FollowKind.KEYWORD, word, 1.0)
    if luck.random() < MUTING:
        other = next(name for name in luck.sample(names, k=7) if name not in followed)
        yield _wish(number, FollowKind.TOPIC, other, -1.0)


def _wish(number: int, kind: FollowKind, value: str, weight: float) -> dict[str, Any]:
    return {"subscriber_id": number, "kind": kind, "value": value, "weight": weight}


def _judge(session: Session, luck: random.Random, readers: list[int]) -> None:
    rows = [
        {"subscriber_id": reader, "paper": f"arxiv:2603.{paper:05}", "thumb": 1, "at": AT - timedelta(days=9)}
        for reader in readers
        for paper in luck.sample(range(ARCHIVED), k=LIKED_OF_ONE)
    ]
    if rows:
        session.connection().execute(insert(Feedback), rows)

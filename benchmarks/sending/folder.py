"""A newsletter's folder with a planned edition: made once for each number of readers, copied for each run."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from benchmarks.sending import made_up
from newsletter import db, edition, ledger_plans, wiring
from newsletter.cli.start import Started
from newsletter.config import load
from newsletter.db import batches
from newsletter.ledger import DIGEST
from newsletter.models import Pick, State
from subscribers.models import Status, Subscriber

BATCH = 1000  # readers in one transaction
CONSIDERED = 412
SELECTOR, DOMAIN = "bench", "news.example.org"
CONFIG = """\
[newsletter]
title = "Trending Papers"
from = "papers@{domain}"
url = "https://{domain}"
postal_address = "Trending Papers, 1 Sample Street, 10115 Berlin, Germany"
[database]
url = "sqlite:///newsletter.db"
[ranking]
model = "light"
[web]
secret = "a-secret-for-measuring-and-nothing-else"
[delivery]
transport = "smtp"
connections = {connections}
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
"""
DKIM = """\
[dkim]
selector = "{selector}"
key_file = '{key}'
"""


def configured(folder: Path, *, port: int = 25, connections: int = 1, key: Path | None = None) -> Started:
    """Write the configuration of a run; without a key nothing is signed."""
    text = CONFIG.format(domain=DOMAIN, connections=connections, port=port)
    if key is not None:
        text += DKIM.format(selector=SELECTOR, key=key)
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return Started(load(path))


def planned(base: Path, readers: int) -> Path:
    """The folder with an edition planned for so many readers, made if need be."""
    folder = base / f"planned-{readers}"
    if not folder.exists():
        making = base / f"making-{readers}"
        making.mkdir(parents=True)
        _fill(configured(making), readers, datetime.now(UTC))
        making.rename(folder)
    return folder


def copied(source: Path, target: Path) -> Path:
    """A folder of its own for one run."""
    target.mkdir(parents=True)
    shutil.copyfile(source / "newsletter.db", target / "newsletter.db")
    return target


def _fill(started: Started, readers: int, now: datetime) -> None:
    with db.writing(started.engine) as session:
        number = _edition(session, started, now)
    for batch in batches(range(1, readers + 1), BATCH):
        with db.writing(started.engine) as session:
            _plan(session, started, [made_up.reader(each) for each in batch], number, now)
    db.scrub(started.engine)  # all of it stands in the one file that is copied
    started.engine.dispose()


def _edition(session: Session, started: Started, now: datetime) -> int:
    made = edition.freeze(session, period(now), wiring.issue(started.config), "made up", now)
    edition.freeze_papers(session, made, {each["key"]: each for each in made_up.papers()})
    return made


def _plan(session: Session, started: Started, readers: Sequence[made_up.Reader], made: int, now: datetime) -> None:
    session.connection().execute(insert(Subscriber), [_subscriber(each) for each in readers])
    planned = ledger_plans.plan_many(session, [_delivery(each, started, made, now) for each in readers])
    rows = [row for each, number in zip(readers, planned, strict=True) for row in _picks(each, number or 0)]
    session.connection().execute(insert(Pick), rows)


def _subscriber(reader: made_up.Reader) -> dict[str, Any]:
    return {
        "id": reader.number,
        "email": reader.email,
        "name": reader.name,
        "status": Status.ACTIVE,
        "created_at": made_up.JOINED,
        "confirmed_at": made_up.JOINED,
    }


def _delivery(reader: made_up.Reader, started: Started, made: int, now: datetime) -> dict[str, Any]:
    sender = started.config.newsletter.sender
    return {
        "subscriber_id": reader.number,
        "address": reader.email,
        "letter": DIGEST,
        "period": period(now),
        "edition_id": made,
        "state": State.PENDING,
        "message_id": ledger_plans.message_id(started.keys, sender, reader.number, DIGEST, period(now)),
        "date": now.replace(microsecond=0),
        "due_at": now,
        "details": {"considered": CONSIDERED, "name": reader.name, "model": "made up"},
        "not_before": now - timedelta(hours=1),
        "not_after": now + timedelta(days=30),
    }


def _picks(reader: made_up.Reader, delivery: int) -> Iterator[dict[str, Any]]:
    for each in reader.picks:
        yield {
            "subscriber_id": reader.number,
            "paper": made_up.papers()[each.paper]["key"],
            "delivery_id": delivery,
            "rank": each.rank,
            "score": 1 / each.rank,
            "trending": each.trending,
            "reasons": list(each.reasons),
        }


def period(now: datetime) -> str:
    return now.date().isoformat()

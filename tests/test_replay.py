"""The real record replayed: 415 list days in date order, and a December week for twenty readers over SMTP."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlmodel import Session, func, select
from world import KEYS, NOW, configured, reader

from newsletter import balance, db, fetch, pick, schedule, send, wiring
from newsletter.cli.catcher import catcher
from newsletter.cli.demo import over_smtp
from newsletter.cli.start import Started
from newsletter.mail.message import readable
from newsletter.models import Paper, Pick, Signal

pytestmark = [pytest.mark.shared_data, pytest.mark.uncounted]

TWENTY = (
    ("Language models",),
    ("Reasoning", "Agents"),
    ("Video", "Image generation"),
    ("Robotics", "Embodied intelligence"),
    ("Medical imaging",),
    ("Graphs", "Proteins and molecules"),
    ("Speech and audio",),
    ("3D scenes and Gaussian splatting",),
    ("Compression and quantization", "Efficient fine-tuning"),
    ("Interpretability", "Learning theory"),
    ("Code generation",),
    ("Retrieval-augmented generation", "Information retrieval"),
    ("Autonomous driving",),
    ("Reinforcement learning", "World models and planning"),
    ("Trust and safety", "Robustness and adversarial attacks"),
    ("Multilingual language processing",),
    ("State-space models", "Long context and memory"),
    ("sparse attention for diffusion transformers",),
    ("Climate and weather", "Quantum science"),
    (),
)


@pytest.fixture
def started(request, tmp_path, shared_data) -> Started:
    """A configuration whose only source is the record of daily papers, or of the days that are asked for."""
    path = shared_data / "huggingface" / "daily" / f"{getattr(request, 'param', '')}*.json.gz"
    return configured(tmp_path, f'[[sources]]\nname = "daily"\nkind = "file"\npath = "{path}"\n')


def days(shared_data, since="2024", until="2026"):
    names = sorted(path.name[:10] for path in (shared_data / "huggingface" / "daily").glob("*.json.gz"))
    return [day for day in names if since <= day < until]


def evening(day):
    return datetime.fromisoformat(day).replace(hour=20, tzinfo=UTC)


def read(started, at):
    with db.writing(started.engine) as session:
        (report,) = fetch.run(session, wiring.sources(started.config), None, at, NOW, lambda *_: None)
    return report


def plan(started, at):
    taste, issue = wiring.taste(started.config), wiring.issue(started.config)
    with Session(started.engine) as session:
        due = schedule.due(session, at, timedelta(hours=18))
    return pick.run(started.engine, due, taste, issue, KEYS, at, datetime.now(UTC))


def test_every_list_day_in_date_order_gives_each_paper_once(started, shared_data):
    ids = set()
    for day in days(shared_data):
        items = json.loads(
            gzip.decompress((shared_data / "huggingface" / "daily" / f"{day}.json.gz").read_bytes())
        )
        ids |= {item["paper"]["id"] for item in items}
        if int(day[-2:]) % 10 < 2:  # some evenings find one new list, some many
            report = read(started, evening(day))
            assert (report.error, report.problems) == ("", [])
    read(started, evening("2026-01-01"))

    with Session(started.engine) as session:
        titles = session.exec(select(Paper.title)).all()
        assert set(session.exec(select(Paper.key))) == {f"arxiv:{name}" for name in ids}
        assert session.exec(select(func.count()).select_from(Signal)).one() == len(ids) == 6119
    assert not [title for title in titles if "\n" in title or "  " in title]


@pytest.mark.parametrize("started", ["2025-1[012]"], indirect=True)
def test_a_quarter_of_digests_repeats_no_paper(started, shared_data):
    with Session(started.engine) as session:
        for number, topics in enumerate(TWENTY[::4]):
            reader(session, f"reader{number}@example.org", *topics)

    planned = 0
    for day in days(shared_data, "2025-10"):
        read(started, evening(day))
        planned += plan(started, evening(day)).planned

    with Session(started.engine) as session:
        picks = Counter(session.exec(select(Pick.subscriber_id, Pick.paper)))
        announced = dict(iter(session.exec(select(Paper.key, Paper.announced_at))))
    assert planned > 150
    assert max(picks.values()) == 1
    assert len(picks) > 700
    assert set(announced) >= {paper for _, paper in picks}


@pytest.mark.parametrize("started", ["2025-12"], indirect=True)
def test_a_december_week_for_twenty_readers_over_real_smtp(started, shared_data):
    with Session(started.engine) as session:
        for number, topics in enumerate(TWENTY):
            reader(session, f"reader{number}@example.org", *topics)

    with catcher() as caught:
        for day in days(shared_data, "2025-12-08", "2025-12-13"):
            read(started, evening(day))
            plan(started, evening(day))
            mailing = over_smtp(started, caught.port)
            send.run(
                started.engine,
                wiring.transport(mailing.config),
                lambda: datetime.now(UTC),
                wiring.policy(started.config, started.keys, datetime.now(UTC)),
                lambda _: None,
            )

    with Session(started.engine) as session:
        counted = balance.of(session, days(shared_data, "2025-12-08", "2025-12-13"))
    assert counted["planned"] == 100 == counted["sent"] + counted["skipped"]
    assert len(caught.messages) == counted["sent"] >= 55
    _every_message_is_complete(caught.messages)


def _every_message_is_complete(messages):
    for recipient, content in messages:
        message = message_from_bytes(content, policy=policy.default)
        text, html = readable(content)
        assert message["To"] == recipient
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert len(html.encode()) <= 90_000
        assert all("nsubscribe" in part for part in (text, html))
        assert any(reason in text for reason in ("atches", "limbing", "head of"))

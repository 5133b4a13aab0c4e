"""Size and time of a ten-paper digest: compiled once, then made for many readers, beside Jinja and EmailMessage.

All ways make the same digests of the same readers in one run, in rounds of random order; the ratios are medians of
the rounds' own ratios, with the range.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from newsletter import db, fetch, pick, render, wiring
from newsletter.cli.demo import SAMPLE_MOMENT
from newsletter.cli.start import Started
from newsletter.config import load
from newsletter.drafts import Draft
from newsletter.due import Due
from newsletter.links import Links
from newsletter.mail.content import DigestContent, roomy, variables
from newsletter.mail.message import readable
from newsletter.mail.template import fill_in
from newsletter.mail.words import tidy
from newsletter.models import Delivery
from newsletter.render import Press
from newsletter.shipped import shipped
from subscribers import people, preferences
from subscribers.models import FollowKind

KEYS = ("a key for measuring, and nothing else",)
AT = datetime.fromisoformat(SAMPLE_MOMENT)
READERS, BLOCK, ROUNDS = 192, 32, 9
NAMES = ("Ada", "José", "Grace", "Łukasz", "Wei", "Priya", "", "Emmy", "O'Neil", "Anna")
TOPICS = (
    "Language models",
    "Computer vision",
    "Reasoning",
    "Robotics",
    "Reinforcement learning",
    "Diffusion models",
)
CONFIG = """\
[newsletter]
from = "papers@example.org"
url = "https://papers.example.org"
[ranking]
model = "light"
[[sources]]
name = "sample"
kind = "file"
path = '{sample}'
"""

Values = dict[str, Any]


def planned(folder: Path) -> tuple[Started, list[int]]:
    """A database with the sample and a ten-paper digest for each of many readers; returns the deliveries' ids."""
    path = folder / "config.toml"
    path.write_text(CONFIG.format(sample=shipped("sample") / "*.jsonl"), encoding="utf-8")
    started = Started(load(path))
    with db.writing(started.engine) as session, wiring.fetcher(started.config) as fetcher:
        fetch.run(session, wiring.sources(started.config), fetcher, AT, AT, lambda *_: None)
        due = [Due(_reader(session, number), AT.date().isoformat()) for number in range(READERS)]
    pick.run(started.engine, due, wiring.taste(started.config), wiring.issue(started.config), KEYS, AT, AT)
    with Session(started.engine) as session:
        return started, list(session.exec(select(Delivery.id).order_by(col(Delivery.id))))


def _reader(session: Session, number: int) -> int:
    """No two alike: of this name and number, following three topics."""
    topics = islice(cycle(TOPICS), number % len(TOPICS), number % len(TOPICS) + 3)
    follows = [preferences.parse_follow(FollowKind.TOPIC, topic) for topic in topics]
    wanted = preferences.parse({"name": f"{NAMES[number % len(NAMES)]} {number}"})
    email = f"reader{number}@example.org"
    return people.add(session, email, wanted, follows, now=AT, confirmed=True, wording="measured").id


def usual(draft: Draft, values: Values) -> bytes:
    """The same mail as it is usually made: Jinja for each reader, then EmailMessage. The values are given."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = "Trending Papers <papers@example.org>", draft.address
    mail["Subject"], mail["Message-ID"] = values["subject"], draft.message_id
    mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"] = (
        values["unsubscribe_url"],
        "List-Unsubscribe=One-Click",
    )
    mail.set_content(tidy(fill_in(draft.issue.letter, "text", values)), cte="quoted-printable")
    html = fill_in(draft.issue.letter, "html", values)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def template_values(draft: Draft) -> Values:
    """What the templates of this draft are filled in with, as one mapping."""
    links = Links(draft.issue.imprint.url, KEYS)
    facts: DigestContent = render.facts(draft, links)
    thumb = partial(links.thumb, draft.subscriber_id or 0, draft.period)
    papers = tuple(
        replace(
            each.article.paper,
            topics=each.topics,
            reasons=(each.why,),
            trending=each.trending,
            interests=each.interests,
            more_url=thumb(rank, up=True),
            less_url=thumb(rank, up=False),
        )
        for each, rank in zip(draft.stories, draft.ranks, strict=True)
    )
    return variables(replace(facts, papers=papers), roomy(len(papers)))


def microseconds(work: Callable[[], object], count: int) -> float:
    """Processor time for each of so many."""
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1e6 / count


def measure() -> dict[str, Any]:
    """All figures: bytes, microseconds a message, ratios as (median, least, most)."""
    with tempfile.TemporaryDirectory() as folder:
        started, ids = planned(Path(folder))
        with Session(started.engine) as session:
            figures = _measured(session, ids)
        started.engine.dispose()
    return figures


def _measured(session: Session, ids: Sequence[int]) -> dict[str, Any]:
    press, bare = Press(KEYS), Press(KEYS, cached=False)
    blocks = [ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)]
    drafts = [draft for block in blocks for draft in press.load(session, block).values()]
    first = microseconds(lambda: [press.envelope(draft) for draft in drafts], len(drafts))
    few = [(draft, template_values(draft)) for draft in drafts[:BLOCK]]
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "load": (lambda: [press.load(session, block) for block in blocks], len(ids)),
        "envelope": (lambda: [press.envelope(draft) for draft in drafts], len(drafts)),
        "envelope_without_cache": (lambda: [bare.envelope(draft) for draft, _ in few], len(few)),
        "jinja_and_email_message": (lambda: [usual(draft, values) for draft, values in few], len(few)),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name in random.sample(list(ways), len(ways)):
            took[name].append(microseconds(*ways[name]))
    written = [press.envelope(draft).content for draft in drafts]
    text, html = readable(written[0])
    return {
        "html_bytes": len(html.encode()),
        "text_bytes": len(text.encode()),
        "message_bytes": round(statistics.mean(map(len, written))),
        "envelope_first_us": round(first, 1),
        **{f"{name}_us": round(statistics.median(each), 1) for name, each in took.items()},
        "usual_to_envelope": _ratio(took["jinja_and_email_message"], took["envelope"]),
        "usual_to_load_and_envelope": _ratio(
            took["jinja_and_email_message"],
            [sum(pair) for pair in zip(took["load"], took["envelope"], strict=True)],
        ),
    }


def _ratio(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    ratios = [one / other for one, other in zip(slow, fast, strict=True)]
    return [round(figure, 1) for figure in (statistics.median(ratios), min(ratios), max(ratios))]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    figures = measure()
    if parser.parse_args().json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:30}{value!s:>24}")


if __name__ == "__main__":
    main()

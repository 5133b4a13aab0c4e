"""Size and time of a ten-paper digest: compile once, render and assemble per reader, from the bundled sample."""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, select

from newsletter import db, fetch, pick, render, wiring
from newsletter.chooser import chooser
from newsletter.cli.demo import SAMPLE_MOMENT
from newsletter.cli.start import Started
from newsletter.config import load
from newsletter.mail.message import readable
from newsletter.models import Delivery
from newsletter.shipped import shipped
from subscribers import people, preferences
from subscribers.models import FollowKind

KEYS = ("a key for measuring, and nothing else",)
AT = datetime.fromisoformat(SAMPLE_MOMENT)
CONFIG = """\
[newsletter]
from = "papers@example.org"
url = "https://papers.example.org"
[[sources]]
name = "sample"
kind = "file"
path = '{sample}'
"""


def milliseconds(work: Callable[[], object], times: int) -> float:
    """The median of so many runs."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1e3)
    return round(statistics.median(took), 2)


def planned(folder: Path) -> tuple[Started, int]:
    """A database with the sample and one planned ten-paper digest; returns its delivery's id."""
    path = folder / "config.toml"
    path.write_text(CONFIG.format(sample=shipped("sample") / "*.jsonl"), encoding="utf-8")
    started = Started(load(path))
    follows = [preferences.parse_follow(FollowKind.TOPIC, "Language models")]
    with db.writing(started.engine) as session, wiring.fetcher(started.config) as fetcher:
        fetch.run(session, wiring.sources(started.config), fetcher, AT, AT, lambda *_: None)
        reader = people.add(
            session, "ada@example.org", follows=follows, now=AT, confirmed=True, wording="measured"
        )
        due = [pick.Due(reader.id, AT.date().isoformat())]
    pick.run(started.engine, due, wiring.taste(started.config), wiring.issue(started.config), KEYS, AT, AT)
    with Session(started.engine) as session:
        return started, session.exec(select(Delivery.id)).one()


def measure() -> dict[str, float]:
    """All figures, in milliseconds and bytes."""
    with tempfile.TemporaryDirectory() as folder:
        started, delivery_id = planned(Path(folder))
        with Session(started.engine) as session:
            envelope = render.run(session, delivery_id, KEYS)
            text, html = readable(envelope.content)
            reader = people.find(session, "ada@example.org")
            choose = chooser(session, [reader.id], AT, wiring.taste(started.config))
            profile = choose.profile(reader)
            figures = {
                "html_bytes": len(html.encode()),
                "text_bytes": len(text.encode()),
                "message_bytes": len(envelope.content),
                "compile_ms": milliseconds(lambda: wiring.issue(started.config), 9),
                "choose_ms": milliseconds(lambda: choose.choose(profile, (), 10), 50),
                "render_and_assemble_ms": milliseconds(lambda: render.run(session, delivery_id, KEYS), 50),
            }
        started.engine.dispose()
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    figures = measure()
    if parser.parse_args().json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:24}{value:>12,}")


if __name__ == "__main__":
    main()

"""A small made-up world: papers, readers, a source that tells what it is given. Used by the steps' tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import select

from newsletter import fetch, pick, send, wiring
from newsletter.cli.start import Started
from newsletter.config import load
from newsletter.due import Due
from newsletter.mail import Outcome, Phase, Verdict, one_by_one
from newsletter.models import Delivery
from newsletter.sources import Entry, Reading, Snapshot
from subscribers import people, preferences
from subscribers.models import FollowKind

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
KEYS = ("a secret of thirty-two characters",)
TITLES = (
    "Message passing on molecular graphs",
    "Graph neural networks for catalysts",
    "A transformer for speech recognition",
    "Quantum error correction with codes",
    "Scaling laws of language models",
    "Bayesian inference of dark matter",
)


class Told:
    """A source that tells the entries it was made with."""

    def __init__(self, *entries, name="told", problems=(), error=None):
        self.name, self.entries, self.problems, self.error = name, entries, problems, error
        self.memories = []

    def read(self, fetcher, memory, now, progress):
        self.memories.append(dict(memory))
        progress("asked")
        if self.error:
            raise self.error
        return Reading(list(self.entries), list(self.problems), {"reads": len(self.memories)})


def entry(title, number=1, **more):
    """One paper announced a day before NOW, with two snapshots."""
    announced = more.pop("announced_at", NOW - timedelta(days=1))
    seen = announced or NOW
    defaults = {
        "title": title,
        "abstract": f"We study {title.lower()} and say what we found.",
        "authors": ("Ada Lovelace", "Emmy Noether"),
        "author_count": 2,
        "arxiv_id": f"2603.{number:05}",
        "url": f"https://arxiv.org/abs/2603.{number:05}",
        "announced_at": announced,
        "snapshots": (
            Snapshot(seen + timedelta(hours=6), upvotes=number),
            Snapshot(seen + timedelta(hours=12), upvotes=3 * number),
        ),
    }
    return Entry(**defaults | more)


def papers():
    return [entry(title, number) for number, title in enumerate(TITLES, 1)]


def stored(session, *entries, now=NOW):
    """Fetch these entries (or the six usual ones) into the database."""
    return fetch.run(session, [Told(*(entries or papers()))], None, now, now, lambda *_: None)


def reader(session, email="ada@example.org", *topics, **chosen):
    """A confirmed reader at 7 UTC who follows these topics."""
    kinds = {kind: chosen.pop(kind.value, ()) for kind in FollowKind}
    kinds[FollowKind.TOPIC] = topics
    mutes = [preferences.parse_mute(text) for text in chosen.pop("mutes", ())]
    follows = [preferences.parse_follow(kind, text) for kind, texts in kinds.items() for text in texts]
    wanted = preferences.parse({name: str(value) for name, value in chosen.items()})
    made = people.add(session, email, wanted, [*follows, *mutes], now=NOW, confirmed=True, wording="asked")
    session.commit()
    return made


def configured(folder: Path, text: str = "") -> Started:
    """A configuration in this folder, started."""
    path = folder / "config.toml"
    light = '[ranking]\nmodel = "light"\n' if "[ranking]" not in text else ""  # loading vectors takes long
    path.write_text(
        light + '[newsletter]\nfrom = "papers@example.org"\nurl = "https://papers.example.org"\n' + text
    )
    return Started(load(path))


def planned(session, config, at=NOW, readers=None):
    """Plan a digest for these readers (or everybody) for NOW's day."""
    everybody = readers or list(people.listing(session))
    due = [Due(each.id, at.date().isoformat(), timedelta(hours=18)) for each in everybody]
    session.commit()
    found = pick.run(session.get_bind(), due, wiring.taste(config), wiring.issue(config), KEYS, at, at)
    session.expire_all()
    return found


class Scripted:
    """A transport that answers as it was told, and keeps what it was given."""

    def __init__(self, *outcomes):
        self.outcomes, self.envelopes = list(outcomes), []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    def drain(self, feed):
        one_by_one(feed, self.send)

    def refuse(self):
        return False

    def abort(self):
        return None

    def send(self, envelope):
        self.envelopes.append(envelope)
        return self.outcomes.pop(0) if self.outcomes else Outcome(Verdict.SENT, Phase.REPLIED, "250 ok")


def policy(**changes):
    return send.Policy(
        **{"owner": "test", "keys": KEYS, "lease": timedelta(seconds=60), "on_unknown": "resend"} | changes
    )


def sending(engine, transport, now=NOW, **changes):
    return send.run(engine, lambda: transport, lambda: now, policy(**changes), lambda _: None)


def states(session):
    session.expire_all()
    return session.exec(select(Delivery.state).order_by(Delivery.id)).all()


def deferred(reply="451 later"):
    return Outcome(Verdict.DEFERRED, Phase.REPLIED, reply)

"""Asks the JSON API as a program does: JSON in, JSON out, tokens in a header."""

from contextlib import contextmanager

from sqlmodel import Session, select
from web_site import visitor
from world import KEYS

from newsletter import db
from subscribers import tokens
from subscribers.models import Subscriber

ROOT = "/api/v1"
TOML = """
[digest]
floor = 0.1
[signup]
per_client = "1000000 per hour"
per_domain = "1000000 per hour"
overall = "1000000 per hour"
"""

FULL = {
    "name": "Ada",
    "topics": [{"name": "Graphs", "weight": 2.0}, {"name": "of my own", "weight": 1.0}],
    "keywords": [{"name": "a=b", "weight": 0.5}],
    "authors": [{"name": "Emmy Noether", "weight": 1.0}],
    "categories": [{"name": "cs.LG", "weight": 1.0}],
    "orgs": [{"name": "The Lab", "weight": 1.0}],
    "mutes": [{"kind": "topic", "name": "Quantum science"}, {"kind": "author", "name": "Bad Author"}],
    "examples": ["arXiv:1706.03762", "doi:10.1000/a_b", "A title of several words"],
    "cadence": "chosen",
    "weekdays": ["mon", "fri"],
    "hour": 18,
    "timezone": "Europe/Berlin",
    "size": 5,
}


@contextmanager
def shared_site(folder):
    """A site for many tests that only read, or whose requests are refused; nobody asks it too often."""
    engine = db.connect(f"sqlite:///{folder}/newsletter.db")
    db.upgrade(engine)
    yield visitor(engine, folder, TOML)
    engine.dispose()


def call(guest, method, url, body=None, token="", **headers):
    """The answer of the API; `url` starts below /api/v1."""
    sent = {"X-Forwarded-For": guest.ip, "User-Agent": "a program"} | headers
    if token:
        sent["Authorization"] = f"Bearer {token}"
    return guest.http.request(method, f"{guest.site.prefix}{ROOT}{url}", json=body, headers=sent)


def token_of(reader_id, purpose=tokens.Purpose.PREFERENCES):
    return tokens.sign(purpose, reader_id, KEYS)


def subscribe(guest, email="ada@example.org", **more):
    return call(guest, "POST", "/subscriptions", {"email": email} | more)


def letters(guest):
    return [each.letter for each in guest.deliveries()]


def statuses(engine):
    with Session(engine) as session:
        return {each.email: each.status for each in session.exec(select(Subscriber))}

"""A newsletter on stage for a real browser: pages over HTTP, letters over SMTP, papers from the bundled sample."""

import re
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from sqlmodel import Session
from web_site import made
from world import KEYS, configured

from newsletter import db, fetch, pick, schedule, send, wiring
from newsletter.cli.catcher import catcher
from newsletter.cli.demo import over_smtp
from newsletter.cli.start import Started
from newsletter.due import Due
from newsletter.mail.message import readable
from newsletter.shipped import shipped
from newsletter.web.app import make_app

NOW = datetime(2026, 4, 23, 14, tzinfo=UTC)  # the sample's day
TOML = """
[[sources]]
name = "sample"
kind = "file"
path = '{sample}'
[signup]
minimum_seconds = 0
per_client = "1000 per hour"
"""
NARROW = 600
WRONG = {"resultTypes": ["violations"]}  # whatever is right is not listed: the lists are long
RULES = WRONG | {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
CONTRAST = WRONG | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
PAST_THE_EDGE = """() => [...document.querySelectorAll('body *')]
    .filter(e => { const r = e.getBoundingClientRect(), hidden = getComputedStyle(e).position === 'absolute';
        return r.width > 1 && r.right > innerWidth + 0.5 && r.left >= 0 && !hidden })
    .map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)"""


class Stage:
    """One newsletter that runs; mails that it sent are kept by recipient."""

    def __init__(self, started, caught, home):
        self.started, self.caught, self.home = started, caught, home
        with db.writing(started.engine) as session:
            fetch.run(session, wiring.sources(started.config), None, NOW, NOW, lambda *_: None)
        self.site = made(started.config, started.engine, lambda: NOW, lambda: None)

    def mails(self, recipient):
        return [content for to, content in self.caught.messages if to == recipient]

    def letter(self, recipient, subject):
        """The newest mail to somebody whose subject holds these words."""
        self.deliver()
        found = [mail for mail in self.mails(recipient) if subject in headers(mail)["Subject"]]
        assert found, (
            f"no mail {subject!r} to {recipient}: {[headers(m)['Subject'] for m in self.mails(recipient)]}"
        )
        return found[-1]

    def deliver(self):
        """What `newsletter send` does after planning, over SMTP to the catcher."""
        config = self.started.config
        policy = wiring.policy(config, KEYS, NOW)
        return send.run(self.started.engine, wiring.transport(config), lambda: NOW, policy, lambda _: None)

    def plan_digests(self):
        """What `newsletter send` does before: a digest for everybody, whatever their hour."""
        config = self.started.config
        with Session(self.started.engine) as session:
            due = [
                Due(each.subscriber_id, NOW.date().isoformat(), timedelta(hours=18))
                for each in schedule.due(session, NOW + timedelta(days=1), timedelta(hours=30))
            ]
        found = pick.run(self.started.engine, due, wiring.taste(config), self.site.issue, KEYS, NOW, NOW)
        assert found.planned, found


def headers(mail):
    return message_from_bytes(mail, policy=policy.default)


def link(mail, path):
    """The first URL of a mail's text that leads below this path."""
    text, html = readable(mail)
    return re.search(rf"http://[^\s\"<>]+/{path}/[^\s\"<>]+", text + html)[0]


def one_click(mail):
    return re.match(r"<(http[^>]+)>", headers(mail)["List-Unsubscribe"])[1]


@contextmanager
def on_stage(folder):
    """The newsletter for the length of a `with` block."""
    started = configured(folder, TOML.format(sample=shipped("sample") / "*.jsonl"))
    with catcher() as caught, socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        place.listen(64)
        home = f"http://127.0.0.1:{place.getsockname()[1]}"
        stage = Stage(called(over_smtp(started, caught.port), home), caught, home)
        with serving(make_app(stage.site), place):
            yield stage


def called(started, home):
    """The same newsletter under the address where it is served."""
    newsletter = started.config.newsletter.model_copy(update={"url": home})
    return Started(started.config.model_copy(update={"newsletter": newsletter}))


@contextmanager
def serving(app, place):
    """A real server on this socket, in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def faults(page):
    """What axe finds and what stands past the right edge, light and dark; colours are the same in every room."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # Barriers do not change with the colours, but for contrast.
        options = RULES if scheme == "light" else CONTRAST
        if scheme == "dark" and page.viewport_size["width"] < NARROW:
            found += page.evaluate(PAST_THE_EDGE)
            continue
        violations = Axe().run(page, options=options).response["violations"]
        found += [
            f"{scheme} {one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in violations
        ]
        found += page.evaluate(PAST_THE_EDGE)
    page.emulate_media(color_scheme="light")
    return found

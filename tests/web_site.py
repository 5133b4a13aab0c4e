"""A whole site for tests of the web: papers, letters, a clock to turn, and a visitor with a browser's habits."""

import re
import time
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import Session, select
from starlette.testclient import TestClient
from world import KEYS, NOW, configured, stored

from newsletter import wiring
from newsletter.edition import Issue
from newsletter.mail import letter
from newsletter.mail.template import load_letter
from newsletter.models import Delivery
from newsletter.shipped import shipped
from newsletter.showcase import Showcase
from newsletter.web.app import make_app
from newsletter.web.page import environment
from newsletter.web.site import Site
from subscribers.letters import LetterKind

OURS = shipped("templates") / "email"
LETTERS = {kind: letter.load(kind, [OURS]) for kind in LetterKind}
DIGEST = load_letter("digest", [OURS])
PAGES = environment([shipped("templates") / "web"])  # its compiled templates are kept: a page costs a fifth then


@dataclass
class Turning:
    """A clock that moves when a test says so."""

    now: object = NOW

    def __call__(self):
        return self.now

    def passes(self, **span):
        self.now += timedelta(**span)


@dataclass
class Visitor:
    """Opens pages and sends their forms as a browser would: with the stamp, some seconds later."""

    site: Site
    clock: Turning
    woken: list = field(default_factory=list)
    ip: str = "203.0.113.7"

    def __post_init__(self):
        # Starlette's client calls itself "testclient", which no list of trusted proxies can hold.
        self.http = TestClient(
            make_app(self.site), base_url="http://testserver", follow_redirects=False, client=("127.0.0.1", 50000)
        )

    def _headers(self, given):
        return {"X-Forwarded-For": self.ip, "Sec-Fetch-Site": "same-origin"} | (given or {})

    def get(self, url, headers=None, **options):
        return self.http.get(path(url), headers=self._headers(headers), **options)

    def post(self, url, data=None, headers=None, **options):
        return self.http.post(path(url), data=data or {}, headers=self._headers(headers), **options)

    def send(self, url, page="", wait=10, **fields):
        """Open a page, take its stamp, wait as a person does, and send the form."""
        stamp = stamp_in(self.get(page or url).text)
        self.clock.passes(seconds=wait)
        return self.post(url, {"stamp": stamp} | fields)

    def deliveries(self):
        with Session(self.site.engine) as session:
            return list(session.exec(select(Delivery).order_by(Delivery.id)))


def path(url):
    return re.sub(r"^https?://[^/]+", "", url)


def stamp_in(html):
    return re.search(r'name="stamp" value="([^"]+)"', html)[1]


def visitor(engine, folder, toml="", entries=(), url="", refused=frozenset()):
    """A visitor of a new site on this database, with the six usual papers or the given ones."""
    clock, woken = Turning(), []
    config = configured(folder, toml).config
    if url:
        config = config.model_copy(update={"newsletter": config.newsletter.model_copy(update={"url": url})})
    with Session(engine) as session:
        stored(session, *entries)
        session.commit()
    site = made(config, engine, clock, lambda: woken.append(1), refused)
    return Visitor(site, clock, woken)


def made(config, engine, clock, wake, refused=frozenset()):
    """The site of this configuration, with our own pages and a clock of the test's."""
    return Site(
        config=config,
        engine=engine,
        keys=KEYS,
        letters=imprinted(LETTERS, config),
        issue=imprinted({"digest": DIGEST}, config)["digest"],
        showcase=Showcase(engine, wiring.taste(config), clock),
        pages=PAGES,
        clock=clock,
        wake=wake,
        seconds=time.time,
        sleep=lambda _: None,
        refused_domains=refused,
    )


def imprinted(compiled, config):
    """Compiled letters with the imprint of this configuration: compiling takes longer than most tests."""
    imprint = wiring.imprint(config)
    return {kind: Issue(each, imprint) for kind, each in compiled.items()}

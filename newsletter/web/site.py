"""What the pages work with, made once: configuration, database, signing keys, letters, limits, a clock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import jinja2
from fastapi import Request
from sqlalchemy import Engine

from newsletter import wiring
from newsletter.config import Config
from newsletter.edition import Issue
from newsletter.links import Links
from newsletter.showcase import Showcase
from newsletter.web.desk import Desk
from newsletter.web.stamp import Stamps
from newsletter.web.throttle import Rates, Throttle
from subscribers.addresses import normalise
from subscribers.errors import InvalidPreference
from subscribers.letters import LetterKind
from subscribers.signup import Asker, Terms
from subscribers.topics import Catalogue

LONGEST_AGENT = 400
EVEN_SECONDS = 0.1  # several times what the slowest way takes


@dataclass(frozen=True)
class Site:
    """Everything a page may ask for. `wake` tells the sender of letters that there may be one to send.

    `clock` is the calendar, which may be moved; `seconds` is the real time, for rates.
    """

    config: Config
    engine: Engine
    keys: tuple[str, ...]
    letters: Mapping[LetterKind, Issue]
    issue: Issue
    showcase: Showcase
    pages: jinja2.Environment
    clock: Callable[[], datetime]
    wake: Callable[[], None]
    seconds: Callable[[], float]
    sleep: Callable[[float], None]
    refused_domains: frozenset[str] = frozenset()
    config_file: Path | None = None

    @cached_property
    def links(self) -> Links:
        """Whole URLs, for mails, feeds and robots."""
        return Links(self.config.newsletter.url, self.keys)

    @cached_property
    def paths(self) -> Links:
        """The same without scheme and host, for pages: they work under every name that the server has."""
        return Links(self.prefix, self.keys)

    @cached_property
    def catalogue(self) -> Catalogue:
        return self.config.catalogue()

    @cached_property
    def throttle(self) -> Throttle:
        signup = self.config.signup
        return Throttle(Rates(signup.per_client, signup.per_domain, signup.overall), self.seconds)

    @cached_property
    def desk(self) -> Desk:
        """What the studio works with."""
        return Desk(self.config_file, self.config, self.engine, self.keys)

    @cached_property
    def stamps(self) -> Stamps:
        return Stamps(self.keys, self.clock, timedelta(seconds=self.config.signup.minimum_seconds))

    @cached_property
    def terms(self) -> Terms:
        return wiring.terms(self.config)

    @cached_property
    def prefix(self) -> str:
        """The path of newsletter.url without a slash at its end: pages may live below one."""
        return "/" + path if (path := self.links.home().split("/", 3)[3].strip("/")) else ""

    @contextmanager
    def evenly(self) -> Iterator[None]:
        """Take the same time whatever is found: how long an answer takes must not tell who reads."""
        start = self.seconds()
        yield
        self.sleep(max(0.0, EVEN_SECONDS - (self.seconds() - start)))

    def address(self, typed: str) -> str:
        """The normalised address of somebody who wants letters; InvalidPreference when it cannot have any."""
        email = normalise(typed)
        domain = email.rpartition("@")[2]
        if any(domain == refused or domain.endswith(f".{refused}") for refused in self.refused_domains):
            raise InvalidPreference("email", typed, "this newsletter does not write to throw-away addresses")
        return email


def site_of(request: Request) -> Site:
    """The site that this request is for."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def ip_of(request: Request) -> str:
    """The client's own address, behind trusted proxies too; "" when the server does not know."""
    return request.client.host if request.client else ""


def asker_of(request: Request, wording: str = "") -> Asker:
    """Who asked, and the exact words they saw: for the consent record."""
    return Asker(wording=wording, ip=ip_of(request), agent=request.headers.get("user-agent", "")[:LONGEST_AGENT])

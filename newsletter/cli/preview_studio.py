"""The studio of `newsletter preview`: its page on a port of this machine, and a browser that shows it."""

import contextlib
import secrets
import webbrowser
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import typer

from newsletter.cli import running
from newsletter.cli.start import Started, now
from newsletter.cli.web import Serving, listen, make_site, started_at

if TYPE_CHECKING:
    from newsletter.preview import Asked
    from newsletter.web.site import Site

HOST = "127.0.0.1"


def serve(started: Started, asked: "Asked | None", at: datetime | None, port: int, *, opens: bool) -> None:
    """Show the studio until Ctrl-C; UnknownSubscriber for a reader who is not there."""
    from newsletter.web.studio_app import make_studio

    query = _query(started, asked, at)
    site, token = _site(started, at), secrets.token_urlsafe(24)
    with contextlib.closing(listen(HOST, port)) as listening:
        place = f"http://{HOST}:{listening.getsockname()[1]}{site.prefix}/admin/open/{token}"
        url = f"{place}?{urlencode(query)}" if query else place
        pages = Serving(site, listening, make_studio(site, token))

        def said() -> None:
            typer.echo(f"The studio is at {url}\nWhoever has this URL sees readers' mail. Stop with Ctrl-C.")
            if opens:
                webbrowser.open(url)

        running.run(_quiet(started), [pages], said)


def _quiet(started: Started) -> Started:
    """Without a line for each request: the page asks twice a second whether a file was saved."""
    log = started.config.log.model_copy(update={"level": "warning"})
    return Started(started.config.model_copy(update={"log": log}), started.path)


def _query(started: Started, asked: "Asked | None", at: datetime | None) -> list[tuple[str, str]]:
    from newsletter.preview import MadeUp

    query = [("at", f"{now(at):%Y-%m-%dT%H:%M}"), ("zone", "UTC")] if at else []
    if isinstance(asked, MadeUp):
        query += [("topic", topic) for topic in asked.topics]
        return [*query, ("keyword", ",".join(asked.keywords)), ("size", str(asked.size))]
    return [*query, ("reader", _number(started, asked))] if asked else query


def _number(started: Started, email: str) -> str:
    from sqlmodel import Session

    from subscribers import people

    with Session(started.engine) as session:
        return str(people.find(session, email).id)


def _site(started: Started, at: datetime | None) -> "Site":
    """The site with the shipped templates: the studio reads the user's own, and shows what is wrong with them."""
    config = started.config
    plain = {name: getattr(config, name).model_copy(update={"templates": ""}) for name in ("digest", "web")}
    shipped = Started(config.model_copy(update=plain), started.path)
    return make_site(shipped, lambda: None, started_at(at))

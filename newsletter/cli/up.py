"""`newsletter up`: pages, clock and sender in one process; the first start makes all that it needs."""

import contextlib
import os
import sys
import threading
from pathlib import Path

import typer

from newsletter.cli import running, web
from newsletter.cli.running import Part, Recurring
from newsletter.cli.start import DEFAULT_CONFIG, ConfigPath, Started, start

WARM_SECONDS = 15.0
LINK_HOURS = 1.0


def up(
    context: typer.Context, host: web.Host = "", port: web.Port = None, config: ConfigPath = DEFAULT_CONFIG
) -> None:
    """Run the whole newsletter: serve the pages, fetch and plan by the clock, send. Stop with Ctrl-C or SIGTERM.

    Without a config.toml in this folder, and without --config, it writes one. The database and the secret key are
    made where they are missing. A login link for the admin pages is printed at a first start and on a terminal.
    """
    first = _is_default(context) and written(config)
    started = start(config)
    woken = threading.Event()
    site = web.make_site(started, woken.set)
    parts = [*working(started, woken), Recurring("warm", {"warm": site.showcase.topic_counts}, WARM_SECONDS)]
    listening = web.listen_as_told(started, host, port)
    with contextlib.closing(listening):
        lines = [f"First start: {config.absolute()} is written. Look through it."] if first else []
        lines += [web.serving(started, listening), _mails(started)]
        lines += [_admin(started, may_show=first or sys.stdout.isatty()), "Stop with Ctrl-C."]
        running.run(started, [web.Serving(site, listening), *parts], lambda: typer.echo("\n".join(lines)))


def working(started: Started, woken: threading.Event) -> list[Part]:
    """The sender and the clock that wakes it; whatever they cannot do without is asked for now."""
    from newsletter import wiring
    from newsletter.cli.outgoing import sender
    from newsletter.cli.tick import Ticker

    wiring.transport(started.config)
    parts = wiring.parts(started.config, started.engine, started.keys)
    return [sender(started, woken), Ticker(started, parts, woken.set)]


def _is_default(context: typer.Context) -> bool:
    source = context.get_parameter_source("config")
    return source is not None and source.name == "DEFAULT"


def written(path: Path) -> bool:
    """Write the shipped configuration where there is none; whether it did. Later it may hold a password."""
    from newsletter.shipped import shipped

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(shipped("config.toml").read_bytes())
    return True


def _mails(started: Started) -> str:
    config = started.config
    if config.delivery.transport == "folder":
        return (
            f'Mails are written to {config.path(config.delivery.folder)}: delivery.transport = "smtp" sends them.'
        )
    return f"Mails leave by {config.smtp.host}:{config.smtp.port}."


def _admin(started: Started, *, may_show: bool) -> str:
    """A login link only where somebody looks: what a service prints is kept in a journal that others read."""
    from newsletter.cli.admin import new_link

    if not may_show:
        return "Admin pages: `newsletter admin link` prints a login link."
    link, until = new_link(started, LINK_HOURS)
    return f"Admin pages: {link}\nThe link is good once, until {until:%Y-%m-%d %H:%M} UTC. Keep it to yourself."

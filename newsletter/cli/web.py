"""`newsletter web`: the public pages and the sender of letters in one process."""

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import running
from newsletter.cli.start import DEFAULT_CONFIG, At, ConfigPath, Started, now, start

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.send import Clock
    from newsletter.web.guard import App
    from newsletter.web.site import Site

GRACE_SECONDS = 6  # for answers in hand when the process is told to end


Host = Annotated[str, typer.Option("--host", metavar="HOST", help="Listen here instead of web.host.")]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, metavar="PORT", help="Instead of web.port; 0 takes a free one."),
]


def web(
    host: Host = "",
    port: Port = None,
    at: At = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Serve the public pages, and send the letters that they call for. Stop with Ctrl-C or SIGTERM.

    Put a server with TLS before it, such as nginx or Caddy, and name its address in web.trusted_proxies.
    Digests are sent by `newsletter send`. With --at the clock starts there and goes on: to try the sample's day.
    """
    from newsletter import wiring
    from newsletter.cli.outgoing import Tidy, sender

    started = start(config)
    wiring.transport(started.config)  # what cannot send is to say so now, not when somebody waits for a letter
    clock = started_at(at)
    woken = threading.Event()
    site = make_site(started, woken.set, clock)
    # The thread warms what would else be counted for the visitor who comes when it has grown old.
    jobs: dict[str, Callable[[], object]] = {"tidy": Tidy(started, clock), "warm": site.showcase.topic_counts}
    letters = sender(started, woken, clock, jobs, letters_only=True)
    listening = listen_as_told(started, host, port)
    pages = Serving(site, listening)
    with contextlib.closing(listening):
        running.run(
            started, [pages, letters], lambda: typer.echo(f"{serving(started, listening)} Stop with Ctrl-C.")
        )


def serving(started: Started, listening: socket.socket) -> str:
    """One line that says what is served where."""
    address = "{}:{}".format(*listening.getsockname()[:2])
    return f"Serving {started.config.newsletter.url} on {address}."


class Serving:
    """The part of a process that serves the pages."""

    name = "web pages"

    def __init__(self, site: "Site", listening: socket.socket, app: "App | None" = None) -> None:
        """All pages of the site, or this application instead."""
        import uvicorn

        from newsletter.web.app import make_app

        options = uvicorn.Config(
            app or make_app(site),
            access_log=False,  # ours names routes: a path may hold a token
            log_config=None,
            proxy_headers=False,  # the app itself believes web.trusted_proxies alone
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self.broken: BaseException | None = None
        self._server, self._listening = uvicorn.Server(options), listening
        self._thread: threading.Thread | None = None

    def start(self, ended: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=self._run, args=(ended,), name=self.name, daemon=True)
        self._thread.start()

    def ask(self) -> None:
        self._server.should_exit = True

    def join(self, seconds: float) -> bool:
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self, ended: Callable[[], None]) -> None:
        try:
            self._server.run(sockets=[self._listening])
        except BaseException as error:  # noqa: BLE001 - the process raises it at its end
            self.broken = error
        finally:
            ended()


def started_at(at: datetime | None) -> "Clock":
    """The real clock, or one that starts at `at` and goes on."""
    if at is None:
        return now
    ahead = at - now()
    return lambda: now() + ahead


def listen_as_told(started: Started, host: str, port: int | None) -> socket.socket:
    """A socket where the options say, else where the configuration says."""
    settings = started.config.web
    return listen(host or settings.host, settings.port if port is None else port)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; OSError names the place and the cure, for the one line that people see."""
    place = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        cure = f"{error.strerror}: give an address of this machine with --host or web.host"
        raise OSError(error.errno or errno.EADDRNOTAVAIL, cure, place) from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(socket.SOMAXCONN)
    except OSError as error:
        made.close()
        raise OSError(error.errno, _why_not(error), place) from error
    return made


def _why_not(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens there: stop it, or give another --port"
    return f"{error.strerror}: give another --host or --port"


def make_site(started: Started, wake: Callable[[], None], clock: "Clock" = now) -> "Site":
    """All that the pages work with, made once: templates are compiled and the tables are there."""
    from newsletter import wiring
    from newsletter.showcase import Showcase
    from newsletter.web.page import environment
    from newsletter.web.site import Site

    config = started.config
    return Site(
        config=config,
        engine=started.engine,
        keys=started.keys,
        letters=wiring.letters(config),
        issue=wiring.issue(config),
        showcase=Showcase(started.engine, wiring.taste(config), clock),
        pages=environment(wiring.pages(config), wiring.look(config)),
        clock=clock,
        wake=wake,
        seconds=time.time,
        sleep=time.sleep,
        refused_domains=_refused_domains(config),
        config_file=started.path,
    )


def _refused_domains(config: "Config") -> frozenset[str]:
    from newsletter.errors import ConfigError

    if not config.signup.refused_domains:
        return frozenset()
    file = config.path(config.signup.refused_domains)
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(
            f"signup.refused_domains: {file} cannot be read: {why}: name a list of domains"
        ) from error
    return frozenset(word for line in lines if (word := line.partition("#")[0].strip().lower()))

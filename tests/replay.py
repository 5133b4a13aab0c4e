"""A small real HTTP server that gives scripted answers and writes down what it was asked; and a clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from newsletter.sources.http import Fetcher
from newsletter.sources.limiter import Limiter

DATA = Path(__file__).parent / "data"


@dataclass
class Reply:
    """One scripted answer; `missing` bytes are promised by Content-Length and never sent."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0


@dataclass
class Asked:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


class Replay:
    """Answers each path from its script, the last one again and again; `respond` decides for all other paths."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Reply]] = {}
        self.asked: list[Asked] = []
        self.respond: Callable[[Asked], Reply] = lambda asked: Reply(b"nothing here", 404)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def port(self) -> int:
        return self._server.server_port

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def script(self, path: str, *replies: Reply | bytes) -> str:
        self.scripts[path] = [reply if isinstance(reply, Reply) else Reply(reply) for reply in replies]
        return self.url(path)

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        script = self.scripts.get(asked.path)
        if not script:
            return self.respond(asked)
        return script.pop(0) if len(script) > 1 else script[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        replay = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                headers = {key.lower(): value for key, value in self.headers.items()}
                reply = replay.answer(Asked(parts.path, query, headers))
                self.send_response_only(reply.status)
                for key, value in reply.headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(reply.body) + reply.missing))
                self.end_headers()
                try:
                    self.wfile.write(reply.body)
                except OSError:
                    self.close_connection = True  # the client has read enough: that is its right

            def log_message(self, *_: Any) -> None: ...

        return Handler


class Clock:
    """Seconds that pass only when somebody sleeps; `sleeps` keeps how long."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 1000.0
        self.step = step
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def fetcher_for(clock: Clock, **options: Any) -> Fetcher:
    """A real fetcher that never really waits."""
    options.setdefault("timeout", 5.0)
    options.setdefault("jitter", lambda: 0.5)
    return Fetcher("paper-newsletter/0 (tests)", clock.sleep, clock, Limiter(clock, clock.sleep), **options)

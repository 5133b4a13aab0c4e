"""Asks upstreams over HTTP: paced, retried within bounds, size and time capped, redirects distrusted."""

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import httpx
import stamina

from newsletter.errors import SourceRefused, SourceUnavailable
from newsletter.sources.documents import about
from newsletter.sources.inflate import inflate, joined
from newsletter.sources.limiter import ARXIV, LONGEST_WAIT, Limiter, family_of
from newsletter.sources.redirects import next_hop, refuse_private, same_place, shown
from newsletter.sources.waits import wanted_pause

TRIES = 4
REDIRECTS = 5
MEGABYTE = 1_000_000
ARXIV_AFTER_403 = 3600.0  # arXiv takes requests that go on after a 403 for an attack
OK, NOT_MODIFIED, BAD_REQUEST, FORBIDDEN, NOT_FOUND, GONE, TOO_MANY = 200, 304, 400, 403, 404, 410, 429
REDIRECTING = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({408, 425, TOO_MANY})
CURES = {
    FORBIDDEN: "the upstream does not let us in: check its terms and any key it wants",
    NOT_FOUND: "no such page",
    GONE: "the page is gone for good: remove this source",
}


@dataclass(frozen=True)
class Validators:
    """What a server gave to ask "has it changed?" with, verbatim (RFC 9110 section 13.1)."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def recall(cls, memory: Mapping[str, Any], url: str) -> Self:
        """Those remembered for this very URL; empty ones where another was read the last time."""
        if memory.get("url") != url:
            return cls()
        return cls(str(memory.get("etag", "")), str(memory.get("last_modified", "")))

    def remember(self, url: str) -> dict[str, str]:
        """JSON-able form for `Reading.memory`."""
        return {"url": url, "etag": self.etag, "last_modified": self.last_modified}

    def headers(self) -> dict[bytes, bytes]:
        """Request headers; as bytes, because an ETag may hold any octet above 127."""
        given = {b"If-None-Match": self.etag, b"If-Modified-Since": self.last_modified}
        return {name: value.encode("latin-1", "ignore") for name, value in given.items() if value}


@dataclass(frozen=True)
class Answer:
    """A complete answer. `url` is where it came from after redirects; `charset` is the header's or ""."""

    status: int
    body: bytes
    url: str
    etag: str = ""
    last_modified: str = ""
    charset: str = ""
    not_modified: bool = False

    @property
    def validators(self) -> Validators:
        return Validators(self.etag, self.last_modified)


@dataclass(frozen=True)
class Request:
    """One question to one upstream; `configured` is the URL before any redirect, `until` a clock reading."""

    url: str
    configured: str
    validators: Validators
    max_bytes: int
    also: frozenset[int]
    cure: str
    until: float
    family: str | None


class Fetcher:
    """One HTTP client for all sources; use it in a `with` block, in one thread.

    `clock` counts seconds (monotonic), `sleep` waits, `jitter` gives 0.0 to 1.0; `timeout` is for connecting
    and for each read, `deadline` for one whole `get` with its retries, both in seconds.
    """

    def __init__(
        self,
        user_agent: str,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        limiter: Limiter,
        timeout: float = 20.0,
        deadline: float = 180.0,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._sleep, self._clock, self._limiter, self._jitter = sleep, clock, limiter, jitter
        self._deadline = deadline
        # gzip alone: inflate() can count it while it unpacks.
        agent = " ".join(user_agent.split()).encode("ascii", "ignore")
        headers = {b"User-Agent": agent, b"Accept-Encoding": b"gzip"}
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        max_bytes: int = 10 * MEGABYTE,
        family: str | None = None,
        also: Collection[int] = (),
        setting: str = "the source's url",
    ) -> Answer:
        """The answer of status 200 or 304, or one of the statuses in `also`; at most `max_bytes` unpacked.

        `setting` is the configuration key that named the URL, for error texts. Raises SourceUnavailable after
        the last try of a timeout, a broken connection, 429 or 5xx, or at once where the upstream asks for
        a longer wait than LONGEST_WAIT; SourceRefused for everything that asking again will not change.
        """
        full = with_params(url, params)
        request = Request(
            url=full,
            configured=full,
            validators=validators or Validators(),
            max_bytes=max_bytes,
            also=frozenset(also),
            cure=f"check {setting}",
            until=self._clock() + self._deadline,
            family=family,
        )
        tries = stamina.retry_context(on=_at_once, attempts=TRIES, timeout=None, wait_initial=1.0)
        for attempt in tries:  # pragma: no branch - left by `break` or by an error
            with attempt:
                outcome = self._try(request, last=attempt.num == TRIES, pause=attempt.next_wait)
                break
        if isinstance(outcome, SourceUnavailable):
            raise outcome
        return outcome

    def _try(self, request: Request, *, last: bool, pause: float) -> Answer | SourceUnavailable:
        """The answer, or the failure to end with; a failure that is worth another try is slept for and raised."""
        try:
            return self._follow(request)
        except SourceUnavailable as error:
            wait = max(error.after or 0.0, pause * (1 + self._jitter()))
            if last or wait > LONGEST_WAIT or self._clock() + wait > request.until:
                return error
            self._sleep(wait)
            raise

    def _follow(self, request: Request) -> Answer:
        for _ in range(REDIRECTS + 1):
            answer = self._ask(request)
            if isinstance(answer, Answer):
                return answer
            request = replace(request, url=with_params(answer))
        raise SourceRefused(f"{shown(request.configured)} redirects more than {REDIRECTS} times: {request.cure}")

    def _ask(self, request: Request) -> Answer | str:
        """One request: its answer, or the URL that it redirects to."""
        family = request.family or family_of(httpx.URL(request.url).host)
        with (
            self._limiter.turn(family),
            _upstream_errors(request),
            self._client.stream("GET", request.url, headers=request.validators.headers()) as response,
        ):
            pause = wanted_pause(response.headers)
            self._limiter.hold(family, pause)
            if response.status_code == FORBIDDEN and family == ARXIV:
                self._limiter.hold(family, ARXIV_AFTER_403)
            if response.status_code in REDIRECTING and "location" in response.headers:
                return next_hop(request.url, response.headers["location"], request.configured)
            _refuse_inner_peer(request, response)
            _check_status(request, response.status_code, pause)
            return _answer(request, response, self._chunks(request, response))

    def _chunks(self, request: Request, response: httpx.Response) -> Iterator[bytes]:
        for chunk in response.iter_raw():
            if self._clock() > request.until:
                raise SourceUnavailable(
                    f"{shown(request.url)} answers too slowly: not done in {self._deadline:.0f} s"
                )
            yield chunk


def with_params(url: str, params: Mapping[str, str] | None = None) -> str:
    """The URL with these parameters set in its query; SourceRefused for what is no web address."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SourceRefused(f"{url!r} is not a web address ({error})") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise SourceRefused(f"{url!r} is not a web address: it must begin with https:// or http://")
    return str(parsed.copy_merge_params(dict(params)) if params else parsed)


def with_path(url: str, path: str) -> str:
    """The URL, with this path where it names a host alone."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return url  # `get` refuses it in words
    return str(parsed.copy_with(path=path)) if parsed.path in {"", "/"} else url


def _at_once(error: Exception) -> bool | float:
    """Whether stamina is to try again, and after how many seconds: none, for `get` has slept them already."""
    return 0.0 if isinstance(error, SourceUnavailable) else False


@contextmanager
def _upstream_errors(request: Request) -> Iterator[None]:
    """Put what the network does into our own two errors, each with the URL."""
    name = shown(request.url)
    try:
        yield
    except httpx.TimeoutException as error:
        raise SourceUnavailable(f"{name} did not answer in time ({type(error).__name__})") from error
    except EOFError as error:
        raise SourceUnavailable(f"{name} {error}") from error
    except httpx.HTTPError as error:
        raise SourceUnavailable(f"{name} could not be reached: {str(error) or type(error).__name__}") from error


def _refuse_inner_peer(request: Request, response: httpx.Response) -> None:
    """After a redirect, look at whom we really reached: a name can change its address after the check."""
    if not same_place(request.url, request.configured):
        host, port = response.extensions["network_stream"].get_extra_info("server_addr")[:2]
        refuse_private(str(host), f"{httpx.URL(request.url).host}:{port}")


def _check_status(request: Request, status: int, pause: float) -> None:
    if status in {OK, NOT_MODIFIED} or status in request.also:
        return
    name = shown(request.url)
    if status in BUSY or status >= 500:  # noqa: PLR2004 - the class of server errors, RFC 9110 section 15.6
        said = "asks us to slow down" if status == TOO_MANY else "is in trouble"
        wish = f" and to wait {pause:.0f} seconds" if pause else ""
        raise SourceUnavailable(f"{name} {said} (HTTP {status}){wish}", pause or None)
    raise SourceRefused(f"{name}: HTTP {status}, {CURES.get(status, 'not what we asked for')}: {request.cure}")


def _answer(request: Request, response: httpx.Response, chunks: Iterator[bytes]) -> Answer:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}
    with about(shown(request.url)):
        body = _body(headers.get("content-encoding", ""), chunks, request.max_bytes)
    return Answer(
        status=response.status_code,
        body=body,
        url=request.url,
        etag=headers.get("etag", ""),
        last_modified=headers.get("last-modified", ""),
        charset=response.charset_encoding or "",
        not_modified=response.status_code == NOT_MODIFIED,
    )


def _body(encoding: str, chunks: Iterator[bytes], max_bytes: int) -> bytes:
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return joined(chunks, max_bytes)
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return inflate(chunks, max_bytes)
    raise SourceRefused(f"is packed as {encoding[:40]!r}, which we did not ask for")

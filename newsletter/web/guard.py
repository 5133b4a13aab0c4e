"""What every request passes: size limits, a check against forged forms, safe headers, a log without secrets."""

import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

log = structlog.get_logger(__name__)

MOST_BYTES = 640 * 1024  # of a form that holds the longest list of papers: encoded, a byte of it becomes three
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOO_MUCH = f"At most {MOST_BYTES:,} bytes can be sent here."
FOREIGN = "This form was sent from another site: open our own page instead."
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Guard:
    """ASGI middleware; below the path `one_click` a POST may come from anywhere (RFC 8058 section 3.2).

    What it refuses is told as JSON below the path `api`, else as text.
    """

    def __init__(self, app: App, one_click: str, api: str) -> None:
        self.app, self.one_click, self.api = app, one_click, api

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, bare = 0, scope["method"] == "HEAD"
        if bare:  # as GET, but without the body (RFC 9110 section 9.3.2): link scanners ask so
            scope = {**scope, "method": "GET"}

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _protect(message)
            await send({**message, "body": b""} if bare and "body" in message else message)

        if refusal := self._refusal(scope):
            await refusal(scope, receive, answer)
        else:
            try:
                await self.app(scope, _measured(receive), answer)
            except Exception as error:  # the page of the error is out: the server's log would show every value
                if not status:
                    raise
                log.error("page failed", error=type(error).__name__, where=_where(error))  # noqa: TRY400 - values
        # The route's pattern, not the path: that holds the token.
        route = getattr(scope.get("route"), "path", "none")
        log.info("request", method=scope["method"], route=route, status=status)

    def _refusal(self, scope: Message) -> Response | None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return self._said(scope, 413, TOO_MUCH)
        if scope["method"] in SAFE or scope["path"].startswith(self.one_click):
            return None
        proof = origin(headers)
        scope["proven"] = proof is True
        return self._said(scope, 403, FOREIGN) if proof is False else None

    def _said(self, scope: Message, status: int, words: str) -> Response:
        if scope["path"].startswith(self.api):
            return JSONResponse({"error": words}, status)
        return PlainTextResponse(f"{words}\n", status)


def origin(headers: Headers) -> bool | None:
    """Whether a request came from a page of ours; None when the browser does not say.

    Fetch metadata first (https://www.w3.org/TR/fetch-metadata/), then Origin, which is "null" under our own
    Referrer-Policy on a site without TLS.
    """
    if site := headers.get("sec-fetch-site"):
        return site in {"same-origin", "none"}
    source = headers.get("origin", "null")
    if source == "null":
        return None
    try:
        return urlsplit(source).netloc == headers.get("host")
    except ValueError:  # "http://["
        return False


def _where(error: Exception) -> list[str]:
    """The innermost places of a traceback, without the values in its text."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def _protect(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def _measured(receive: Receive) -> Receive:
    """The body as it comes, but never more than the limit: a chunked one does not tell its length before."""
    total = 0

    async def limited() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > MOST_BYTES:
            raise HTTPException(413, TOO_MUCH)
        return message

    return limited

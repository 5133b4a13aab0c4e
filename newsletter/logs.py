"""The log: one line for each thing that happened, for people or as JSON, without addresses and tokens.

Each line has its time (UTC, ISO 8601), its level and its event, then what is known of the occasion.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from stamina.instrumentation import RetryDetails, set_on_retry_hooks
from structlog.typing import EventDict, Processor, WrappedLogger

from subscribers.addresses import redacted_in

Shape = Literal["console", "json"]
# A signed link (subscribers.tokens): a number, a dot, then what only we can make; and the secret of a login link.
TOKEN = re.compile(r"(\d{1,20}\.)[\w-]{20,}|(/)[\w-]{40,}")
LIBRARIES = ("uvicorn", "apscheduler", "sqlalchemy", "alembic", "httpx")
QUIETEST = logging.WARNING  # what a library has to say below that is about itself


def configure(shape: Shape, level: str, stream: TextIO) -> None:
    """For commands that run long: our lines from `level` on, and the libraries' warnings in the same form.

    `level` is "debug", "info", "warning", "error" or "critical". May be called again.
    """
    for_command(level, stream, shape)
    handler = _Ours(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_context(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(shape, stream)],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Ours)]:
        root.removeHandler(old)
    root.addHandler(handler)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(max(QUIETEST, _number(level)))


def for_command(level: str, stream: TextIO, shape: Shape = "console") -> None:
    """For commands that end soon: our own lines from `level` on; libraries are left alone."""
    structlog.configure(
        processors=[*_context(), *_ending(shape, stream)],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
    set_on_retry_hooks([_again])


def _again(details: RetryDetails) -> None:
    """Instead of stamina's own line, which tells of its callables."""
    structlog.get_logger(__name__).info("asked again", times=details.retry_num, reason=str(details.caused_by))


@contextmanager
def occasion(
    *, step: str | None = None, source: str | None = None, edition: str | None = None, delivery: int | None = None
) -> Iterator[None]:
    """All lines within say what they are about: the step, the source, the edition's date, the delivery's id.

    What is left out stays as it is. Holds for this thread alone, as context variables do.
    """
    known = {"step": step, "source": source, "edition": edition, "delivery": delivery}
    told = {name: value for name, value in known.items() if value is not None}
    with structlog.contextvars.bound_contextvars(**told):
        yield


def reason(error: BaseException) -> str:
    """The first line of an error, redacted: the parameters of a statement stand on further lines."""
    return redacted_in(str(error).partition("\n")[0])


def without_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Whatever a line came with, no address and no token stands in it: the last line of defence."""
    return {name: _hidden(value) for name, value in event.items()}


class _Ours(logging.StreamHandler[TextIO]):
    """The one handler of ours on the root logger, to be found again."""


def _hidden(value: Any) -> Any:  # noqa: ANN401 - whatever somebody logs
    if isinstance(value, str):
        return TOKEN.sub(r"\1\2…", redacted_in(value))
    if isinstance(value, dict):
        return {_hidden(name): _hidden(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _hidden(str(value))


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def _context() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _ending(shape: Shape, stream: TextIO) -> list[Processor]:
    """From an event to a line; a traceback shows places in the code, and no values."""
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if shape == "console":
        plain = structlog.dev.plain_traceback
        last = structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)
    return [structlog.processors.format_exc_info, without_secrets, last]

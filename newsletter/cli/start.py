"""What every command starts from: options, configuration, database, clock, and one way to fail."""

import io
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer._click.exceptions import UsageError
from typer.core import TyperGroup

from newsletter import logs
from newsletter.errors import NewsletterError, SourceError
from subscribers.errors import SubscriberError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from newsletter.config import Config

FAILED, WRONG_USAGE = 1, 2
FIRST_YEAR, LAST_YEAR = 1970, 2200


def instant(text: str | datetime) -> datetime:
    """An ISO 8601 instant; a bare date is its first moment, no zone means UTC."""
    if isinstance(text, datetime):
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no ISO 8601 time: write 2025-12-05T07:00:00Z") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise typer.BadParameter(f"{text!r} is out of range: use a year from {FIRST_YEAR} to {LAST_YEAR}")
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


ConfigPath = Annotated[
    Path,
    typer.Option("--config", envvar="NEWSLETTER_CONFIG", help="The configuration file.", show_default=True),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
At = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        parser=instant,
        metavar="TIME",
        help="Pretend that it is this moment (ISO 8601, UTC if no zone is given). Moves the calendar only.",
    ),
]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The reader's address.")]
Reader = Annotated[str, typer.Option("--for", metavar="EMAIL", help="The reader's address.")]

DEFAULT_CONFIG = Path("config.toml")


@dataclass(frozen=True)
class Started:
    """A command's surroundings; the database is opened, and created or migrated, when first asked for."""

    config: "Config"
    path: Path | None = None  # of the file it was read from

    @cached_property
    def engine(self) -> "Engine":
        from newsletter import db

        engine = db.connect(self.config.database_url)
        db.upgrade(engine)
        return engine

    @cached_property
    def keys(self) -> tuple[str, ...]:
        from newsletter import secret

        return secret.keys(self.config)


def start(path: Path) -> Started:
    """Load the configuration; ConfigError when it cannot be used."""
    from newsletter import config

    return Started(config.load(path), path)


def now(at: datetime | None = None) -> datetime:
    """The calendar's moment: `at` if given, else the real one. The one place where the wall clock is read."""
    return at or datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never jump, for waiting."""
    return time.monotonic()


def show(document: Any, as_json: bool, people: Callable[[], None]) -> None:  # noqa: ANN401 - any JSON value
    """Print the document as JSON, or let `people` print it for people."""
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        people()


def on_terminal() -> bool:
    """Whether somebody watches: then progress may move."""
    return sys.stderr.isatty()


def can_ask() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin.isatty()


class Guarded(TyperGroup):
    """Turns errors that are not bugs into one line and the right exit code; anything else escapes."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's context, which it does not export
        as_json = "--json" in [*ctx._protected_args, *ctx.args]  # noqa: SLF001 - typer has no other way to tell
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `newsletter topics | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None
        except UsageError as error:
            if as_json:
                typer.echo(json.dumps({"error": str(error)}, ensure_ascii=False))
            raise
        except Exception as error:
            said, code = explained(error)
            if not said:
                raise
            if as_json:
                typer.echo(json.dumps({"error": said}, ensure_ascii=False))
            typer.echo(f"newsletter: {said}", err=True)
            raise typer.Exit(code) from error


def explained(error: Exception) -> tuple[str, int]:
    """One line and the exit code for an error that is not a bug; ("", 1) for one that is."""
    if isinstance(error, NewsletterError | SubscriberError):
        return str(error), FAILED if isinstance(error, SourceError) else WRONG_USAGE
    if isinstance(error, OSError):
        return f"{error.filename or 'output'}: {error.strerror or error}", FAILED
    if type(error).__module__ == "sqlalchemy.exc":  # by name: SQLAlchemy is slow to import
        return f"the database: {' '.join(str(getattr(error, 'orig', None) or error).split())}", FAILED
    return "", FAILED


def logging_to_stderr(*, verbose: bool) -> None:
    """Log lines go to standard error, never between the output; without --verbose only real faults."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without UTF-8 shows "?" and gets no traceback
        sys.stdout.reconfigure(errors="replace")
    logs.for_command("info" if verbose else "critical", sys.stderr)

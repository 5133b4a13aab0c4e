"""`newsletter stats`: the balance of today, what waits and why, sources, readers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, At, ConfigPath, now, show, start

if TYPE_CHECKING:
    from rich.table import Table

    from newsletter.stats import Figures, SourceFigures

SKIPS = {
    "nothing": "nothing worth sending",
    "late": "too late",
    "missed": "the newsletter was not running",
    "soon": "too soon after another",
    "resting": "paused meanwhile",
    "cancelled": "edition cancelled",
}
MOST_DAYS = 366


def stats(
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How many days, today the last of them.")] = 1,
    at: At = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show the balance of today's digests, what waits and why, and how sources and readers stand.

    A digest counts on the day its reader's hour struck. Days are those of admin.timezone.
    """
    from sqlmodel import Session

    from newsletter import stats as figures
    from newsletter.cli.plain import plain

    started, moment = start(config), now(at)
    zone = ZoneInfo(started.config.admin.timezone)
    with Session(started.engine) as session:
        found = figures.between(session, midnight(moment, zone, days), moment + timedelta(microseconds=1))
    show(plain(found), as_json, lambda: _print(found, days, zone))


def midnight(moment: datetime, zone: ZoneInfo, days: int) -> datetime:
    """When the first of so many days began in this zone."""
    from newsletter.schedule import instant

    return instant(moment.astimezone(zone).date() - timedelta(days=days - 1), 0, zone)


def _print(found: "Figures", days: int, zone: ZoneInfo) -> None:
    from newsletter.cli.console import console, table

    rows = table("", "")
    for name, text in _lines(found, days, zone):
        rows.add_row(name, text)
    rows.show_header = False
    console().print(rows)
    if found.sources:
        console().print(_sources(found.sources, zone))


def _lines(found: "Figures", days: int, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    from newsletter.cli.send import balance_line
    from subscribers.addresses import redacted_in

    since = found.since.astimezone(zone)
    yield (
        "today" if days == 1 else f"{days} days",
        f"from {since:%Y-%m-%d %H:%M} to {_short(found.until, zone)} {zone.key}",
    )
    balance = {"planned": found.planned} | found.by_state
    yield "digests", balance_line(balance) if found.planned else "none was due"
    if found.skipped:
        yield "", "skipped: " + _counted({SKIPS.get(why, why): count for why, count in found.skipped.items()})
    for each in found.waiting:
        again = f"tried again from {_short(each.next_try, zone)}" if each.next_try else "until you decide"
        yield "", f"{each.count:,} wait ({again}): {redacted_in(each.outcome)}"
    yield "letters", _counted(found.letters) or "none was sent"
    yield "readers", _counted({name: n for name, n in found.readers.items() if n}) or "none"
    changes = {
        "confirmed": found.confirmed,
        "lost": found.lost,
        "bounced": found.bounced,
        "suppressed": found.suppressed,
    }
    yield "", _counted({name: n for name, n in changes.items() if n}) or "none confirmed, none lost"
    for hold in found.holds:
        yield "edition", f"{hold.date} {hold.state}, by the {hold.by}: {' '.join(hold.reasons)}".rstrip(": ")
    yield "clock", f"last tick {_short(found.last_tick, zone)}" if found.last_tick else "no tick yet"
    if found.slowest:
        yield "slowest", f"{found.slowest[0]}, {found.slowest[1]:.1f} s"
    if found.dead:
        yield "dead", f"{found.dead:,} left behind by a sender that stopped; the next one takes them up"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _sources(sources: "list[SourceFigures]", zone: ZoneInfo) -> "Table":
    from newsletter.cli.console import table
    from newsletter.mail.words import cut
    from subscribers.addresses import redacted_in

    rows = table(
        "source", "new", "reads", "failed", "last read", "last news", "trouble", numbers=("new", "reads", "failed")
    )
    for each in sources:
        figures = (f"{each.new:,}", f"{each.reads:,}", f"{each.failures:,}")
        times = (_short(moment, zone) for moment in (each.last_read_at, each.last_news_at))
        rows.add_row(each.name, *figures, *times, cut(redacted_in(each.last_error), 100))
    return rows


def _short(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "never"

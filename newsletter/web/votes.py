"""Votes over time: the course of one paper as a chart to look at and rows to read."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from newsletter.mail.words import plain_date
from newsletter.models import Signal

WIDTH, HEIGHT = 640, 180  # of the chart's own coordinates; the page stretches them
EDGE = 6
MOST_ROWS = 24  # beyond these, one a day
MOST_DAYS = 60

Course = list[tuple[datetime, int]]


@dataclass(frozen=True)
class Chart:
    """A line with the area below it, in SVG coordinates, and what it says in words.

    `rows` are time and votes for people who would rather read, newest first.
    """

    line: str
    area: str
    top: int
    first: str
    last: str
    told: str
    rows: tuple[tuple[str, int], ...]


def course(session: Session, key: str, at: datetime) -> Course:
    """Upvotes over time of the source that counts most, oldest first: two sources' counts are never mixed."""
    known = (col(Signal.paper) == key, col(Signal.seen_at) <= at, col(Signal.upvotes).is_not(None))
    found: dict[str, Course] = defaultdict(list)
    for row in session.exec(select(Signal).where(*known).order_by(col(Signal.source), col(Signal.seen_at))):
        found[row.source].append((row.seen_at.astimezone(UTC), row.upvotes or 0))
    return max(found.values(), key=lambda each: each[-1][1], default=[])


def thinned(points: Course) -> Course:
    """All points of a short course; of a long one the last of each day."""
    if len(points) <= MOST_ROWS:
        return points
    daily = {when.date(): (when, votes) for when, votes in points}
    return list(daily.values())[-MOST_DAYS:]


def chart(points: Course) -> Chart | None:
    """The course as a chart; None where there are no two moments to draw a line between."""
    points = thinned(points)
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    top = max(1, *(votes for _, votes in points))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in _places(points, top))
    (start, first), (end, last) = points[0], points[-1]
    ends = [_moment(each) if start.date() == end.date() else plain_date(each.date()) for each in (start, end)]
    return Chart(
        line=line,
        area=f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}",
        top=top,
        first=ends[0],
        last=ends[1],
        told=f"From {first:,} on {ends[0]} to {last:,} on {ends[1]}.",
        rows=tuple((_moment(when), votes) for when, votes in reversed(points)),
    )


def _places(points: Sequence[tuple[datetime, int]], top: int) -> list[tuple[float, float]]:
    start, span = points[0][0], (points[-1][0] - points[0][0]).total_seconds()
    room = HEIGHT - 2 * EDGE
    return [
        (WIDTH * (when - start).total_seconds() / span, HEIGHT - EDGE - room * max(votes, 0) / top)
        for when, votes in points
    ]


def _moment(when: datetime) -> str:
    return f"{plain_date(when.date())}, {when:%H:%M} UTC"

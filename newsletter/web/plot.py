"""Plots as SVG made on the server: lines and stacked bars, with their figures for a table beside them. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

WIDTH, HEIGHT = 600, 200  # of the drawing; the style sheet stretches it to its place
PAD = 4  # above the highest figure, so that a thick line is not cut
GAP = 0.2  # of a place, between two bars
MOST = 1e300  # a sum of floats may leave their range
MOST_SERIES = 8  # as many colours as the style sheet knows; what is more is drawn in the last one
DRAWING = Markup(
    '<svg class="plot-svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
    'aria-labelledby="{key}-title {key}-desc" focusable="false"><title id="{key}-title">{title}</title>'
    '<desc id="{key}-desc">{says}</desc>{drawn}</svg>'
)
LINE = Markup(
    '<polyline class="s{place}" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linejoin="round" '
    'stroke-linecap="round" vector-effect="non-scaling-stroke" points="{points}"/>'
)
BAR = Markup(
    '<rect class="s{place}" fill="currentColor" x="{x:.2f}" y="{y:.2f}" '
    'width="{width:.2f}" height="{height:.2f}"/>'
)


@dataclass(frozen=True)
class Series:
    """One row of figures, as many as the plot has labels."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Plot:
    """A drawing and what stands in it: `column` heads the labels in its table, `top` is its highest figure."""

    key: str
    title: str
    column: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    top: float
    svg: Markup

    @property
    def rows(self) -> list[tuple[str, tuple[float, ...]]]:
        """Each label with its figures, for the table."""
        return [
            (label, tuple(each.values[place] for each in self.series)) for place, label in enumerate(self.labels)
        ]


def lines(key: str, title: str, column: str, labels: Sequence[str], series: Sequence[Series]) -> Plot:
    """A line for each series; `key` makes the ids of this plot its own on a page with several.

    What is below zero or no number is drawn as zero.
    """
    top = max((_known(value) for each in series for value in each.values), default=0.0)
    return _plot(key, title, column, labels, series, top, lambda shown: _lines(shown, top))


def bars(key: str, title: str, column: str, labels: Sequence[str], series: Sequence[Series]) -> Plot:
    """A bar for each label, the series stacked in it from the bottom up; else as `lines`."""
    sums = [sum(_known(each.values[place]) for each in series) for place in range(len(labels))]
    return _plot(key, title, column, labels, series, min(max(sums, default=0.0), MOST), _bars)


def figure(value: float) -> str:
    """Like "1,234" or "0.25"."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _plot(
    key: str,
    title: str,
    column: str,
    labels: Sequence[str],
    series: Sequence[Series],
    top: float,
    draw: Callable[[Sequence[Series]], Iterator[Markup]],
) -> Plot:
    shown = tuple(Series(each.name, tuple(_known(value) for value in each.values)) for each in series)
    drawn = Markup().join(draw(shown))
    says = _says(labels, shown, top)
    svg = DRAWING.format(width=WIDTH, height=HEIGHT, key=key, title=title, says=says, drawn=drawn)
    return Plot(key, title, column, tuple(labels), shown, top, svg)


def _says(labels: Sequence[str], series: Sequence[Series], top: float) -> str:
    """What the drawing shows, for who cannot see it; the figures themselves are in the table."""
    if not labels:
        return "There are no figures yet."
    names = ", ".join(each.name for each in series)
    return (
        f"{names}, from {labels[0]} to {labels[-1]}; {figure(top)} at most. The table beside it has the figures."
    )


def _lines(series: Sequence[Series], top: float) -> Iterator[Markup]:
    for place, each in enumerate(series):
        if not each.values:
            continue
        values = each.values * 2 if len(each.values) == 1 else each.values  # one figure is a level line
        step = WIDTH / (len(values) - 1)
        points = " ".join(f"{at * step:.2f},{_y(value, top):.2f}" for at, value in enumerate(values))
        yield LINE.format(place=min(place, MOST_SERIES - 1), points=points)


def _bars(series: Sequence[Series]) -> Iterator[Markup]:
    peak = max((value for each in series for value in each.values), default=0.0)
    places = len(series[0].values) if series else 0
    if not peak or not places:
        return
    # Shares of the highest figure: sums of the figures themselves could leave the range of floats.
    shares = [[each.values[at] / peak for each in series] for at in range(places)]
    top, step = max(sum(stack) for stack in shares), WIDTH / places
    for at, stack in enumerate(shares):
        below = 0.0
        for place, share in enumerate(stack):
            y, foot = _y(below + share, top), _y(below, top)
            below += share
            if share:
                yield BAR.format(
                    place=min(place, MOST_SERIES - 1),
                    x=(at + GAP / 2) * step,
                    y=y,
                    width=step * (1 - GAP),
                    height=foot - y,
                )


def _y(value: float, top: float) -> float:
    share = min(1.0, value / top) if top else 0.0
    return HEIGHT - (HEIGHT - PAD) * share


def _known(value: float) -> float:
    return float(value) if isfinite(value) and value > 0 else 0.0

"""Plots: whatever the figures, the drawing is well-formed, within its bounds, and tells what it shows."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.plot import HEIGHT, MOST_SERIES, WIDTH, Series, bars, figure, lines


@st.composite
def figures(draw):
    count = draw(st.integers(0, 12))
    row = st.lists(st.floats() | st.integers(-5, 10**6), min_size=count, max_size=count)
    texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12)
    rows = draw(st.lists(st.builds(Series, texts, row.map(tuple)), min_size=1, max_size=10))
    return draw(texts), [draw(texts) for _ in range(count)], rows


def drawn(plot):
    return ET.fromstring(plot.svg)


def places(svg):
    """Every coordinate of the drawing, as (x, y)."""
    for element in svg.iter():
        if element.tag == "rect":
            x, y, width, height = (float(element.get(name)) for name in ("x", "y", "width", "height"))
            assert min(width, height) >= 0
            yield from ((x, y), (x + width, y + height))
        if element.tag == "polyline":
            yield from (tuple(map(float, point.split(","))) for point in element.get("points").split())


@pytest.mark.parametrize("draw", [lines, bars])
@given(figures())
def test_any_figures_give_a_drawing_within_its_bounds(draw, asked):
    title, labels, series = asked

    plot = draw("key", title, "Day", labels, series)

    svg = drawn(plot)
    assert all(-0.01 <= x <= WIDTH + 0.01 and -0.01 <= y <= HEIGHT + 0.02 for x, y in places(svg))
    assert svg.find("title").text == (title or None)
    assert "style" not in {name for element in svg.iter() for name in element.keys()}  # noqa: SIM118 - no mapping
    assert len(plot.rows) == len(labels)


def test_a_plot_has_a_name_and_a_description_of_its_own():
    svg = drawn(lines("growth", "Readers", "Day", ["Mon", "Tue"], [Series("Active", (1, 1200))]))

    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby").split() == [svg.find("title").get("id"), svg.find("desc").get("id")]
    assert "Active, from Mon to Tue; 1,200 at most." in svg.find("desc").text


def test_a_line_goes_from_edge_to_edge_and_up_to_its_highest_figure():
    svg = drawn(lines("one", "One", "Day", ["Mon", "Tue", "Wed"], [Series("Active", (0, 5, 10))]))

    assert svg.find("polyline").get("points") == "0.00,200.00 300.00,102.00 600.00,4.00"


def test_one_figure_is_a_level_line():
    svg = drawn(lines("one", "One", "Day", ["Mon"], [Series("Active", (5,))]))

    assert svg.find("polyline").get("points") == "0.00,4.00 600.00,4.00"


def test_bars_stand_on_one_another():
    svg = drawn(bars("sent", "Sent", "Day", ["Mon"], [Series("sent", (3,)), Series("failed", (1,))]))

    low, high = svg.findall("rect")
    assert float(low.get("y")) == pytest.approx(float(high.get("y")) + float(high.get("height")), abs=0.02)
    assert float(low.get("height")) == pytest.approx(3 * float(high.get("height")), abs=0.02)


def test_no_figures_are_said_to_be_none():
    svg = drawn(bars("none", "None", "Day", [], []))

    assert svg.find("desc").text == "There are no figures yet."
    assert svg.findall("rect") == []


def test_more_series_than_colours_share_the_last_one():
    series = [Series(str(number), (1,)) for number in range(MOST_SERIES + 3)]

    classes = [each.get("class") for each in drawn(bars("many", "Many", "Day", ["Mon"], series)).findall("rect")]

    assert classes[-3:] == ["s7"] * 3


@pytest.mark.parametrize(("value", "said"), [(0, "0"), (1234, "1,234"), (0.25, "0.25"), (12.0, "12")])
def test_figures_are_written_as_people_write_them(value, said):
    assert figure(value) == said

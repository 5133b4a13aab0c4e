"""Themes: colours that can be read, values of one's own, the side that a line begins on."""

import pytest

from newsletter.mail import letter
from newsletter.mail.template import load_letter
from newsletter.mail.theme import PLAIN, THEMES, Logo, Look, faults
from newsletter.shipped import shipped
from subscribers.letters import LetterKind

SHIPPED = [shipped("templates") / "email"]
# What is written on what; 4.5 is the least of WCAG 2.2, success criterion 1.4.3.
PAIRS = [
    *((ink, ground) for ink in ("ink", "text", "muted", "accent") for ground in ("page", "sheet", "tint")),
    ("on_accent", "accent"),
    ("chip_ink", "chip"),
]


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("group", ["light", "dark"])
@pytest.mark.parametrize("name", THEMES)
def test_what_a_theme_writes_can_be_read(name, group):
    colours = THEMES[name][group]
    for ink, ground in PAIRS:
        dim, bright = sorted((luminance(colours[ink]), luminance(colours[ground])))
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, (ink, ground)


@pytest.mark.parametrize("name", THEMES)
def test_all_themes_have_the_same_values_all_written_as_they_should_be(name):
    assert {group: set(values) for group, values in THEMES[name].items()} == {
        group: set(values) for group, values in THEMES["paper"].items()
    }
    assert not list(faults(name, {group: THEMES[name][group] for group in ("light", "dark", "shape")}))


@pytest.mark.parametrize(
    ("name", "own", "key"),
    [
        ("papper", {}, "name"),
        ("paper", {"light": {"acent": "#112233"}}, "light.acent"),
        ("paper", {"dark": {"accent": "red"}}, "dark.accent"),
        ("paper", {"font": {"sans": "x;}body{"}}, "font.sans"),
        ("paper", {"shape": {"sheet": "8"}}, "shape.sheet"),
    ],
)
def test_a_slip_is_named_with_its_cure(name, own, key):
    ((found, value, cure),) = faults(name, own)

    assert found == key
    assert value
    assert cure


def test_a_value_of_ones_own_shows_in_the_mail_and_the_rest_stays():
    html = load_letter("digest", SHIPPED, look=Look("signal", {"light": {"accent": "#123456"}})).html

    assert "#123456" in html
    assert THEMES["signal"]["light"]["accent"] not in html
    assert THEMES["signal"]["dark"]["accent"] in html


def test_a_logo_takes_the_place_of_the_mark_and_has_a_size():
    logo = Logo("https://lab.example/logo.png", 40, 30)
    html = load_letter("digest", SHIPPED, look=Look(logo=logo)).html

    assert 'src="https://lab.example/logo.png" width="40" height="30" alt=""' in html
    assert "<img" not in load_letter("digest", SHIPPED).html.replace('<img class="thumbnail"', "")


@pytest.mark.parametrize("kind", ["digest", *LetterKind])
def test_what_is_written_from_right_to_left_begins_on_the_right(kind):
    right = {language: made(kind, language).count("text-align:right") for language in ("en", "ar")}

    assert right["ar"] > right["en"]


def made(kind, language):
    look = Look(language=language)
    return (
        load_letter("digest", SHIPPED, look=look) if kind == "digest" else letter.load(kind, SHIPPED, look)
    ).html


def test_the_plain_look_is_the_one_that_nothing_was_chosen_for():
    assert Look() == PLAIN
    assert PLAIN.theme["side"] == {"direction": "ltr", "start": "left", "end": "right"}

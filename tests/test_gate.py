"""The gate's rules, without a database: what makes an edition look wrong, and what does not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some
from judged import RULES

from newsletter.gate.rules import FEWEST_INTERESTS, Facts, SourceFacts, alike, reasons, usual, warnings

GOOD = Facts("2026-03-10", planned=60, skipped=2, considered=120, sampled=50, interests=40, alike=3)
FULL = SourceFacts("arXiv", usual=90, new=0, read=True, expected=True)
OFF = replace(RULES, least_papers=0, usual_papers=0, same_share=0.0, budget_bytes=0)

counts = some.integers(0, 500)
sources = some.builds(
    SourceFacts, some.just("arXiv"), some.floats(0, 500), counts, read=some.booleans(), expected=some.booleans()
)
facts = some.builds(
    Facts,
    some.just("2026-03-10"),
    planned=counts,
    skipped=counts,
    considered=counts,
    sources=some.lists(sources, max_size=3).map(tuple),
    sampled=counts,
    largest_html=some.integers(0, 200_000),
    interests=counts,
    alike=counts,
    template_of=some.sampled_from(["", "2026-03-09"]),
)


def test_a_fault_of_the_mail_holds_the_edition_and_a_doubt_is_told():
    found = replace(GOOD, faults=("the text part is missing", "x"), doubts=("the preheader is missing",))

    assert reasons(found, RULES) == ["The mail has a fault: the text part is missing (and 1 more)."]
    assert reasons(replace(found, faults=("the text part is missing",)), RULES) == [
        "The mail has a fault: the text part is missing."
    ]
    assert warnings(found, RULES) == ["Lint doubts 1 of the mail's details; the first: the preheader is missing."]


def test_an_ordinary_edition_goes_out():
    assert reasons(GOOD, RULES) == []
    assert warnings(GOOD, RULES) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"considered": 2}, "Too few papers: 2 papers were there to choose from, and gate.least_papers is 3."),
        ({"considered": 1}, "Too few papers: 1 paper was there to choose from, and gate.least_papers is 3."),
        ({"considered": 0}, "Too few papers: no paper was there to choose from, and gate.least_papers is 3."),
        (
            {"sources": (FULL,)},
            "The source arXiv brought no new paper in the last 24 hours: usually it brings 90 on a day with news.",
        ),
        (
            {"broken": ("no such filter", "no such filter")},
            "2 of 50 messages looked at cannot be built; the first: no such filter.",
        ),
        (
            {"largest_html": 90_001},
            "A message is too long: it has 90,001 bytes of HTML, and digest.budget_bytes is 90,000.",
        ),
        (
            {"interests": 40, "alike": 36},
            "The picks look broken: of 40 readers who follow different things 36 would get the very same papers.",
        ),
    ],
)
def test_each_trouble_has_its_sentence(changes, reason):
    assert reasons(replace(GOOD, **changes), RULES) == [reason]


@pytest.mark.parametrize(
    "changes",
    [
        {"considered": 3},
        {"sources": (replace(FULL, new=1),)},
        {"sources": (replace(FULL, usual=4.5),)},
        {"sources": (replace(FULL, expected=False),)},
        {"sources": (replace(FULL, read=False),)},
        {"sources": (replace(FULL, told=True),)},
        {"largest_html": 90_000},
        {"interests": 40, "alike": 35},
        {"planned": 49, "interests": 40, "alike": 40},
        {"interests": FEWEST_INTERESTS - 1, "alike": FEWEST_INTERESTS - 1},
    ],
)
def test_what_is_just_good_enough_goes_out(changes):
    assert reasons(replace(GOOD, **changes), RULES) == []


def test_a_changed_template_only_warns():
    changed = replace(GOOD, template_of="2026-03-09")

    assert reasons(changed, RULES) == []
    assert warnings(changed, RULES) == [
        "The template or the newsletter's own words changed since the edition of 2026-03-09."
    ]


def test_a_quiet_day_for_most_readers_is_told():
    assert warnings(replace(GOOD, planned=20, skipped=41), RULES) == [
        "For 41 of 61 readers nothing was worth sending."
    ]
    assert warnings(replace(GOOD, planned=2, skipped=3), RULES) == []


@given(facts)
def test_rules_that_are_off_hold_nothing(found):
    assert reasons(found, OFF) == []


@given(facts)
def test_each_trouble_is_told_once_and_in_whole_sentences(found):
    told = [*reasons(found, RULES), *warnings(found, RULES)]

    assert all(each[0].isupper() and each.endswith(".") for each in told)
    assert len(told) <= 6 + len(found.sources)


@given(facts, counts)
def test_the_papers_decide_about_too_few_papers_and_about_nothing_else(found, considered):
    before, after = (
        [each for each in reasons(one, RULES) if "Too few" not in each]
        for one in (found, replace(found, considered=considered))
    )

    assert after == before
    assert len(reasons(replace(found, considered=considered), RULES)) == len(after) + (considered < 3)


def test_a_sources_usual_day_is_the_median_of_its_newest_days_with_news():
    assert usual([0, 10, 0, 30, 20, 0, 500, 40, 1_000]) == 30
    assert usual([7]) == 7
    assert usual([0, 0]) == 0


@given(some.lists(some.integers(0, 1_000), max_size=40))
def test_a_usual_day_lies_between_the_least_and_the_most(news):
    full = [count for count in news if count]

    assert usual(news) == 0 if not full else min(full) <= usual(news) <= max(full)


def test_readers_who_follow_the_same_count_once():
    assert alike([(1, 7)] * 90 + [(2, 7), (3, 8)]) == (3, 2)
    assert alike([]) == (0, 0)


@given(some.lists(some.tuples(some.integers(0, 9), some.integers(0, 9))))
def test_never_more_are_alike_than_there_are(readers):
    interests, same = alike(readers)

    assert interests == len({mark for mark, _ in readers})
    assert bool(readers) <= same <= interests
    assert alike(readers + readers) == (interests, same)


@given(some.lists(some.integers(0, 1_000), unique=True, min_size=1))
def test_broken_picks_are_all_alike_and_good_ones_differ(marks):
    assert alike([(mark, 0) for mark in marks]) == (len(marks), len(marks))
    assert alike([(mark, mark) for mark in marks]) == (len(marks), 1)

"""Which papers stand together: a section for each interest that brought several, for readers who have several."""

from collections.abc import Sequence

from newsletter.mail import words
from newsletter.mail.speech import Speech
from newsletter.mail.story import Story

LEAST = 2  # papers of one interest that make a section
LONGEST = 40
Placed = tuple[int, str]  # a story's place in the ranking, and the heading above it where a section begins


def arranged(stories: Sequence[Story], cards: int, speaks: Speech) -> list[Placed]:
    """The order in which stories are told, best first in each section.

    The lead stays first. Of the other cards, an interest with two or more is a section; what is left stands
    together at the end. Without two sections, and for the rows behind the cards, the ranking stays as it is.
    """
    groups: dict[str, list[int]] = {}
    for place in range(1, min(cards, len(stories))):
        interests = stories[place].interests
        groups.setdefault(interests[0] if interests else "", []).append(place)
    sections = {name: places for name, places in groups.items() if name and len(places) >= LEAST}
    left = sorted(place for name, places in groups.items() if name not in sections for place in places)
    if len(sections) + bool(left) < LEAST or not sections:
        return [(place, "") for place in range(len(stories))]
    order: list[Placed] = [(0, "")]
    for name, places in sections.items():
        order += _headed(places, words.cut(words.clean(name), LONGEST))
    order += _headed(left, speaks.say("More for you"))
    return order + [(place, "") for place in range(len(order), len(stories))]


def _headed(places: Sequence[int], heading: str) -> list[Placed]:
    return [(place, "" if number else heading) for number, place in enumerate(places)]

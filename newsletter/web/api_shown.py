"""Between the models of the JSON API and what stands behind them: preferences, choices, papers, editions."""

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from newsletter import edition
from newsletter.links import Links
from newsletter.mail import words
from newsletter.showcase import Shown, Trending
from newsletter.web import cards
from newsletter.web.api_models import Mute, Paper, PaperInFull, Papers, Weekday, Weighted, Wishes
from newsletter.web.forms import LISTS
from subscribers import pasted
from subscribers import preferences as preference
from subscribers.models import Example, FollowKind
from subscribers.preferences import Choice, Preferences
from subscribers.topics import Catalogue


def preferences_in(wishes: Wishes, size: int) -> Preferences:
    """When and how much; `size` counts where it is left open. InvalidPreference for what cannot be used."""
    fields = {
        "name": wishes.name,
        "cadence": str(wishes.cadence),
        "weekdays": ",".join(wishes.weekdays),
        "hour": str(wishes.hour),
        "timezone": wishes.timezone,
        "size": str(wishes.size or size),
    }
    return preference.parse(fields)


def choices_in(wishes: Wishes, catalogue: Catalogue) -> tuple[Choice, ...]:
    """What is followed and muted; names are taken as they are, topics as the catalogue spells them."""
    found = [
        _choice(kind, each.name, each.weight, catalogue)
        for field, kind in LISTS.items()
        for each in _weighted(getattr(wishes, field))
    ]
    mutes = [each if isinstance(each, Mute) else Mute(name=each) for each in wishes.mutes]
    return preference.combine([*found, *(_choice(each.kind, each.name, -1.0, catalogue) for each in mutes)])


def wishes_of(preferences: Preferences, choices: Sequence[Choice], named: Iterable[Example]) -> Wishes:
    """What a reader has, in a way that means the same when it is sent again."""
    followed: dict[str, Any] = {
        field: [Weighted(name=each.value, weight=each.weight) for each in choices if _of(each, kind)]
        for field, kind in LISTS.items()
    }
    return Wishes(
        **followed,
        mutes=[Mute(kind=each.kind, name=each.value) for each in choices if each.weight < 0],
        examples=[pasted.written(each.key, each.title) for each in named],
        name=preferences.name,
        cadence=preferences.cadence,
        weekdays=[day for day in get_args(Weekday) if day in preferences.weekdays.split(",")],
        hour=preferences.hour,
        timezone=preferences.timezone,
        size=preferences.size,
    )


def papers_of(found: Trending, links: Links) -> Papers:
    """The papers of a period."""
    return Papers(
        period=found.period,
        first=found.first,
        last=found.last,
        total=found.total,
        papers=[paper_of(each, links) for each in found.papers],
    )


def paper_of(shown: Shown, links: Links) -> Paper:
    """One paper of a list."""
    return Paper(**_facts(shown, links))


def paper_in_full(shown: Shown, links: Links) -> PaperInFull:
    """One paper with its abstract."""
    return PaperInFull(**_facts(shown, links), abstract=words.clean(shown.content["abstract"]))


def _facts(shown: Shown, links: Links) -> dict[str, Any]:
    content = shown.content
    return {
        "key": shown.key,
        "title": words.clean(content["title"]),
        "authors": [words.clean(name) for name in content["authors"]],
        "author_count": max(content["author_count"], len(content["authors"])),
        "organization": words.clean(content["organization"]),
        "categories": [words.clean(name) for name in content["categories"]],
        "topics": list(shown.topics),
        "summary": words.clean(content["summary"]),
        "published": edition.day(content["published"]),
        "announced": edition.day(content["announced"]),
        "upvotes": content["upvotes"],
        "history": shown.history,
        "sample": content["sample"],
        "ahead_of": shown.percent,
        "page": links.paper(shown.key),
        **{name: url or None for name, url in cards.addresses_in(content).items()},
    }


def _weighted(given: Iterable[str | Weighted]) -> list[Weighted]:
    return [each if isinstance(each, Weighted) else Weighted(name=each) for each in given]


def _choice(kind: FollowKind, name: str, weight: float, catalogue: Catalogue) -> Choice:
    label = preference.parse_label(kind, name)
    topic = catalogue.find(label) if kind is FollowKind.TOPIC else None
    return Choice(kind, topic.name if topic else label, weight)


def _of(choice: Choice, kind: FollowKind) -> bool:
    return choice.kind is kind and choice.weight > 0

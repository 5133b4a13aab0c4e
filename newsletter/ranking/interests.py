"""What a reader follows, turned into interests: catalogue topics, free text, keywords, names, categories."""

import re
from itertools import pairwise

from newsletter.ranking.relevance import Interest
from newsletter.ranking.text import Term, stem, term, words
from subscribers.models import FollowKind
from subscribers.paper_keys import folded
from subscribers.topics import Catalogue, Topic

KEYWORD_WEIGHT = 1.3  # someone who types a keyword means it
FREE_PAIR_WEIGHT, FREE_WORD_WEIGHT = 0.6, 0.35  # parts of a free-text topic speak for it, less than the whole
CHILD_WEIGHT = 0.7  # a subtopic's words speak for the parent, less than the parent's own
CATEGORY_FOLLOW_EVIDENCE = 0.6
LETTER_GROUPS = re.compile(r"[^\W\d_]+")
FUNCTION_WORDS = frozenset(
    stem(word)
    for word in words(
        "a an and approach as at based by for from how in into is it its of on or over that the their this to "
        "toward towards under using via with without"
    )
)
# Words that stand in half of all papers: they count within a phrase, and say nothing alone.
COMMON = FUNCTION_WORDS | {
    stem(word)
    for word in words(
        "data deep learning method model network neural new paper research science study system task theory"
    )
}


def interest(kind: FollowKind, value: str, catalogue: Catalogue) -> Interest:
    """The interest behind one follow or mute."""
    match kind:
        case FollowKind.TOPIC:
            topic = catalogue.find(value)
            return from_topic(topic, catalogue) if topic else from_free_text(value)
        case FollowKind.KEYWORD:
            return Interest("keyword", value, {term(value): KEYWORD_WEIGHT}, {term(value): value})
        case FollowKind.AUTHOR:
            return Interest("author", value, authors=frozenset({name_key(value)}))
        case FollowKind.ORG:
            return Interest("org", value, organizations=frozenset({name_key(value)}))
        case FollowKind.CATEGORY:
            return Interest(
                "category",
                value,
                categories=frozenset({value}),
                category_evidence=CATEGORY_FOLLOW_EVIDENCE,
            )


def from_topic(topic: Topic, catalogue: Catalogue) -> Interest:
    """A catalogue topic with its subtopics: whoever follows the parent is served by the children too."""
    terms: dict[Term, float] = {}
    shown: dict[Term, str] = {}
    categories: set[str] = set()
    for member, depth in catalogue.family(topic):
        categories.update(member.categories)
        for word in member.words:
            terms.setdefault(term(word), CHILD_WEIGHT**depth)
            shown.setdefault(term(word), word)
    return Interest("topic", topic.name, terms, shown, frozenset(categories))


def from_free_text(value: str) -> Interest:
    """A topic in the reader's own words: the whole phrase, its pairs of words, its telling words."""
    found = words(value)
    terms: dict[Term, float] = {term(value): 1.0} if found else {}
    shown: dict[Term, str] = {term(value): value} if found else {}
    telling = [word for word in found if stem(word) not in COMMON and len(word) > 1]
    pairs = [f"{first} {second}" for first, second in pairwise(found)]
    parts = [(pair, FREE_PAIR_WEIGHT) for pair in pairs if _telling_pair(pair, telling)]
    parts += [(word, FREE_WORD_WEIGHT) for word in telling]
    for part, weight in parts:
        terms.setdefault(term(part), weight)
        shown.setdefault(term(part), part)
    return Interest("topic", value, terms, shown)


def _telling_pair(pair: str, telling: list[str]) -> bool:
    both = pair.split()
    return any(word in telling for word in both) and not any(stem(word) in FUNCTION_WORDS for word in both)


def name_key(name: str) -> str:
    """A person's or group's name for comparison: "LeCun, Yann" and "Yann  LeCun" are one."""
    last, comma, first = name.partition(",")
    ordered = f"{first} {last}" if comma else name
    return " ".join(LETTER_GROUPS.findall(folded(ordered)))


def author_keys(name: str) -> frozenset[str]:
    """The keys under which an author can be followed: the full name, and the first initial with the last name."""
    full = name_key(name)
    first, _, rest = full.partition(" ")
    last = rest.rpartition(" ")[2]
    return frozenset({full, f"{first[:1]} {last}"}) if last else frozenset({full})

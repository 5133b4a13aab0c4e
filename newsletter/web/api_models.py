"""What the JSON API takes and gives, as strict models: their descriptions are its reference."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from newsletter.showcase import MOST_SHOWN, Period
from subscribers.models import Cadence, FollowKind
from subscribers.pasted import LONGEST_TITLE, MOST_EXAMPLES
from subscribers.preferences import HEAVIEST, LAST_HOUR, LONGEST_LABEL, MOST_FOLLOWS, MOST_PAPERS

MOST_LISTED = 100  # papers in one answer
LONGEST_TYPED = 320  # characters of an address; what it is in the end is checked in full


class Model(BaseModel):
    """No field but the ones named, no text in place of a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


Label = Annotated[
    str, Field(min_length=1, max_length=LONGEST_LABEL, description="One line of text without a semicolon.")
]


class Weighted(Model):
    """Something that a reader follows, and how much it counts."""

    name: Label
    weight: float = Field(
        default=1, gt=0, le=HEAVIEST, allow_inf_nan=False, description="1 is normal, 2 counts twice as much."
    )


class Mute(Model):
    """Something that a reader never wants to see."""

    kind: FollowKind = Field(default=FollowKind.TOPIC, strict=False, description="What kind of thing it is.")
    name: Label


Followed = Annotated[list[Label | Weighted], Field(max_length=MOST_FOLLOWS)]
Name = Annotated[
    str, Field(max_length=LONGEST_LABEL, description="What the digest calls the reader; may be empty.")
]
Topics = Annotated[Followed, Field(description="Topics of the catalogue (see /topics), or any in your own words.")]
Keywords = Annotated[Followed, Field(description="Words or phrases that must stand in a paper as they are.")]
Authors = Annotated[Followed, Field(description="People whose papers always count.")]
Categories = Annotated[Followed, Field(description="Categories of arXiv, such as cs.CL.")]
Orgs = Annotated[Followed, Field(description="Organizations whose papers always count.")]
Mutes = Annotated[
    list[Label | Mute],
    Field(max_length=MOST_FOLLOWS, description="What is never shown; a bare name is a topic."),
]
Example = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_TITLE,
        description="An arXiv id, a DOI, a link with one of them, or a title of at least three words.",
    ),
]
Examples = Annotated[
    list[Example], Field(max_length=MOST_EXAMPLES, description="Papers like those that should come, one a text.")
]
Often = Annotated[
    Cadence,
    Field(
        strict=False,
        description="`chosen` means the days in `weekdays`, `weekly` the one day there, `monthly` the first"
        " such day of a month.",
    ),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Weekdays = Annotated[
    list[Weekday],
    Field(
        max_length=7,
        description="For `chosen` at least one, for `weekly` and `monthly` one (Monday if none), else none.",
    ),
]
Hour = Annotated[int, Field(ge=0, le=LAST_HOUR, description="When the digest comes, on the reader's own clock.")]
Zone = Annotated[
    str, Field(min_length=1, max_length=64, description="The reader's time zone by its IANA name: Europe/Berlin.")
]
Size = Annotated[int, Field(ge=1, le=MOST_PAPERS, description="The most papers in one digest.")]


class Wishes(Model):
    """What a reader wants: everything must be there, so that nothing is lost by leaving it out."""

    name: Name
    topics: Topics
    keywords: Keywords
    authors: Authors
    categories: Categories
    orgs: Orgs
    mutes: Mutes
    examples: Examples
    cadence: Often
    weekdays: Weekdays
    hour: Hour
    timezone: Zone
    size: Size


class Subscription(Wishes):
    """Somebody who wants the newsletter; all but the address may be left out."""

    email: str = Field(min_length=3, max_length=LONGEST_TYPED, description="One plain address: ada@example.org.")
    name: Name = ""
    topics: Topics = []
    keywords: Keywords = []
    authors: Authors = []
    categories: Categories = []
    orgs: Orgs = []
    mutes: Mutes = []
    examples: Examples = []
    cadence: Often = Cadence.DAILY
    weekdays: Weekdays = []
    hour: Hour = 7
    timezone: Zone = "UTC"
    size: Size | None = Field(
        default=None, description="The most papers in one digest; null: this newsletter's own."
    )  # type: ignore[assignment]  # only here may it be left to us


class Message(Model):
    """What happened, in words for people."""

    message: str


class Refusal(Model):
    """Why a request was not done, and what to do about it."""

    error: str


class Asked(Model):
    """Which papers are wanted."""

    period: Period = Field(
        default=Period.DAY,
        strict=False,
        description="`day`: the newest day that has papers; `week`, `month`: the last 7 or 30 days.",
    )
    topic: str = Field(
        default="", max_length=LONGEST_LABEL, description="A topic of the catalogue; its subtopics count too."
    )
    limit: int = Field(
        default=MOST_SHOWN, ge=1, le=MOST_LISTED, strict=False, description="At most so many, hottest first."
    )


Address = Annotated[str | None, Field(description="An http or https address; null where there is none.")]


class Paper(Model):
    """One paper as everybody may see it; all texts are one line, TeX turned into Unicode."""

    key: str = Field(description="Its name here: arxiv:ID, doi:DOI or title:HASH.")
    title: str
    authors: list[str] = Field(description="The first twelve at most.")
    author_count: int = Field(description="How many there are.")
    organization: str = Field(description="Who stands behind it; empty where no source says.")
    categories: list[str] = Field(description="As its source files it, such as cs.CL.")
    topics: list[str] = Field(
        description="Topics of the catalogue that it matches, the best first, three at most."
    )
    summary: str = Field(description="In a sentence or two; empty where no source has one.")
    published: dt.date | None
    announced: dt.date = Field(description="When a source first listed it.")
    upvotes: int | None = Field(description="null where no source counts them.")
    history: list[int] = Field(description="Upvotes over time, oldest first.")
    sample: bool = Field(description="Whether the figures are made up for a demonstration.")
    ahead_of: int | None = Field(
        description="How many of the period's papers it is ahead of, in percent; null where nobody counts."
    )
    page: str = Field(description="Its page in this newsletter.")
    url: Address
    pdf_url: Address
    code_url: Address
    discussion_url: Address


class PaperInFull(Paper):
    """One paper with its abstract."""

    abstract: str


class Papers(Model):
    """The hottest papers of a period; `first` and `last` say of which days, null where it holds no paper."""

    period: Period
    first: dt.date | None
    last: dt.date | None
    total: int = Field(description="How many match, listed here or not.")
    papers: list[Paper]


class Topic(Model):
    """One topic of the catalogue."""

    name: str
    parent: str | None = Field(description="The topic that it belongs to; null at the top.")
    papers: int = Field(description="How many papers of the last 30 days match it or a subtopic of it.")


class TopicsListed(Model):
    """The catalogue, in its own order."""

    topics: list[Topic]


class Archive(Model):
    """The days of past editions, newest first."""

    days: list[dt.date]


class PastEdition(Model):
    """What was trending on the day of an edition, the same for everybody."""

    day: dt.date
    page: str = Field(description="The edition's page in this newsletter.")
    papers: list[Paper]

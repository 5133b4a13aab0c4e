"""What the studio is asked to show: reader, moment and view, read from the query and written back to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from newsletter.preview import Asked, MadeUp
from subscribers import people
from subscribers.errors import InvalidPreference, UnknownSubscriber
from subscribers.models import Subscriber

VIEWS = (
    ("light", "Light"),
    ("dark", "Dark"),
    ("bare", "Images and styles off"),
    ("text", "Plain text"),
    ("source", "Source"),
    ("headers", "Headers"),
)
MOST_FOUND = 20
LONGEST = 320
MOST_PAPERS = 50
FIRST_YEAR, LAST_YEAR = 1970, 2200


@dataclass(frozen=True)
class Question:
    """The fields of the studio's form as they came: `reader` is an id, `q` what is searched for."""

    reader: str = ""
    q: str = ""
    topics: tuple[str, ...] = ()
    keyword: str = ""
    size: str = ""
    at: str = ""
    zone: str = "UTC"
    view: str = "light"

    def fields(self, **changes: str) -> list[tuple[str, str]]:
        """As the query of a URL with these changes; what is empty is left out."""
        names = ("reader", "keyword", "size", "at", "zone", "view")
        plain = [(name, changes.get(name, str(getattr(self, name)))) for name in names]
        return [*[("topic", topic) for topic in self.topics], *[pair for pair in plain if pair[1]]]

    @property
    def made_up(self) -> bool:
        return bool(self.topics or self.keyword.strip())

    def moment(self, now: datetime) -> datetime:
        """The instant that is meant, in UTC; `now` where none is given. InvalidPreference names what is wrong."""
        if not self.at:
            return now.replace(second=0, microsecond=0)
        try:
            told = datetime.fromisoformat(self.at)
            zoned = told if told.tzinfo else told.replace(tzinfo=ZoneInfo(self.zone))
        except (ValueError, OSError, KeyError):
            cure = "write a moment like 2026-11-24T07:00, and a zone like Europe/Berlin"
            raise InvalidPreference("at", f"{self.at} {self.zone}", cure) from None
        if not FIRST_YEAR < zoned.year < LAST_YEAR:
            raise InvalidPreference("at", self.at, f"use a year from {FIRST_YEAR + 1} to {LAST_YEAR - 1}")
        return zoned.astimezone(UTC)

    def asked(self, session: Session) -> Asked | None:
        """Whose message it is; None while nobody was chosen. UnknownSubscriber for a reader who is gone."""
        if self.made_up:
            words = tuple(word.strip() for word in self.keyword.split(",") if word.strip())
            return MadeUp(self.topics, words, _size(self.size))
        if not self.reader:
            return None
        found = (
            session.get(Subscriber, int(self.reader)) if self.reader.isascii() and self.reader.isdigit() else None
        )
        if found is None:
            raise UnknownSubscriber(self.reader)
        return found.email


def read(query: Sequence[tuple[str, str]], zone: str) -> Question:
    """The question that a query asks; `zone` where it names none."""
    last = {name: value[:LONGEST].strip() for name, value in query}
    topics = tuple(dict.fromkeys(value[:LONGEST] for name, value in query if name == "topic" and value))
    names = ("reader", "q", "keyword", "size", "at")
    view = last.get("view", "")
    return Question(
        topics=topics,
        zone=last.get("zone") or zone,
        view=view if view in dict(VIEWS) else "light",
        **{name: last.get(name, "") for name in names},
    )


def search(session: Session, words: str) -> list[Subscriber]:
    """Readers whose address or name holds these words, oldest first; the one whose address it is comes alone."""
    if "@" in words:
        try:
            return [people.find(session, words)]
        except (InvalidPreference, UnknownSubscriber):
            pass
    has = [col(part).icontains(words, autoescape=True) for part in (Subscriber.email, Subscriber.name)]
    asked = select(Subscriber).where(or_(*has)).order_by(col(Subscriber.id)).limit(MOST_FOUND)
    return list(session.exec(asked))


def _size(text: str) -> int:
    if not text:
        return MadeUp().size
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST_PAPERS):
        raise InvalidPreference("size", text, f"give a whole number from 1 to {MOST_PAPERS}")
    return int(text)

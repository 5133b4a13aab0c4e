"""Tables: readers, what they follow and agreed to, what awaits their yes; and the UTC column of both packages."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, Dialect, Enum, Index, String, UniqueConstraint, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import JSON, Field, Relationship, SQLModel

# Constraint names that are the same on every database, so that migrations can name them.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime on every database; SQLite alone would hand back a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return value.replace(tzinfo=UTC) if value and not value.tzinfo else value


def enum_column(kind: type[StrEnum], **options: object) -> Enum:
    """A text column limited to the enum's values by a CHECK: a native PostgreSQL ENUM survives a downgrade."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=20,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
        **options,
    )


class Status(StrEnum):
    """Where a subscription stands. Only `active` readers are ever planned a digest."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


# Readers who said yes and may be mailed; readers whom only their own new yes, or nothing, brings back.
CONFIRMED = frozenset({Status.ACTIVE, Status.PAUSED})
STOPPED = frozenset({Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED})


class Cadence(StrEnum):
    """How often a reader wants a digest; `chosen` means the days in `weekdays`.

    `weekly` has one day there; so has `monthly`, whose digest comes on the first such day of each month.
    """

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    CHOSEN = "chosen"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class FollowKind(StrEnum):
    """What a reader can follow (positive weight) or mute (negative weight)."""

    TOPIC = "topic"
    KEYWORD = "keyword"
    AUTHOR = "author"
    CATEGORY = "category"
    ORG = "org"


class Subscriber(SQLModel, table=True):
    """One reader. `email` is the normalised address; `hour` is local, 0 to 23; `size` is papers a digest."""

    # AUTOINCREMENT: an erased reader's id is never given to another, so an old link never acts for a stranger.
    __table_args__ = (
        CheckConstraint("hour between 0 and 23", name="hour"),
        CheckConstraint("size between 1 and 50", name="size"),
        # Two spellings of one address are one reader, also when two processes add them at once.
        Index("uq_subscriber_identity", text("lower(email)"), unique=True),
        {"sqlite_autoincrement": True},
    )
    id: int = Field(default=None, primary_key=True)
    email: str = Field(unique=True, max_length=320)
    name: str = Field(default="", max_length=200)
    status: Status = Field(default=Status.PENDING, sa_type=enum_column(Status), index=True)
    cadence: Cadence = Field(default=Cadence.DAILY, sa_type=enum_column(Cadence))
    weekdays: str = Field(default="", max_length=40)
    hour: int = 7
    timezone: str = Field(default="UTC", max_length=64)
    size: int = 10
    paused_until: datetime | None = Field(default=None, sa_type=Utc)
    created_at: datetime = Field(sa_type=Utc)
    confirmed_at: datetime | None = Field(default=None, sa_type=Utc)
    follows: list["Follow"] = Relationship(
        back_populates="subscriber",
        sa_relationship_kwargs={"cascade": "all, delete-orphan", "order_by": "Follow.id"},
    )
    # Only to be read: `examples` writes them, and the database forgets them with their reader.
    examples: list["Example"] = Relationship(sa_relationship_kwargs={"viewonly": True, "order_by": "Example.id"})


class Follow(SQLModel, table=True):
    """One thing a reader follows; a negative weight mutes it."""

    id: int = Field(default=None, primary_key=True)
    subscriber_id: int = Field(default=None, foreign_key="subscriber.id", ondelete="CASCADE", index=True)
    kind: FollowKind = Field(sa_type=enum_column(FollowKind))
    value: str = Field(max_length=200)
    weight: float = 1.0
    subscriber: Subscriber = Relationship(back_populates="follows")


class Example(SQLModel, table=True):
    """A paper that a reader named as an example of what they want, whether or not the newsletter knows it.

    `key` is the paper's identity ("arxiv:...", "doi:..." or "title:..."); `title` and `abstract` are empty until
    somebody knows them.
    """

    __table_args__ = (UniqueConstraint("subscriber_id", "key"),)
    id: int = Field(default=None, primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id", ondelete="CASCADE")
    key: str = Field(max_length=200, index=True)
    title: str = Field(default="", max_length=1000)
    abstract: str = ""
    at: datetime = Field(sa_type=Utc)


class Consent(SQLModel, table=True):
    """What a reader agreed to or withdrew, append only (GDPR Art. 7(1), 7(3)): rows are never changed."""

    # AUTOINCREMENT: the id of a withdrawal is in a signed link, which must never come to mean another's.
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int = Field(default=None, primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id", ondelete="CASCADE", index=True)
    at: datetime = Field(sa_type=Utc)
    event: str = Field(max_length=40)
    wording: str
    ip: str = Field(default="", max_length=45)
    agent: str = Field(default="", max_length=400)


class ConfirmationKind(StrEnum):
    """What the owner of a mailbox is asked to finish."""

    JOIN = "join"
    CHANGE = "change"
    DATA = "data"


class Confirmation(SQLModel, table=True):
    """Something that was asked for and only the owner of the mailbox may finish, once and in time.

    `wishes` are what finishing it brings: preferences and follows (join), {"email"} (change). A change of
    address is finished when both mailboxes have said yes: `old_at` and `new_at`. `used_at` ends it.
    """

    # AUTOINCREMENT: its id is in a signed link, which must never come to mean another one.
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int = Field(default=None, primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id", ondelete="CASCADE", index=True)
    kind: ConfirmationKind = Field(sa_type=enum_column(ConfirmationKind))
    wishes: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=Utc)
    expires_at: datetime = Field(sa_type=Utc, index=True)
    old_at: datetime | None = Field(default=None, sa_type=Utc)
    new_at: datetime | None = Field(default=None, sa_type=Utc)
    used_at: datetime | None = Field(default=None, sa_type=Utc)


class CoolDown(SQLModel, table=True):
    """Until when a mailbox gets no other letter that strangers can cause; `mailbox` is a hash, not an address."""

    mailbox: str = Field(primary_key=True, max_length=64)
    until: datetime = Field(sa_type=Utc, index=True)


class Suppression(SQLModel, table=True):
    """An address that must never be mailed again, whoever asks."""

    email: str = Field(sa_column=Column(String(320), primary_key=True))
    reason: str = Field(max_length=200)
    since: datetime = Field(sa_type=Utc)

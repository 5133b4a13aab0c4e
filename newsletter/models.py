"""Tables: papers and what is known of them, editions, deliveries, picks; and the delivery states as one table."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import JSON, Field, SQLModel

from subscribers.models import Utc, enum_column


class State(StrEnum):
    """What became of a delivery so far."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Skip(StrEnum):
    """Why a digest was skipped; `outcome` says it in words with its figures."""

    NOTHING = "nothing"  # no paper was worth sending
    LATE = "late"  # its catch-up window ended while it waited
    MISSED = "missed"  # nobody ran when it was due
    SOON = "soon"  # a change of settings put it too near to another digest
    DAY_OFF = "day off"  # schedule.days_off
    RESTING = "resting"  # the reader paused meanwhile
    CANCELLED = "cancelled"  # the admin cancelled the edition


# Every move a delivery may make; `ledger` refuses any other. `unknown` = the final dot was written and no
# reply came, or the process died there: the message may or may not have been accepted. Only the admin moves
# `pending` and `deferred` to `skipped`, by cancelling an edition, and only the admin, or a sender that learned the
# outcome after all, moves `unknown` anywhere but to `sending`. What was claimed and not begun is given back.
MOVES: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.SENDING, State.SKIPPED}),
    State.SENDING: frozenset(
        {
            *(State.SENT, State.DEFERRED, State.FAILED, State.SUPPRESSED, State.SKIPPED, State.UNKNOWN),
            State.PENDING,
        }
    ),
    State.DEFERRED: frozenset({State.SENDING, State.SKIPPED}),
    State.UNKNOWN: frozenset({State.SENDING, State.SENT, State.DEFERRED, State.FAILED}),
    State.SENT: frozenset(),
    State.FAILED: frozenset(),
    State.SUPPRESSED: frozenset(),
    State.SKIPPED: frozenset(),
}
# In these the reader will not get the papers, so another digest may bring them.
RELEASING = frozenset({State.FAILED, State.SUPPRESSED, State.SKIPPED})


class Paper(SQLModel, table=True):
    """One paper, whatever the number of sources and versions that told of it.

    `key` is "arxiv:<id without version>", else "doi:<doi>", else "title:<hash of the normalised title>".
    `announced_at` is the first announcement by any source; `first_seen_at` is our own clock's.
    """

    key: str = Field(primary_key=True, max_length=200)
    title: str
    abstract: str = ""
    summary: str = ""
    authors: list[str] = Field(default_factory=list, sa_type=JSON)
    author_count: int = 0
    categories: list[str] = Field(default_factory=list, sa_type=JSON)
    keywords: list[str] = Field(default_factory=list, sa_type=JSON)
    organization: str = ""
    url: str = ""
    pdf_url: str = ""
    code_url: str = ""
    discussion_url: str = ""
    version: int = 0
    published_at: datetime | None = Field(default=None, sa_type=Utc)
    announced_at: datetime = Field(sa_type=Utc, index=True)
    first_seen_at: datetime = Field(sa_type=Utc)


class Alias(SQLModel, table=True):
    """Another key under which a paper is known: its DOI, or the hash of its title."""

    key: str = Field(primary_key=True, max_length=200)
    paper: str = Field(foreign_key="paper.key", ondelete="CASCADE", index=True)


class PaperSource(SQLModel, table=True):
    """One source's own view of a paper, kept as it was told."""

    paper: str = Field(foreign_key="paper.key", ondelete="CASCADE", primary_key=True)
    source: str = Field(primary_key=True, max_length=100)
    announced_at: datetime = Field(sa_type=Utc)
    seen_at: datetime = Field(sa_type=Utc)
    view: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Signal(SQLModel, table=True):
    """Engagement with a paper at one moment, as one source counts it; None means the source does not say.

    `sample` marks figures made up for a demonstration.
    """

    paper: str = Field(foreign_key="paper.key", ondelete="CASCADE", primary_key=True)
    source: str = Field(primary_key=True, max_length=100)
    seen_at: datetime = Field(sa_type=Utc, primary_key=True)
    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None
    sample: bool = False


class SourceState(SQLModel, table=True):
    """What to remember of a source between reads, and how the last one went.

    `last_news_at` is when the newest paper that it ever told of was announced.
    """

    name: str = Field(primary_key=True, max_length=100)
    memory: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    last_success_at: datetime | None = Field(default=None, sa_type=Utc)
    last_news_at: datetime | None = Field(default=None, sa_type=Utc)
    last_error_at: datetime | None = Field(default=None, sa_type=Utc)
    last_error: str = ""


class Frozen(SQLModel, table=True):
    """Texts frozen by their SHA-256: compiled templates and the newsletter's own words at planning time."""

    hash: str = Field(primary_key=True, max_length=64)
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Edition(SQLModel, table=True):
    """What all digests of one local date share: the template, the model version, the papers' text."""

    __table_args__ = (UniqueConstraint("date", "template_hash"),)
    id: int = Field(default=None, primary_key=True)
    date: str = Field(max_length=10)
    template_hash: str = Field(foreign_key="frozen.hash", max_length=64)
    model_version: str = Field(max_length=40)
    created_at: datetime = Field(sa_type=Utc)


class EditionPaper(SQLModel, table=True):
    """A paper's text and figures as this edition shows them, whatever becomes of the paper later."""

    edition_id: int = Field(foreign_key="edition.id", ondelete="CASCADE", primary_key=True)
    paper: str = Field(primary_key=True, max_length=200)
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Delivery(SQLModel, table=True):
    """One letter for one reader and period; the unique triple makes a second one impossible.

    Sent no earlier than `not_before` and no later than `not_after`, by a real clock. `doubtful` = in some
    attempt the final dot was written and no reply came: the reader may have it, so its picks stay theirs.
    `date` is the planning instant and the Date header; `due_at` is when a digest's hour struck for the reader;
    `reply` is the server's last words; `outcome` says in plain words why it stands where it stands. The admin's
    mails have no subscriber. A digest's `details` name the model that picked it. `handed_over` = in this attempt
    the body, and with it the final dot, may have been written.
    """

    __table_args__ = (
        UniqueConstraint("subscriber_id", "letter", "period"),
        # Only what waits: so a message that is on its way is written down without a change to this index.
        Index(
            "ix_delivery_due",
            "state",
            "not_before",
            "id",
            sqlite_where=text("state IN ('pending', 'deferred', 'unknown')"),
            postgresql_where=text("state IN ('pending', 'deferred', 'unknown')"),
        ),
        Index(
            "ix_delivery_lease",
            "lease_until",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        # Letters that somebody waits for are claimed before a hundred thousand digests.
        Index(
            "ix_delivery_letter",
            "state",
            "not_before",
            "id",
            sqlite_where=text("letter <> 'digest'"),
            postgresql_where=text("letter <> 'digest'"),
        ),
        Index("ix_delivery_due_at", "due_at"),
        {"sqlite_autoincrement": True},
    )
    id: int = Field(default=None, primary_key=True)
    subscriber_id: int | None = Field(foreign_key="subscriber.id", ondelete="SET NULL", nullable=True)
    address: str = Field(max_length=320)
    letter: str = Field(max_length=40)
    period: str = Field(max_length=80, index=True)
    edition_id: int | None = Field(default=None, foreign_key="edition.id", nullable=True)
    state: State = Field(default=State.PENDING, sa_type=enum_column(State))
    message_id: str = Field(max_length=200)
    date: datetime = Field(sa_type=Utc)
    due_at: datetime | None = Field(default=None, sa_type=Utc)
    skipped_for: Skip | None = Field(default=None, sa_type=enum_column(Skip), nullable=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    attempts: int = 0
    not_before: datetime = Field(sa_type=Utc)
    not_after: datetime = Field(sa_type=Utc)
    doubtful: bool = False
    handed_over: bool = False
    owner: str | None = Field(default=None, max_length=64)
    lease_until: datetime | None = Field(default=None, sa_type=Utc)
    sent_at: datetime | None = Field(default=None, sa_type=Utc)
    reply: str = ""
    outcome: str = ""


class Pick(SQLModel, table=True):
    """One paper in one reader's digest; the primary key is why no reader ever gets a paper twice."""

    subscriber_id: int = Field(foreign_key="subscriber.id", ondelete="CASCADE", primary_key=True)
    paper: str = Field(primary_key=True, max_length=200)
    delivery_id: int = Field(foreign_key="delivery.id", ondelete="CASCADE", index=True)
    rank: int
    score: float
    trending: bool = False
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)


class Destination(SQLModel, table=True):
    """What is known of a mail domain that refused us: nothing goes there until `paused_until`.

    `refusals` counts them in a row, the last one came at `at`; `reason` is the server's last words.
    """

    domain: str = Field(primary_key=True, max_length=253)
    paused_until: datetime | None = Field(default=None, sa_type=Utc)
    refusals: int = 0
    at: datetime = Field(sa_type=Utc)
    reason: str = ""


class Pace(SQLModel, table=True):
    """A limited rate: when the next message may leave."""

    name: str = Field(primary_key=True, max_length=300)
    next_at: datetime = Field(sa_type=Utc)


class Feedback(SQLModel, table=True):
    """A reader's thumb on a paper: +1 or -1, the newest counts."""

    subscriber_id: int = Field(foreign_key="subscriber.id", ondelete="CASCADE", primary_key=True)
    paper: str = Field(foreign_key="paper.key", ondelete="CASCADE", primary_key=True)
    thumb: int
    at: datetime = Field(sa_type=Utc)


class ArchiveModel(SQLModel, table=True):
    """What was learned from the archive's texts, by version; digests name the one that picked them.

    `papers` is how many there were, `content` is `newsletter.ranking.archive.Archive` as bytes, `prior` is
    `newsletter.ranking.prior.Prior` as bytes, empty where there was too little to learn.
    """

    version: str = Field(primary_key=True, max_length=40)
    created_at: datetime = Field(sa_type=Utc)
    papers: int
    content: bytes
    prior: bytes = b""


class Embedding(SQLModel, table=True):
    """A paper's vector from one embedding model, as 16-bit floats: made once, when the paper is fetched."""

    paper: str = Field(foreign_key="paper.key", ondelete="CASCADE", primary_key=True)
    model: str = Field(primary_key=True, max_length=100)
    vector: bytes

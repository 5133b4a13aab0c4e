"""Tables of the record: the journal of runs, marks, turns, holds of editions, notices, the admin's login links."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import JSON, Field, SQLModel

from subscribers.models import Utc, enum_column


class HoldState(StrEnum):
    """What the admin or the quality gate decided about an edition."""

    HELD = "held"
    RELEASED = "released"
    CANCELLED = "cancelled"


class Hold(SQLModel, table=True):
    """A decision about the edition of one local date; none is needed for one that goes out by itself.

    `by` is "gate" or "admin", `reasons` are sentences; `at` is when it was held, `settled_at` when it was
    released or cancelled.
    """

    date: str = Field(primary_key=True, max_length=10)
    state: HoldState = Field(sa_type=enum_column(HoldState))
    by: str = Field(max_length=20)
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    at: datetime = Field(sa_type=Utc)
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class RunKind(StrEnum):
    """What a run was about."""

    FETCH = "fetch"
    PLAN = "plan"
    GATE = "gate"
    SEND = "send"
    ADMIN = "admin"
    REPORT = "report"
    TIDY = "tidy"
    TICK = "tick"


class Run(SQLModel, table=True):
    """One line of the journal: what was done, when, how long it took and how it went.

    `name` is the source, the edition's date or the admin's action; `at` the calendar's moment, `started_at`
    the real clock's; `counts` are figures by name.
    """

    __table_args__ = (Index("ix_run_kind_started_at", "kind", "started_at"),)
    id: int = Field(default=None, primary_key=True)
    kind: RunKind = Field(sa_type=enum_column(RunKind))
    name: str = Field(default="", max_length=200)
    at: datetime = Field(sa_type=Utc)
    started_at: datetime = Field(sa_type=Utc)
    seconds: float = 0.0
    ok: bool = True
    words: str = ""
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Mark(SQLModel, table=True):
    """A named moment that is moved on: the last tick, up to when everything due is planned."""

    name: str = Field(primary_key=True, max_length=100)
    at: datetime = Field(sa_type=Utc)


class Turn(SQLModel, table=True):
    """Whose turn it is to do something that several processes could: a lease. It only saves work."""

    name: str = Field(primary_key=True, max_length=100)
    owner: str = Field(max_length=64)
    until: datetime = Field(sa_type=Utc)


class Notice(SQLModel, table=True):
    """Something the admin was told, once: `key` names the trouble and its occasion; `ended_at` its end."""

    key: str = Field(primary_key=True, max_length=200)
    at: datetime = Field(sa_type=Utc, index=True)
    words: str
    ended_at: datetime | None = Field(default=None, sa_type=Utc)


class AdminLink(SQLModel, table=True):
    """A login link for the admin pages, good once; `mark` is a hash of what the link holds."""

    mark: str = Field(primary_key=True, max_length=64)
    expires_at: datetime = Field(sa_type=Utc)
    used_at: datetime | None = Field(default=None, sa_type=Utc)

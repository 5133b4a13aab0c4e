"""What the checks look at: the configuration, a clock, a resolver, and the database if there is one."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import jinja2
import sqlalchemy
from dns.resolver import Resolver
from sqlalchemy import Engine

from newsletter import db
from newsletter.config import Config
from newsletter.errors import DatabaseError

PATIENCE = 10.0

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """The surroundings of one examination; nothing in it is changed by a check.

    `now` is the real clock, `seconds` a clock that never jumps, `sleep` waits. `resolver` asks the DNS; None
    where this machine names no server for it. `pages` makes what renders web pages from their folders.
    `patience` is in seconds for each step of a network check.
    """

    config: Config
    now: Callable[[], datetime]
    seconds: Callable[[], float]
    sleep: Callable[[float], None]
    resolver: Resolver | None
    pages: Callable[[Sequence[Path]], jinja2.Environment]
    offline: bool = False
    patience: float = PATIENCE
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def database_file(self) -> Path | None:
        """The SQLite file, there or not; None for PostgreSQL."""
        url = sqlalchemy.make_url(self.config.database_url)
        return Path(url.database) if url.drivername.startswith("sqlite") and url.database else None

    @cached_property
    def engine(self) -> Engine | None:
        """The database; None where there is none: looking for one must not make it."""
        if self.database_file and not self.database_file.exists():
            return None
        return db.connect(self.config.database_url)

    @cached_property
    def readable(self) -> Engine | None:
        """The database if its tables are those of this program."""
        try:
            return self.engine if self.engine and db.revision(self.engine) == db.HEAD else None
        except DatabaseError:
            return None

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made when the first check asks for it; other checks wait."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._kept:
                self._kept[name] = make()
            found: T = self._kept[name]
            return found

    def close(self) -> None:
        """Let go of the database."""
        if self.__dict__.get("engine"):
            self.__dict__["engine"].dispose()

    @property
    def mails(self) -> bool:
        """Whether real mail goes out; a folder is for trying."""
        return self.config.delivery.transport == "smtp"

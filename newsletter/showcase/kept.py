"""Keeps what was made for a while, so that many visitors at once cost one computation."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class _Place(Generic[V]):
    """One kept value with the time it was made, and the lock of whoever makes the next one."""

    def __init__(self) -> None:
        self.made: tuple[datetime, V] | None = None
        self.making = Lock()


class Kept(Generic[V]):
    """At most `most` values, each at most `age` old by `clock` unless a newer one is being made right now.

    Thread-safe. For each key one caller makes the value; the others take the old one meanwhile, or wait where
    there is none. When making fails the error is that caller's, and the next one tries again.
    """

    def __init__(self, clock: Callable[[], datetime], age: timedelta, most: int) -> None:
        """The least recently asked for goes first when there are too many."""
        self._clock, self._age, self._most = clock, age, most
        self._places: OrderedDict[Hashable, _Place[V]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of this key, made if there is none or it is too old."""
        place, now = self._place(key), self._clock()
        old = place.made
        if old and self._young(old[0], now):
            return old[1]
        if not place.making.acquire(blocking=old is None) and old:
            return old[1]
        try:
            if place.made is None or place.made is old:  # else somebody made it while this one waited
                place.made = (now, make())
            return place.made[1]
        finally:
            place.making.release()

    def _place(self, key: Hashable) -> _Place[V]:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            if len(self._places) > self._most:
                self._places.popitem(last=False)
            return place

    def _young(self, made: datetime, now: datetime) -> bool:
        # A clock that was put back must not keep a value for ever.
        return abs(now - made) < self._age

"""The newsletter on a fake calendar for more than a year, beside an independent model: every difference counts.

Readers in all zones change their settings, pause, leave and come back; the machine, the press and the mail server
fail; turns come twice, from several schedulers at once, or die in the middle. Most messages are sent without being
rendered, for rendering would take most of the time; the figure `rendered` says how many were.
"""

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import structlog
from sqlalchemy import event, func, select

from newsletter import db
from newsletter.models import Delivery
from subscribers.models import Cadence
from subscribers.preferences import WEEKDAYS, Preferences

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from simulation import Fault, World
from simulation_clock import changes_of_clocks
from simulation_outside import THEMES, Crash

START = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_DIFFERENCES = 20
CADENCES = (Cadence.DAILY, *Cadence, Cadence.WEEKLY)
TURNS = {"plain": 85, "dies": 7, "twice": 5, "race": 3}  # in a hundred
SENDS = {"plain": 90, "several": 4, "dies": 3, "before dot": 1, "after dot": 2}
EVEN = 0.5
SOME = 0.3
REAL = 0.02  # of the sends render their messages


class Driver:
    """Lets things happen at random, an hour at a time."""

    def __init__(self, world: World, seed: int, readers: int, days: int) -> None:
        self.world, self.luck, self.end = world, random.Random(seed), world.now + days * DAY  # noqa: S311 - a simulation
        self.zones = self.luck.sample(
            sorted(available_timezones() - {"localtime"}), k=len(available_timezones()) - 1
        )
        self.kept = [ZoneInfo(zone) for zone in self.zones]  # else most are read from disk again at each look
        self.used: dict[str, list[tuple[date, str]]] = {}
        self.counts: Counter[str] = Counter()
        self.press_until = self.post_until = world.now
        self.per_reader = readers / 300
        for _ in range(readers):
            self._join()

    def _settings(self) -> Preferences:
        self.zones.append(zone := self.zones.pop(0))
        cadence = self.luck.choice(CADENCES)
        many = {Cadence.CHOSEN: self.luck.randint(1, 5), Cadence.WEEKLY: 1, Cadence.MONTHLY: 1}.get(cadence, 0)
        days = ",".join(WEEKDAYS[day] for day in sorted(self.luck.sample(range(7), many)))
        size = self.luck.choice([1, 2, 3, 9, 9, 9])
        return Preferences("", cadence, days, self.luck.randrange(24), zone, size)

    def _join(self) -> None:
        words = self.luck.sample(THEMES, self.luck.choice([1, 1, 1, 2, 4]))
        others = [each for each in THEMES if each not in words]
        mutes = self.luck.sample(others, 1 if self.luck.random() < SOME else 0)
        wanted = self._settings()
        reader = self.world.join(wanted, words, mutes)
        self.used[str(reader)] = [(self.world.now.date(), wanted.timezone)]

    def _likely(self, times_per_day: float) -> bool:
        return self.luck.random() < times_per_day / 24

    def run(self) -> None:
        world, checked = self.world, self.world.now
        while world.now < self.end:
            world.now += self._pause_between()
            self._outside()
            for step in self.luck.sample((self._readers, self._admin, self._turn, self._send), 4):
                step()
            if world.now - checked > 10 * DAY:
                world.check()
                checked = world.now
                print(world.now.date(), len(world.post.accepted), file=sys.stderr, flush=True)
        world.press.down = world.post.down = False
        for _ in range(30):
            world.now += HOUR
            world.turn()
            world.send()
        world.check()

    def _pause_between(self) -> timedelta:
        if self._likely(0.06):
            self.counts["times the machine was down"] += 1
            return timedelta(hours=self.luck.choice([2, 5, 12, 17, 19, 30, 50, 100, 200]))
        return timedelta(
            minutes=self.luck.choice([2, 30, 60, 60, 75, 90, 120, 180]), seconds=self.luck.randrange(60)
        )

    def _outside(self) -> None:
        world = self.world
        if world.now >= self.press_until:
            world.press.down = self._likely(0.07)
            if world.press.down:
                self.counts["outages of the press"] += 1
                self.press_until = world.now + timedelta(hours=self.luck.choice([1, 3, 8, 20, 60, 130]))
        if world.now >= self.post_until:
            world.post.down = self._likely(0.07)
            if world.post.down:
                self.counts["outages of the mail server"] += 1
                self.post_until = world.now + timedelta(hours=self.luck.choice([1, 3, 8, 24, 40]))

    def _readers(self) -> None:
        world, everybody = self.world, list(self.world.model.people)
        happenings: tuple[tuple[float, Callable[[int], Any]], ...] = (
            (8, self._change),
            (
                3,
                lambda one: world.pause(
                    one, self.luck.choice([None, world.now + self.luck.randint(1, 200) * HOUR])
                ),
            ),
            (0.7, world.leave),
        )
        for times_per_day, happens in happenings:
            if self._likely(times_per_day * self.per_reader):
                happens(self.luck.choice(everybody))
        resting = [one for one, person in world.model.people.items() if person.status != "active"]
        if resting and self._likely(len(resting) / 5):
            one = self.luck.choice(resting)
            (world.come_back if world.model.people[one].status == "unsubscribed" else world.resume)(one)
        if self._likely(0.1 * self.per_reader):
            self._join()

    def _change(self, reader: int) -> None:
        wanted, person = self._settings(), self.world.model.people[reader]
        if self.luck.random() < EVEN:  # the zone alone
            cadence, days, hour, _ = person.clock
            wanted = Preferences(
                "", Cadence(cadence), ",".join(WEEKDAYS[day] for day in days), hour, wanted.timezone
            )
        self.used[str(reader)].append((self.world.now.date(), wanted.timezone))
        self.world.change(reader, wanted)

    def _admin(self) -> None:
        world = self.world
        day = (world.now + self.luck.choice([-2, -1, 0, 0, 0, 1, 2]) * DAY).date().isoformat()
        if self._likely(0.3):
            world.hold(day)
        if self._likely(0.04):
            world.cancel(day)
        held = [each for each, state in world.model.holds.items() if state == "held"]
        if held and self._likely(1.5):
            self.luck.choice([world.release, world.release, world.cancel])(self.luck.choice(held))

    def _turn(self) -> None:
        world, (kind,) = self.world, self.luck.choices(*zip(*TURNS.items(), strict=True))
        if kind == "dies":
            world.turn(bomb=self.luck.randrange(250), error=self.luck.choice([Crash, Crash, Fault]))
            world.now += timedelta(seconds=self.luck.choice([1, 5, 30, 400]))
        elif kind == "twice":
            world.turn()
            world.now += timedelta(seconds=self.luck.choice([0, 1, 30, 200]))
            self.counts["doubled turns"] += 1
        world.turn(racers=3 if kind == "race" else 1)

    def _send(self) -> None:
        (kind,) = self.luck.choices(*zip(*SENDS.items(), strict=True))
        self.world.send(
            connections=3 if kind == "several" else 1,
            bomb=self.luck.randrange(120) if kind == "dies" else None,
            fate=(self.luck.randrange(12), kind) if kind.endswith("dot") else None,
        )

    def zones_used(self) -> tuple[int, int]:
        """How many zones readers were in, and how often their clocks were changed while they were."""
        until, changed = self.world.now.date(), 0
        for stays in self.used.values():
            ends = [*(day for day, _ in stays[1:]), until]
            changed += sum(changes_of_clocks(zone, day, end) for (day, zone), end in zip(stays, ends, strict=True))
        return len({zone for stays in self.used.values() for _, zone in stays}), changed


def measure(days: int, readers: int, seed: int) -> dict[str, Any]:
    """One run: every count, and the differences."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    differences: list[str] = []

    def told(words: str) -> None:
        differences.append(words)
        print("DIFFERENCE", words, file=sys.stderr, flush=True)
        if len(differences) >= MOST_DIFFERENCES:
            raise SystemExit("too many differences: given up")

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        engine = db.connect(f"sqlite:///{name}/newsletter.db")
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        db.upgrade(engine)
        off = [(START + number * DAY).date().isoformat() for number in range(40, days, 97)]
        world = World(engine, Path(name), START, seed, off, told=told, real=REAL)
        driver = Driver(world, seed, readers, days)
        driver.run()
        with engine.connect() as connection:
            asked = select(Delivery.state, Delivery.skipped_for, func.count()).group_by(
                Delivery.state, Delivery.skipped_for
            )  # type: ignore[call-overload]
            rows = {
                " ".join(filter(None, (f"{state}", skip and f"{skip}"))): count
                for state, skip, count in connection.execute(asked)
            }
        engine.dispose()
    zones, changed = driver.zones_used()
    happened = dict(sorted((world.counts + driver.counts).items()))
    return {
        "seed": seed,
        "days": days,
        "readers": len(world.model.people),
        "zones": zones,
        "changes of summer time lived through": changed,
        **happened,
        "messages accepted": len(world.post.accepted),
        "second copies of doubtful ones": len(world.post.accepted) - len(world.record.copies),
        "rendered": world.post.rendered,
        **{f"digests {name}": count for name, count in sorted(rows.items())},
        "comparisons": world.record.compared["comparisons"],
        "rows compared": world.record.compared["rows"],
        "seconds": round(time.monotonic() - began),
        "differences": len(differences),
    }


def main() -> None:
    """Print the counts; exit with 1 when the newsletter and the model differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--readers", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    counts = measure(options.days, options.readers, options.seed)
    if options.json:
        print(json.dumps(counts, indent=2))
    else:
        for name, value in counts.items():
            print(f"{name:44}{value:>14,}")
    sys.exit(1 if counts["differences"] else 0)


if __name__ == "__main__":
    main()

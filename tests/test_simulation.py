"""Whatever happens, in whatever order: the record says what an independent model says."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from simulation import Fault, World
from simulation_outside import THEMES, Crash
from simulation_record import Differs
from simulation_row import Row
from sqlalchemy import event, update

from newsletter import db
from newsletter.models import Delivery
from subscribers.models import Cadence
from subscribers.preferences import WEEKDAYS, Preferences

pytestmark = pytest.mark.uncounted

HOUR = timedelta(hours=1)
BEFORE_SUMMER = datetime(2026, 3, 7, 9, 30, tzinfo=UTC)
# Some are put forward or back by half an hour or two hours, at midnight, or not when the others are.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata"),
    *("Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo", "Asia/Beirut", "America/Havana", "Asia/Gaza"),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Chatham", "Africa/Casablanca", "America/St_Johns"),
)
STARTS = (
    BEFORE_SUMMER,
    *(datetime(2026, *day, 9, 30, tzinfo=UTC) for day in ((3, 27), (4, 3), (10, 23), (10, 30))),
)
DAYS = {
    Cadence.CHOSEN: st.sampled_from(["mon,thu", "tue,wed,sat,sun"]),
    Cadence.WEEKLY: st.sampled_from(WEEKDAYS),
    Cadence.MONTHLY: st.sampled_from(WEEKDAYS),
}


@st.composite
def wishes(draw):
    cadence = draw(st.sampled_from([Cadence.DAILY, Cadence.DAILY, *Cadence]))
    days = draw(DAYS[cadence]) if cadence in DAYS else ""
    return Preferences(
        "", cadence, days, draw(st.integers(0, 23)), draw(st.sampled_from(ZONES)), draw(st.sampled_from([1, 3, 9]))
    )


NUMBERS = st.integers(0, 5)
DATES = st.integers(-2, 1)
UNTIL = st.one_of(st.none(), st.integers(1, 90))


@pytest.fixture(scope="module")
def opened(sqlite_template, tmp_path_factory):
    """Makes worlds, each on a database of its own, and closes them."""
    engines = []

    def world(start=BEFORE_SUMMER, **how) -> World:
        folder = tmp_path_factory.mktemp("world")
        shutil.copy(sqlite_template, folder / "newsletter.db")
        engine = db.connect(f"sqlite:///{folder / 'newsletter.db'}")
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        engines.append(engine)
        return World(engine, folder, start, **how)

    yield world
    for engine in engines:
        engine.dispose()


class Simulation(RuleBasedStateMachine):
    """The rules are what may happen; the comparison is part of each."""

    opened = None

    @initialize(
        start=st.sampled_from(STARTS), seed=st.integers(0, 99), first=st.lists(wishes(), min_size=5, max_size=5)
    )
    def begins(self, start, seed, first):
        on_unknown = "hold" if seed % 4 == 0 else "resend"
        off = [(start + number * 24 * HOUR).date().isoformat() for number in (3, 11)]
        self.world = self.opened(start, seed=seed, days_off=off, on_unknown=on_unknown, real=0.1)
        for number, wanted in enumerate(first):
            words = [THEMES[number], THEMES[(number + seed) % len(THEMES)]]
            self.world.join(wanted, dict.fromkeys(words), {THEMES[number - 1]} - {*words} if number % 2 else ())
        self.hours_go_by(2, 12)

    def reader(self, number):
        return list(self.world.model.people)[number % len(self.world.model.people)]

    def day(self, days):
        return (self.world.now + 24 * days * HOUR).date().isoformat()

    @rule(step=st.sampled_from([1, 2, 5]), count=st.integers(1, 12))
    def hours_go_by(self, step, count):
        for _ in range(count):
            self.world.now += step * HOUR
            self.world.turn()
            self.world.send()

    @rule(minutes=st.integers(1, 90))
    def a_moment_passes(self, minutes):
        self.world.now += timedelta(minutes=minutes)

    @rule(hours=st.sampled_from([3, 17, 19, 40, 100, 200]))
    def the_machine_is_down(self, hours):
        self.world.now += hours * HOUR

    @rule(racers=st.sampled_from([1, 1, 2, 3]), again=st.booleans())
    def a_turn(self, racers, again):
        self.world.turn(racers)
        if again:
            self.world.turn()

    @rule(after=st.integers(0, 60), error=st.sampled_from([Crash, Crash, Fault]))
    def a_turn_that_dies(self, after, error):
        self.world.turn(bomb=after, error=error)

    @rule(connections=st.integers(1, 3))
    def a_send(self, connections):
        self.world.send(connections)

    @rule(after=st.integers(0, 40))
    def a_send_that_dies(self, after):
        self.world.send(bomb=after)

    @rule(messages=st.integers(0, 3), point=st.sampled_from(["before dot", "after dot"]))
    def a_send_that_dies_at_the_server(self, messages, point):
        self.world.turn()
        self.world.send(fate=(messages, point))

    @rule(number=NUMBERS, wanted=wishes())
    def a_reader_changes_settings(self, number, wanted):
        self.world.change(self.reader(number), wanted)

    @rule(number=NUMBERS, hours=UNTIL)
    def a_reader_pauses(self, number, hours):
        self.world.pause(self.reader(number), hours and self.world.now + hours * HOUR)

    @rule(number=NUMBERS)
    def a_reader_resumes(self, number):
        self.world.resume(self.reader(number))

    @rule(number=NUMBERS)
    def a_reader_leaves(self, number):
        self.world.leave(self.reader(number))

    @rule(number=NUMBERS)
    def a_reader_comes_back(self, number):
        self.world.come_back(self.reader(number))

    @rule(wanted=wishes(), number=NUMBERS)
    def a_reader_joins(self, wanted, number):
        self.world.join(wanted, [THEMES[number]])

    @rule(days=DATES, what=st.sampled_from(["hold", "hold", "release", "cancel"]))
    def the_admin_decides(self, days, what):
        getattr(self.world, what)(self.day(days))

    @rule()
    def the_press_fails_or_works_again(self):
        self.world.press.down = not self.world.press.down

    @rule()
    def the_mail_server_fails_or_works_again(self):
        self.world.post.down = not self.world.post.down

    @invariant()
    def the_record_says_what_the_model_says(self):
        if hasattr(self, "world"):
            self.world.check()


def test_whatever_happens_the_record_says_what_the_model_says(opened):
    quick = settings(
        max_examples=4,
        stateful_step_count=25,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    machine = type("Opened", (Simulation,), {"opened": staticmethod(opened)})

    run_state_machine_as_test(machine, settings=quick)


def planned(opened):
    """A world with one reader, whose first digest is planned and let go."""
    world = opened(datetime(2026, 3, 2, 12, tzinfo=UTC))
    world.post.trouble = 0.0
    reader = world.join(Preferences("", Cadence.DAILY, "", 7, "Europe/Berlin", 9), ["lichen"])
    world.turn()
    return world, reader, world.model.people[reader].rows["2026-03-02"]


def after(world, **passed):
    world.now += timedelta(**passed)
    world.turn()
    world.send()
    world.check()


@pytest.mark.parametrize(("point", "copies"), [("before dot", 1), ("after dot", 2)])
def test_what_a_dead_sender_had_in_hand_is_named_and_sent_again(opened, point, copies):
    world, reader, _ = planned(opened)

    world.send(fate=(0, point))
    after(world, minutes=2)

    assert world.model.people[reader].rows["2026-03-02"].state == "sent"
    assert world.record.copies[reader, "2026-03-02"] == copies


def test_who_pauses_or_leaves_between_the_turn_and_the_send_gets_nothing(opened):
    world, reader, _ = planned(opened)
    other = world.join(Preferences("", Cadence.DAILY, "", 7, "Europe/Berlin", 9), ["quasar"])
    world.now += timedelta(minutes=6)
    world.turn()

    world.pause(reader, None)
    world.leave(other)
    world.send()

    ends = [(row.state, row.skip) for person in world.model.people.values() for row in person.rows.values()]
    assert ends == [("skipped", "resting"), ("suppressed", None)]


def test_what_was_in_hand_when_its_edition_was_held_stays_held_once_it_is_deferred(opened):
    world, reader, _ = planned(opened)
    world.send(fate=(0, "before dot"))
    world.hold("2026-03-02")
    world.post.down = True

    after(world, minutes=2)
    after(world, hours=1)
    world.post.down = False
    after(world, hours=2)
    held = world.model.people[reader].rows["2026-03-02"]
    world.release("2026-03-02")
    after(world, minutes=6)

    assert (held.state, held.not_before.year) == ("deferred", 9999)
    assert world.model.people[reader].rows["2026-03-02"].state == "sent"


def a_quiet_week(opened):
    """From a Monday to the next one, without any trouble."""
    world = opened(datetime(2026, 3, 2, 4, tzinfo=UTC))
    world.post.trouble = 0.0
    world.join(Preferences("", Cadence.DAILY, "", 7, "Europe/Berlin", 9), ["lichen"])
    for _ in range(16):
        world.now += 12 * HOUR
        world.turn()
        world.send()
    return world, *world.model.people.values()


def test_a_reader_whose_keyword_stands_in_one_paper_a_day_gets_just_that_one(opened):
    world, person = a_quiet_week(opened)

    papers = [len(person.papers[period]) for period in world.record.received[1]]
    assert papers == [2, 1, 1, 1, 1, 1]  # the first digest has Friday's, too
    assert [period for period, row in person.rows.items() if row.skip == "nothing"] == ["2026-03-07", "2026-03-08"]


def test_a_difference_is_found(opened):
    world, _ = a_quiet_week(opened)
    with world.engine.begin() as connection:
        connection.execute(update(Delivery).values(state="failed").where(Delivery.id == 1))

    with pytest.raises(Differs, match="the record says"):
        world.check()


def test_a_digest_that_only_the_model_has_is_found(opened):
    world, person = a_quiet_week(opened)
    person.rows["2026-12-24"] = Row(world.now, "sent", None, world.now)

    with pytest.raises(Differs, match="the record has no row"):
        world.check()

"""What was made is kept for a while, and made once for all who ask at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from world import NOW

from newsletter.showcase.kept import Kept

AGE = timedelta(minutes=10)


class Watch:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


class Maker:
    """Makes 1, 2, 3 ...; while `gate` is closed it does not come back, and `entered` says that it is at work."""

    def __init__(self):
        self.count, self.gate, self.entered = 0, Event(), Event()
        self.gate.set()

    def __call__(self):
        self.count += 1
        made = self.count
        self.entered.set()
        assert self.gate.wait(30)
        return made


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def make():
    return Maker()


def test_a_value_is_kept_until_it_is_too_old(watch, make):
    kept = Kept(watch, AGE, 9)
    first = kept.get("a", make)
    watch.now += AGE - timedelta(seconds=1)
    same = kept.get("a", make)
    watch.now += timedelta(seconds=1)

    assert (first, same, kept.get("a", make)) == (1, 1, 2)


def test_a_clock_that_was_put_back_keeps_nothing_for_ever(watch, make):
    kept = Kept(watch, AGE, 9)
    kept.get("a", make)
    watch.now -= timedelta(days=1)

    assert kept.get("a", make) == 2


def test_what_was_asked_for_longest_ago_is_forgotten_first(watch, make):
    kept = Kept(watch, AGE, 2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, make)

    assert kept.get("a", make) == 1
    assert kept.get("b", make) == 4


def test_none_is_a_value_too(watch):
    kept, asked = Kept(watch, AGE, 9), []

    values = [kept.get("a", lambda: asked.append("once")) for _ in range(2)]

    assert (values, asked) == ([None, None], ["once"])


def test_many_who_ask_at_once_wait_for_one_computation(watch, make):
    kept = Kept(watch, AGE, 9)
    make.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(kept.get, "a", make) for _ in range(8)]
        assert make.entered.wait(30)
        make.gate.set()

    assert {each.result() for each in waiting} == {1}


def test_while_a_new_one_is_made_the_others_get_the_old_one(watch, make):
    kept = Kept(watch, AGE, 9)
    kept.get("a", make)
    watch.now += AGE
    make.gate.clear()
    make.entered.clear()
    with ThreadPoolExecutor(1) as pool:
        new = pool.submit(kept.get, "a", make)
        assert make.entered.wait(30)
        meanwhile = kept.get("a", make)
        make.gate.set()

    assert (meanwhile, new.result(), kept.get("a", make)) == (1, 2, 2)


def test_keys_do_not_wait_for_each_other(watch, make):
    kept = Kept(watch, AGE, 9)
    make.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(kept.get, "a", make)
        assert make.entered.wait(30)
        quick = kept.get("b", lambda: "at once")
        make.gate.set()

    assert (quick, slow.result()) == ("at once", 1)


def test_a_failure_is_told_and_the_next_one_tries_again(watch, make):
    kept = Kept(watch, AGE, 9)

    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)

    assert kept.get("a", make) == 1

"""Vectors of judged papers while very many readers are planned for, and the collector that waits meanwhile."""

import gc
from contextlib import suppress

import pytest

from newsletter import taught
from newsletter.uncircled import uncircled


class Known:
    """A model that notes which papers' vectors it is asked for."""

    def __init__(self):
        self.asked = []

    def meanings(self, _session, keys):
        self.asked.append(sorted(keys))
        return dict.fromkeys(keys, 0)


def test_vectors_of_judged_papers_are_kept_for_a_few_meetings_and_those_of_candidates_for_ever():
    model = Known()
    met = taught.Met(model, None, {"candidate"})

    met.meet(None, {"candidate", "first"})
    for number in range(taught.MEETINGS):
        assert "first" in met
        met.meet(None, {"again", str(number)})

    assert set(met) == {"candidate", "again", *map(str, range(taught.MEETINGS))}
    assert model.asked[1:3] == [["first"], ["0", "again"]]
    assert sum("again" in asked for asked in model.asked) == 1


def test_who_meets_nobody_asks_nothing():
    model = Known()

    taught.Met(model, None, ()).meet(None, ())

    assert model.asked == [[]]


@pytest.mark.parametrize("was_on", [True, False])
def test_the_collector_is_as_it_was_after_a_block_however_it_ends(was_on):
    (gc.enable if was_on else gc.disable)()
    try:
        with uncircled():
            assert not gc.isenabled()
        assert gc.isenabled() is was_on
        with suppress(ZeroDivisionError), uncircled():
            raise ZeroDivisionError
        assert gc.isenabled() is was_on
    finally:
        gc.enable()

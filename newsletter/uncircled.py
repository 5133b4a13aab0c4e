"""Pauses the search for circles of objects in work that makes very many of them and no circle."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncircled() -> Iterator[None]:
    """Within this block nobody looks for circles: among a million small rows it takes a quarter of the time.

    What nobody needs any more is let go all the same, as long as it is in no circle.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

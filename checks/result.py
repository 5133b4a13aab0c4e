"""What a checker says: a figure beside its bar, met or not, or how to get the tool that is not there."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """`met` is None where the tool is missing, and `figure` then says how to install it; `details` are lines."""

    figure: str
    met: bool | None
    details: tuple[str, ...] = ()


def judged(figure: str, faults: Sequence[str], notes: Sequence[str] = ()) -> Result:
    """Met when there is no fault; the notes are worth printing either way."""
    return Result(figure, not faults, (*faults, *notes))


def missing(cure: str) -> Result:
    """The tool is not there: nothing was checked, so nothing is met."""
    return Result(f"not installed: {cure}", None)


def absent(*programs: str) -> str:
    """The first of these programs that this machine has not; "" when all are there."""
    return next((program for program in programs if shutil.which(program) is None), "")

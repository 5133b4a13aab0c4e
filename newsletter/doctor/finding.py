"""What a check found: how bad it is, what was seen, and what mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. A note tells something that is neither good nor bad, such as what was not looked at."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line: the check's name, the level, what was found, and the cure ("" where there is nothing to mend)."""

    name: str
    level: Level
    words: str
    cure: str = ""


def ok(name: str, words: str) -> Finding:
    return Finding(name, Level.OK, words)


def note(name: str, words: str, cure: str = "") -> Finding:
    return Finding(name, Level.NOTE, words, cure)


def warn(name: str, words: str, cure: str) -> Finding:
    return Finding(name, Level.WARN, words, cure)


def fail(name: str, words: str, cure: str) -> Finding:
    return Finding(name, Level.FAIL, words, cure)

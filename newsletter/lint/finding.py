"""What lint says: one finding with its rule, place and cure."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]
Part = Literal["headers", "html", "text", "template"]


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue: its name, how bad a breach is, where it is looked for, what it asks."""

    name: str
    level: Level
    part: Part
    says: str


@dataclass(frozen=True)
class Finding:
    """One fault: `line` counts in the part as it is read (decoded HTML or text), 0 where none can be named."""

    rule: str
    level: Level
    part: Part
    line: int
    what: str
    cure: str

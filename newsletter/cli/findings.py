"""What lint found, in lines for the terminal."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.lint import Finding, Level

LEVELS: "tuple[Level, ...]" = ("error", "warning", "note")


def lines(findings: "Iterable[Finding]") -> Iterator[str]:
    """A line for each finding, the gravest first."""
    from newsletter.mail.words import clean

    for each in sorted(findings, key=lambda finding: LEVELS.index(finding.level)):
        place = f"{each.part}:{each.line}" if each.line else each.part
        yield f"  {each.level:8}{place:14}{each.rule}: {clean(each.what)}. Cure: {clean(each.cure)}."

"""SpamAssassin without the network on every message: its score, and the rules that gave points."""

import re
import subprocess
from collections.abc import Sequence

from checks.letters import Mail
from checks.result import Result, absent, judged, missing

BAR = 0.1
SCORE = re.compile(r"Content analysis details:\s+\((-?[\d.]+) points")
RULE = re.compile(r"^\s*(-?\d+\.\d)\s+([A-Z][A-Z0-9_]+)", re.MULTILINE)


def check(mails: Sequence[Mail]) -> Result:
    """The highest score of all letters, and that without the credit for being a list."""
    if absent("spamassassin"):
        return missing("apt install spamassassin")
    found = [(mail.name, *read(_asked(mail.content))) for mail in mails]
    return verdict(found)


def _asked(content: bytes) -> str:
    done = subprocess.run(
        ("spamassassin", "-L", "-t"), input=content, check=True, capture_output=True, timeout=120
    )
    return done.stdout.decode("utf-8", "replace")


def read(report: str) -> tuple[float, dict[str, float]]:
    """The score and each rule's points out of a report; ValueError when it holds no score."""
    if (score := SCORE.search(report)) is None:
        raise ValueError("SpamAssassin wrote no score: run `spamassassin -L -t < LETTER.eml` to see why")
    rules = {name: float(points) for points, name in RULE.findall(report[score.end() :])}
    return float(score[1]), rules


def verdict(found: Sequence[tuple[str, float, dict[str, float]]]) -> Result:
    """Held to the bar with and without what is taken off for list headers."""
    faults: list[str] = []
    against: dict[str, float] = {}
    for name, score, rules in found:
        points = {rule: given for rule, given in rules.items() if given > 0}
        against |= points
        if score > BAR or sum(points.values()) > BAR:
            faults.append(f"{name}: {score}, {points}")
    worst = max(score for _, score, _ in found)
    most = max(sum(given for given in rules.values() if given > 0) for _, _, rules in found)
    notes = [f"rules that gave points: {against or 'none'}"]
    return judged(f"worst {worst:.1f}; points against it {most:.1f}", faults, notes)

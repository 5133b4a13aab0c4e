"""The figures of the delivery benchmark as tables for people."""

from collections.abc import Mapping, Sequence

from benchmarks.sending.ratios import Judged, Spread

WIDE = 46


def ways(found: Mapping[str, Mapping[str, Spread]], labels: Mapping[str, str]) -> str:
    """One line for each way to send."""
    lines = [f"{'way to send':{WIDE}}{'messages/s':>24}{'sender CPU us/message':>28}"]
    lines += [
        f"{labels[name]:{WIDE}}{shown(row['rate'], 0):>24}{shown(row['each'], 0):>28}"
        for name, row in found.items()
    ]
    return "\n".join(lines)


def targets(found: Sequence[Judged]) -> str:
    """One line for each figure that is asked for."""
    lines = [f"{'figure':{WIDE}}{'measured':>24}{'must':>9}{'aim':>9}  verdict"]
    lines += [
        f"{each.words:{WIDE}}{shown(each.found, 2):>24}{wanted(each, each.must):>9}{wanted(each, each.aim):>9}"
        f"  {each.verdict}"
        for each in found
    ]
    return "\n".join(lines)


def shown(found: Spread, digits: int) -> str:
    """Like "17.40 [16.10 - 18.02]"; a figure that was taken once has no range."""
    if found.low == found.high:
        return f"{found.median:,.{digits}f}"
    return f"{found.median:,.{digits}f} [{found.low:,.{digits}f} - {found.high:,.{digits}f}]"


def wanted(each: Judged, figure: float) -> str:
    return f"{'>=' if each.least else '<='} {figure:g}"

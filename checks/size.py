"""The bytes of HTML: what a mail program shows whole, and what loads at once on a train."""

from collections.abc import Sequence

from checks.letters import Mail
from checks.result import Result, judged

TEN, EVER = 60_000, 90_000
FEW = 10  # papers


def check(mails: Sequence[Mail]) -> Result:
    """At most 60 KB for ten papers or fewer, 90 KB ever."""
    sizes = {mail.name: (len(mail.html.encode()), mail.papers) for mail in mails}
    faults = [
        f"{name}: {size:,} bytes"
        for name, (size, papers) in sizes.items()
        if size > (TEN if papers <= FEW else EVER)
    ]
    few = max((size for size, papers in sizes.values() if papers <= FEW), default=0)
    most = max(size for size, _ in sizes.values())
    notes = [f"{name}: {size:,} bytes, {papers} papers" for name, (size, papers) in sizes.items() if papers]
    return judged(f"{few / 1000:.1f} KB for ten, {most / 1000:.1f} KB at most", faults, notes)

"""The product as it is, `newsletter send` without the planning: `python -m benchmarks.sending.ours FOLDER`.

Everything that `send.run` does is counted: reading stored values, compiling the edition, rendering, signing, the
connections, and the commit of each outcome.
"""

import sys
from pathlib import Path

from sqlalchemy import func
from sqlmodel import Session, col, select

from benchmarks.sending.usage import measured, tell
from newsletter import send, wiring
from newsletter.cli.start import Started, logging_to_stderr, now, start
from newsletter.models import Delivery, State


def work(started: Started) -> int:
    """Send everything that is due; returns how many the server took."""
    transport, policy = wiring.transport(started.config), wiring.policy(started.config, started.keys, now())
    report = send.run(started.engine, transport, now, policy, lambda _: None)
    return report.outcomes.get(State.SENT, 0)


def settled(started: Started) -> int:
    """How many the ledger says were sent; all of them must be."""
    with Session(started.engine) as session:
        counts = session.exec(select(Delivery.state, func.count()).group_by(col(Delivery.state))).all()
        states = {str(state): count for state, count in counts}
        other = session.exec(select(Delivery.outcome).where(Delivery.state != State.SENT).limit(1)).first()
    if set(states) != {State.SENT}:
        sys.exit(f"not every message was sent: {states}: {other}")
    return states[State.SENT]


def main() -> None:
    """Send from this folder, and say what it took."""
    logging_to_stderr(verbose=False)
    started = start(Path(sys.argv[1]) / "config.toml")
    _ = started.engine, started.keys  # opened before the time counts
    used = measured(lambda: work(started))
    if settled(started) != used.messages:
        sys.exit("the report and the ledger differ")
    started.engine.dispose()
    tell(used)


if __name__ == "__main__":
    main()

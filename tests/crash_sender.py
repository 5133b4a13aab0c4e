"""The product's own sender as processes that are made to die: imports once, then forks for each line of its input.

A line names the database, the server, how far the clock is ahead, and the point to die at. For each it says the
process id, and how that ended.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crash_points import POINTS, Fate
from sqlmodel import Session
from world import KEYS

from newsletter import db, ledger_claims, render, send
from newsletter.cli.send import stopping_politely
from newsletter.mail.relays import Relays
from newsletter.mail.smtp import Settings, Smtp


def noted(place, ahead, sweep):
    """A sweep that leaves a line when it has committed: when, by the ledger's clock, and how far that is ahead."""

    def sweeping(session, now, *rest):
        swept = sweep(session, now, *rest)
        os.write(place, (json.dumps([now.isoformat(), ahead]) + "\n").encode())
        return swept

    return sweeping


def server(told):
    settings = {"host": "127.0.0.1", "final_timeout": 60.0} | told
    authority = settings.pop("ca_file", None)
    return Settings(**settings, ca_file=Path(authority) if authority else None)


def work(told):
    """What is due goes out, unless this dies on the way."""
    log = os.open(told["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    ahead, lease = (timedelta(seconds=told[name]) for name in ("ahead", "lease"))
    place = os.open(told["sweeps"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    ledger_claims.sweep = noted(place, told["ahead"], ledger_claims.sweep)
    if told["point"]:
        POINTS[told["point"]](Fate(told["passage"]))
    relays = Relays([server(told["server"])], time.monotonic)
    policy = send.Policy(told["owner"], KEYS, lease, "resend", connections=told["connections"])
    with stopping_politely():
        send.run(
            db.connect(told["database"]),
            lambda: Smtp(relays, time.monotonic),
            lambda: datetime.now(UTC) + ahead,
            policy,
            lambda _: None,
        )


def warmed(database):
    """Compile once what every sender would: a start then takes a tenth of the time."""
    engine = db.connect(database)
    with Session(engine) as session:
        render.run(session, 1, KEYS)
    engine.dispose()  # a connection must not be used on both sides of a fork
    return True


def main():
    warm = False
    for line in sys.stdin:
        told = json.loads(line)
        warm = warm or warmed(told["database"])
        child = os.fork()
        if not child:
            work(told)
            sys.stdout.flush()
            os._exit(0)  # to take the interpreter apart takes longer than all its work
        print(child, flush=True)  # noqa: T201 - to who started it
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main()

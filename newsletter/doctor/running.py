"""Runs checks side by side within a bounded time; one that breaks or never ends becomes a finding of its own."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from newsletter.config import Config
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail
from newsletter.errors import NewsletterError

LONGEST = 90.0  # seconds for all of them
SHORTEST_SECRET = 4  # shorter ones would be found in every other word


@dataclass(frozen=True)
class Check:
    """One check by the name that --only takes; `examine` gives one finding, or one for each thing it looks at."""

    name: str
    examine: Callable[[Context], list[Finding]]


def run(
    context: Context,
    checks: Sequence[Check],
    progress: Callable[[int, list[str]], None] = lambda *_: None,
    longest: float = LONGEST,
) -> list[Finding]:
    """What all checks found, in their order; `progress` takes how many are done, and the others' names."""
    done: queue.Queue[tuple[int, list[Finding]]] = queue.Queue()
    for number, check in enumerate(checks):
        # Daemons: a check that hangs must not keep the process.
        work = threading.Thread(target=_work, args=(context, check, number, done), name=check.name, daemon=True)
        work.start()
    found: dict[int, list[Finding]] = {}
    until = context.seconds() + longest
    while len(found) < len(checks):
        progress(len(found), [check.name for number, check in enumerate(checks) if number not in found])
        try:
            number, findings = done.get(timeout=max(0.01, until - context.seconds()))
        except queue.Empty:
            break
        found[number] = findings
    late = [
        fail(check.name, f"not done within {longest:.0f} seconds", "try --only with its name") for check in checks
    ]
    return [
        without_secrets(each, context.config)
        for number in range(len(checks))
        for each in found.get(number, [late[number]])
    ]


def _work(context: Context, check: Check, number: int, done: "queue.Queue[tuple[int, list[Finding]]]") -> None:
    try:
        done.put((number, check.examine(context)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        done.put((number, [broken(check.name, error)]))


def broken(name: str, error: Exception) -> Finding:
    """What to say of a check that raised."""
    match error:
        case NewsletterError():
            words = str(error)
        case SQLAlchemyError():
            words = f"the database: {' '.join(str(getattr(error, 'orig', None) or error).split())}"
        case OSError(strerror=str(reason)):
            words = f"{error.filename}: {reason}" if error.filename else reason
        case _:
            words = f"the check itself broke: {type(error).__name__}: {' '.join(str(error).split())}"
    return fail(name, words, "mend that first; if it is none of yours, it is a fault of this program")


def without_secrets(finding: Finding, config: Config) -> Finding:
    """The finding, with whatever must not be shown taken out: servers and drivers repeat what they were given."""
    secrets = [
        config.smtp.password.get_secret_value(),
        *config.web.secret.get_secret_value().split(),
        str(sqlalchemy.make_url(config.database_url).password or ""),
    ]
    words = finding.words
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            words = words.replace(secret, "***")
    return replace(finding, words=words)

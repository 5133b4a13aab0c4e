"""`newsletter why`: why a reader got, or did not get, a mail or a paper at some time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, Email, instant, now, show, start

if TYPE_CHECKING:
    from newsletter.why import Answer


@dataclass(frozen=True)
class Asked:
    """A moment, or a whole day on the reader's own clock where only a date is given."""

    moment: datetime
    day: date | None = None

    def at(self, timezone: str, moment: datetime) -> datetime:
        """The moment that is meant; of a day its end, but not later than now unless all of it is to come."""
        if self.day is None:
            return self.moment
        from newsletter.schedule import instant as struck

        zone = ZoneInfo(timezone)
        start, end = struck(self.day, 0, zone), struck(self.day + timedelta(days=1), 0, zone)
        return max(start, min(moment, end - timedelta(seconds=1)))


def asked(text: str | Asked) -> Asked:
    """An ISO 8601 instant, or a bare date: that day wherever the reader lives."""
    if isinstance(text, Asked):
        return text
    moment = instant(text)
    try:
        return Asked(moment, date.fromisoformat(text))
    except ValueError:
        return Asked(moment)


def why(
    email: Email,
    at: Annotated[
        Asked | None,
        typer.Option(
            "--at",
            parser=asked,
            metavar="TIME",
            help="The moment that is asked about (ISO 8601); a bare date is that day on the reader's clock.",
        ),
    ] = None,
    paper: Annotated[
        str, typer.Option(metavar="KEY_OR_WORDS", help="Ask about one paper too: its key, or words of its title.")
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell why a reader got, or did not get, a mail: what was due, planned, picked, sent or skipped, and why.

    The answer stands in the first line. It is told from what was recorded: nothing is planned, stored or sent.
    """
    from sqlmodel import Session

    from newsletter import wiring
    from newsletter.why import explain
    from subscribers import people

    started, moment = start(config), now()
    with Session(started.engine) as session:
        reader = people.find(session, email)
        when = at.at(reader.timezone, moment) if at else moment
        whole_day = at is not None and at.day is not None
        rules = wiring.why_rules(started.config)
        told = explain(session, reader, when, moment, rules, paper, whole_day=whole_day)
    show(document(told), as_json, lambda: typer.echo("\n".join(told.lines)))


def document(told: "Answer") -> dict[str, Any]:
    """The answer as JSON: what was found, the story, and the facts."""
    from newsletter.cli.plain import plain

    facts: dict[str, Any] = plain(told.facts)
    return {"answer": told.code, "paper_answer": told.paper_code, "story": list(told.lines)} | facts

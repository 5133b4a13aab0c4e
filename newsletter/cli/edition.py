"""`newsletter edition`: hold the edition of a date before it goes out; release, replan or cancel it."""

from datetime import date as day
from datetime import datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, Started, can_ask, now, show, start

if TYPE_CHECKING:
    from sqlmodel import Session

    from newsletter.overview import Overview

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The edition of one date: all digests that fall due on it on the readers' own clocks.",
)

Date = Annotated[str, typer.Argument(metavar="DATE", help="The edition's local date: 2026-11-24.")]
Because = Annotated[str, typer.Option("--because", metavar="TEXT", help="Why, for the record.")]
LAST_ZONE = timezone(timedelta(hours=-12))  # where a date ends last


@app.command("list")
def list_(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the last 14 editions and those still to come: what became of them, and what was decided."""
    from sqlmodel import Session

    from newsletter import overview

    with Session(start(config).engine) as session:
        found = overview.listing(session, now().date())
        document = {"editions": [_shown(each) for each in found]}
    show(document, as_json, lambda: _print_list(document["editions"]))


@app.command("show")
def show_(date: Date, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one edition: its balance, what the gate found about it, and what was decided."""
    from sqlmodel import Session

    from newsletter import balance, overview
    from subscribers.addresses import redacted_in

    with Session(start(config).engine) as session:
        found = _planned(session, date)
        document = _shown(found) | {
            "skipped_for": overview.skipped_for(session, found.date),
            "waits": [
                {"count": each.count, "why": redacted_in(each.outcome), "next_try": _iso(each.next_try)}
                for each in balance.waiting(session, [found.date])
            ],
            "story": [
                {
                    "at": _iso(line.started_at),
                    "did": line.name if line.name != found.date else "gate",
                    "ok": line.ok,
                    "words": line.words,
                    "digests": line.counts.get("digests", 0),
                }
                for line in overview.story(session, found.date)
            ],
        }
    show(document, as_json, lambda: _print_one(document))


@app.command("hold")
def hold(date: Date, because: Because = "", config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Let nothing of an edition go out until it is released or cancelled; the date may be still to come.

    What is sent already is not called back.
    """
    from newsletter import db, holds

    started = start(config)
    with db.writing(started.engine) as session:
        found = _possible(session, date, started)
        changed = found.hold is None or found.hold.state != "held"
        holds.hold(session, found.date, holds.ADMIN, [because] if because else [], now())
        document = _document(session, found.date, changed=changed)
    show(document, as_json, lambda: typer.echo(_said(document, "waits", "Held", "was held before")))


@app.command("release")
def release(date: Date, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Let a held edition go: its digests are due at once, and good for schedule.catch_up_hours at least.

    The quality gate does not hold it again.
    """
    from newsletter import db, holds
    from newsletter.wiring import window

    started = start(config)
    with db.writing(started.engine) as session:
        found = _planned(session, date)
        changed = found.hold is None or found.hold.state != "released"
        count = holds.release(session, found.date, now(), window(started.config))
        document = _document(session, found.date, changed=changed) | {"digests": count}
    show(document, as_json, lambda: typer.echo(_said(document, "is due now", "Released", "was released before")))


@app.command("replan")
def replan(date: Date, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Choose a held edition's papers anew, from today's papers, template and preferences; it stays held.

    What was sent or tried already stays as it is.
    """
    from sqlmodel import Session

    from newsletter import holds
    from newsletter.wiring import issue, rules, taste

    started = start(config)
    with Session(started.engine) as session:
        named = _planned(session, date).date
    parts = taste(started.config), issue(started.config), started.keys
    report = holds.replan(started.engine, named, *parts, now(), rules(started.config))
    skipped = report.skipped + report.left_out
    document = {"date": named, "planned": report.planned, "skipped": skipped, "waiting": report.waiting}
    show(document, as_json, lambda: _print_replanned(document))


@app.command("cancel")
def cancel(
    date: Date,
    because: Because = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Never send what is not out yet of an edition, nor plan more of it; its papers may come another day.

    Once a digest was skipped for it, this is final.
    """
    from sqlmodel import Session

    from newsletter import db, holds

    started = start(config)
    with Session(started.engine) as session:
        found = _possible(session, date, started)
    _ask(found, yes=yes)
    with db.writing(started.engine) as session:
        before = holds.state_of(session, found.date)
        changed = before is None or before.state != "cancelled"
        count = holds.cancel(session, found.date, now(), because)
        document = _document(session, found.date, changed=changed) | {"digests": count}
    show(document, as_json, lambda: typer.echo(_said(document, "is skipped", "Cancelled", "was cancelled before")))


def _planned(session: "Session", text: str) -> "Overview":
    """The edition that this names; EditionError for a text that is no date, or one with nothing to it."""
    from newsletter import holds
    from newsletter.errors import EditionError
    from newsletter.gate import dates

    date = holds.named(text)
    found = dates.sought(session, date, now())
    if found is None:
        raise EditionError(f"nothing is planned for {date}: `newsletter edition list` shows the editions")
    return found


def _possible(session: "Session", text: str, started: Started) -> "Overview":
    """As `_planned`, or one that is still to come."""
    from newsletter import holds, overview
    from newsletter.gate import dates
    from newsletter.wiring import window

    date = holds.named(text)
    found = dates.sought(session, date, now())
    if found is not None:
        return found
    ends = datetime.combine(day.fromisoformat(date), time(), LAST_ZONE) + timedelta(days=1)
    if ends + window(started.config) <= now():
        return _planned(session, date)
    return overview.nothing(date)


def _document(session: "Session", date: str, *, changed: bool) -> dict[str, Any]:
    from newsletter import overview

    found = overview.of(session, date)
    assert found is not None
    assert found.hold is not None
    waiting = found.balance["pending"] + found.balance["deferred"]
    return {"date": date, "state": str(found.hold.state), "changed": changed, "digests": waiting}


def _shown(found: "Overview") -> dict[str, Any]:
    held = found.hold
    return {
        "date": found.date,
        "state": str(held.state) if held else "",
        "by": held.by if held else "",
        "reasons": list(held.reasons) if held else [],
        "decided_at": _iso(held.settled_at or held.at) if held else None,
        "balance": found.balance,
        "waiting": found.waiting,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _ask(found: "Overview", *, yes: bool) -> None:
    """Nothing is cancelled by a slip: a person is asked, a script has to say --yes."""
    from newsletter.cli.console import plural

    if yes:
        return
    what = f"the edition of {found.date}, of which {plural(found.waiting, 'digest waits', 'digests wait')},"
    if not can_ask():
        raise typer.BadParameter(f"{what} would be cancelled for good: add --yes", param_hint="--yes")
    typer.confirm(f"Cancel {what} for good?", abort=True, err=True)


def _said(document: dict[str, Any], does: str, done: str, before: str) -> str:
    """One line: what was done, or was done before, and to how many digests."""
    from newsletter.cli.console import plural

    count = document["digests"]
    many = {"waits": "wait", "is due now": "are due now", "is skipped": "are skipped"}[does]
    digests = plural(count, f"digest {does}", f"digests {many}") if count else "no digest of it waits"
    edition = f"edition of {document['date']}"
    first = f"{done}: the {edition}" if document["changed"] else f"The {edition} {before}"
    return f"{first}; {digests}."


def _print_list(editions: list[dict[str, Any]]) -> None:
    from newsletter.cli.console import console, table

    if not editions:
        typer.echo("No edition yet: `newsletter send` or `newsletter up` plans one when readers are due.")
        return
    numbers = ("planned", "sent", "skipped", "waiting", "other")
    rows = table("date", *numbers, "decided", numbers=numbers)
    for each in editions:
        counts = each["balance"]
        settled = [counts["planned"], counts["sent"], counts["skipped"], each["waiting"]]
        other = settled[0] - sum(settled[1:])
        rows.add_row(each["date"], *map(str, [*settled, other]), _decided(each))
    console().print(rows)


def _decided(document: dict[str, Any]) -> str:
    by = f" by the {document['by']}" if document["state"] == "held" else ""
    return f"{document['state']}{by}"


def _print_one(document: dict[str, Any]) -> None:
    from newsletter.cli.send import balance_line

    state = _decided(document) or "not held"
    typer.echo(f"The edition of {document['date']}: {state}.")
    for reason in document["reasons"]:
        typer.echo(f"  {reason}")
    if document["balance"]["planned"]:
        typer.echo(balance_line(document["balance"]))
    for reason, count in document["skipped_for"].items():
        typer.echo(f"  {count:,} skipped: {reason or 'no reason was kept'}")
    for each in document["waits"]:
        typer.echo(f"  {each['count']:,} wait: {each['why']}")
    for line in document["story"]:
        typer.echo(f"{line['at'][:16].replace('T', ' ')} UTC  {line['did']}: {_told(line)}")


def _told(line: dict[str, Any]) -> str:
    from newsletter.cli.console import plural

    digests = plural(line["digests"], "digest")
    if line["did"] != "gate":
        return f"{line['words']}, {digests}"
    did = f"let {digests} go" if line["ok"] else f"held {digests}"
    return f"{did}. {line['words']}".rstrip()


def _print_replanned(document: dict[str, Any]) -> None:
    from newsletter.cli.console import plural

    if document["waiting"]:
        typer.echo("No paper was announced in the window: nothing changed. Run `newsletter fetch` first.")
    elif not document["planned"] and not document["skipped"]:
        typer.echo(f"No digest of {document['date']} is left to plan anew.")
    else:
        skipped = f", {document['skipped']} skipped" if document["skipped"] else ""
        digests = plural(document["planned"], "digest")
        typer.echo(f"Planned anew: {digests} of {document['date']}{skipped}. The edition stays held.")

"""`newsletter pick`: which papers a reader would get, in which order, and why."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, At, ConfigPath, Reader, now, show, start

if TYPE_CHECKING:
    from newsletter.candidates import Candidates
    from newsletter.chooser import Picked


def pick(
    reader: Reader,
    at: At = None,
    size: Annotated[
        int | None, typer.Option(min=1, max=50, help="How many; the reader's own size if left out.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show a reader's ranked picks with scores and reasons; changes nothing.

    Papers that this reader was already sent are left out, as in a real digest.
    """
    from sqlmodel import Session

    from newsletter.chooser import chooser, sent_to
    from newsletter.wiring import taste
    from subscribers import people

    started, moment = start(config), now(at)
    with Session(started.engine) as session:
        found = people.find(session, reader)
        choose = chooser(session, [found.id], moment, taste(started.config))
        picked = choose.choose(choose.profile(found), sent_to(session, found.id), size or found.size)
        document = {
            "reader": found.email,
            "at": moment.isoformat(),
            "considered": len(choose.found.papers),
            "picks": as_documents(picked, choose.found),
        }
        fitting, best = choose.fitting(choose.profile(found))
    quiet = f"{fitting} fit (the best {best:.2f}, the floor is {started.config.digest.floor:.2f})"
    show(document, as_json, lambda: _print(document, quiet))


def as_documents(picked: "list[Picked]", found: "Candidates") -> list[dict[str, Any]]:
    """The JSON of picks; reasons in words."""
    from newsletter.mail import tex
    from newsletter.ranking.reasons import in_words

    return [
        {
            "rank": each.rank,
            "key": each.key,
            "title": tex.plain(found.papers[each.position].title),
            "score": round(each.score, 4),
            "trending": each.trending,
            "reasons": [in_words(reason) for reason in each.reasons],
            "url": found.papers[each.position].url,
        }
        for each in picked
    ]


def _print(document: dict[str, Any], quiet: str) -> None:
    if not document["considered"]:
        typer.echo("No paper was announced in the window: run `newsletter fetch` first.")
        return
    if not document["picks"]:
        typer.echo(f"Nothing worth sending: of {document['considered']} papers {quiet}.")
        typer.echo("Papers that were sent before, and muted ones, stay out.")
        return
    print_picks(document["picks"])


def print_picks(picks: list[dict[str, Any]]) -> None:
    """A table of rank, score, title and why."""
    from newsletter.cli.console import console, table

    rows = table("#", "score", "paper", "why", numbers=("#", "score"))
    rows.columns[2].ratio, rows.columns[3].ratio = 5, 4
    for each in picks:
        rows.add_row(str(each["rank"]), f"{each['score']:.2f}", each["title"], "; ".join(each["reasons"]))
    console().print(rows)

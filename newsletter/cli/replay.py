"""`newsletter replay`: what readers would have been sent on past days, and how well it would have fitted."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, show, start

if TYPE_CHECKING:
    from newsletter.replay import Digest, Replay
    from newsletter.replay_figures import Figures

LATER = {1: "liked", -1: "disliked", 0: None}
Take = Callable[["Digest"], None]


def day(text: str | date) -> date:
    """A date as 2025-12-01."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day: write 2025-12-01") from None


def replay(
    first: Annotated[
        date, typer.Option("--from", parser=day, metavar="DAY", help="The first day, on readers' own calendars.")
    ],
    last: Annotated[date, typer.Option("--to", parser=day, metavar="DAY", help="The last day, included.")],
    reader: Annotated[
        list[str], typer.Option("--for", metavar="EMAIL", help="Only this reader; may be repeated.")
    ] = [],  # noqa: B006 - typer copies it
    cohort: Annotated[int | None, typer.Option(min=1, help="Only so many, the same each time.")] = None,
    size: Annotated[
        int | None, typer.Option(min=1, max=50, help="Papers in a digest; each reader's own size if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the digests there, a JSON line each.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show what readers would have been sent on past days; stores and sends nothing.

    Papers, votes, thumbs and examples count as they stood at each reader's hour. Readers are taken as they are
    today, as if they had confirmed before.
    """
    from newsletter.replay import Asked, Replay
    from newsletter.replay_figures import Figures
    from newsletter.wiring import taste

    _check(first, last, reader, cohort)
    started = start(config)
    days_off = frozenset(started.config.schedule.days_off)
    asked = Asked(first, last, tuple(reader), cohort, size, days_off)
    run, figures = Replay(started.engine, taste(started.config), asked), Figures()
    digests: list[dict[str, Any]] = []
    with out.open("w", encoding="utf-8") if out else nullcontext() as file:
        _through(run, figures, _taker(file, digests, as_json=as_json))
    document = {"from": first.isoformat(), "to": last.isoformat(), "readers": run.readers}
    where = {"out": str(out)} if out else {"digests": digests}
    document |= {"summary": figures.summary()} | where
    show(document, as_json, lambda: _print_summary(document))


def _check(first: date, last: date, readers: list[str], cohort: int | None) -> None:
    if last < first:
        raise typer.BadParameter(f"{last} is before --from {first}: give the later day", param_hint="--to")
    if readers and cohort:
        raise typer.BadParameter("name readers with --for, or have them sampled, not both", param_hint="--cohort")


def _taker(file: TextIO | None, digests: list[dict[str, Any]], *, as_json: bool) -> Take:
    """Where each digest goes: to the file, else into the document, else straight to the reader of this."""
    if file:
        return lambda digest: print(json.dumps(as_document(digest), ensure_ascii=False), file=file)
    if as_json:
        return lambda digest: digests.append(as_document(digest))
    return _print_digest


def _through(run: "Replay", figures: "Figures", take: Take) -> None:
    from newsletter.cli.console import plural, progress

    with progress() as say:
        for number, (turn, digests) in enumerate(run.run()):
            told = f"{turn.at:%Y-%m-%d %H:%M} UTC, {plural(len(turn.periods), 'reader')}"
            say("replay", told, number / run.turns)
            for digest in digests:
                figures.add(digest)
                take(digest)


def as_document(digest: "Digest") -> dict[str, Any]:
    """One digest as JSON; reasons in words."""
    from newsletter.ranking.reasons import in_words

    return {
        "reader": digest.reader,
        "period": digest.period,
        "at": digest.at.isoformat(),
        "considered": digest.considered,
        "picks": [
            {
                "rank": each.rank,
                "key": each.key,
                "title": each.title,
                "score": round(each.score, 4),
                "trending": each.trending,
                "reasons": [in_words(reason) for reason in each.reasons],
                "later": LATER[each.later],
            }
            for each in digest.picks
        ],
    }


def _print_digest(digest: "Digest") -> None:
    from newsletter.cli.console import plural

    count = plural(len(digest.picks), "paper") if digest.picks else "nothing worth sending"
    typer.echo(f"{digest.period}  {digest.reader}: {count}, of {digest.considered:,}")
    for each in as_document(digest)["picks"]:
        later = f" ({each['later']} later)" if each["later"] else ""
        typer.echo(f"  {each['rank']:>2}  {each['score']:.2f}  {each['title']}{later}")
        typer.echo(f"            {'; '.join(each['reasons'])}")


def _print_summary(document: dict[str, Any]) -> None:
    from newsletter.cli.console import console, plural, table

    told = document["summary"]
    rows = table("", "")
    rows.show_header = False
    rows.add_row("days", f"{document['from']} to {document['to']}, {plural(document['readers'], 'reader')}")
    for name, text in _lines(told):
        rows.add_row(name, text)
    typer.echo()
    console().print(rows)
    if told["topics"]:
        shown = table("topic", "digests", "in", numbers=("digests", "in"))
        for each in told["topics"]:
            shown.add_row(each["name"], f"{each['digests']:,}", _percent(each["share"]))
        console().print(shown)
    if "out" in document:
        typer.echo(f"The digests are in {document['out']}.")


def _lines(told: dict[str, Any]) -> list[tuple[str, str]]:
    hits = told["hits"]
    judged = f"{hits['liked']:,} liked later ({_percent(hits['liked_share'])} of the papers)"
    judged += f", {hits['disliked']:,} disliked ({_percent(hits['disliked_share'])})"
    found = f"{_percent(hits['found_share'])} of {hits['likeable']:,} that could be picked and were liked later"
    found += f", at rank {hits['mean_rank']:.1f} on average" if hits["mean_rank"] else ""
    papers = f"{told['picks']:,} papers, {told['picks_per_digest'] or 0:.1f} in each"
    return [
        ("digests", f"{told['digests']:,} with {papers}; {told['quiet']:,} quiet"),
        ("hits", judged),
        ("found", found if hits["likeable"] else "no paper was liked after a day on which it could be picked"),
        ("coverage", f"a topic that is followed appears in {_percent(told['coverage'])} of the digests"),
        ("variety", f"{told['subjects_per_digest'] or 0:.1f} topics in a digest"),
        ("trending", f"{_percent(told['trending_share'])} of the papers hold the slot for everyone"),
        ("repeats", f"{told['repeats']:,}"),
    ]


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.0f} %"

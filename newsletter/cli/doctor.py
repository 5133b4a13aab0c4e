"""`newsletter doctor`: what is wrong, and how to mend it."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, FAILED, WRONG_USAGE, AsJson, ConfigPath, monotonic, now, show
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from dns.resolver import Resolver

    from newsletter.config import Config
    from newsletter.doctor.context import Context
    from newsletter.doctor.finding import Finding

STYLES: dict[str, dict[str, Any]] = {
    "ok": {"fg": "green"},
    "note": {"dim": True},
    "warn": {"fg": "yellow"},
    "fail": {"fg": "red", "bold": True},
}
NAMED = 3


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing of any network.")] = False,
    only: Annotated[str, typer.Option(metavar="NAME", help="Only the check of this name, such as smtp.")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Look at everything that scheduled sends need: one line each, with the cure for what is wrong.

    Nothing is changed, stored or mailed. Exit code 1 if any check fails; warnings do not count.
    """
    found = _examined(config, only, offline=offline)
    document = as_document(found)
    show(document, as_json, lambda: _print(found, document))
    if document["fail"]:
        unreadable = found[0].name == "config" and len(found) == 1 and not only
        raise typer.Exit(WRONG_USAGE if unreadable else FAILED)


def _examined(path: Path, only: str, *, offline: bool) -> "list[Finding]":
    from newsletter import config
    from newsletter.cli.console import progress
    from newsletter.doctor import CHECKS
    from newsletter.doctor.finding import fail
    from newsletter.doctor.running import run

    checks = [check for check in CHECKS if only in {"", check.name}]
    if not checks:
        names = ", ".join(check.name for check in CHECKS)
        raise typer.BadParameter(f"no check is called {only!r}: there are {names}", param_hint="--only")
    try:
        loaded = config.load(path)
    except ConfigError as error:
        return [fail("config", str(error), "")]
    looked_at = context(loaded, offline=offline)
    with progress(every=len(CHECKS) + 1) as say, closing(looked_at):

        def told(done: int, left: list[str]) -> None:
            more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
            say("doctor", f"waiting for {', '.join(left[:NAMED])}{more}", done / len(checks))

        return run(looked_at, checks, told)


def context(config: "Config", *, offline: bool) -> "Context":
    """What the checks look at, on this machine."""
    import time

    from newsletter.doctor.context import Context
    from newsletter.web.page import environment

    return Context(
        config=config,
        now=now,
        seconds=monotonic,
        sleep=time.sleep,
        resolver=None if offline else _resolver(),
        pages=environment,
        offline=offline,
    )


def _resolver() -> "Resolver | None":
    """The resolver that this machine names; None where it names none."""
    from dns.resolver import NoResolverConfiguration, Resolver

    try:
        return Resolver()
    except NoResolverConfiguration:
        return None


def as_document(found: "list[Finding]") -> dict[str, Any]:
    """The JSON of an examination: every finding, and how many there are of each level."""
    from newsletter.doctor.finding import Level

    counts = {level.value: sum(each.level == level for each in found) for level in Level}
    return {"checks": [asdict(each) for each in found]} | counts


def _print(found: "list[Finding]", document: dict[str, Any]) -> None:
    width = max(len(each.name) for each in found)
    for each in found:
        level = typer.style(f"{'FAIL' if each.level == 'fail' else each.level:<4}", **STYLES[each.level.value])
        typer.echo(
            f"{level}  {each.name:<{width}}  {': '.join(filter(None, (each.words.rstrip('.'), each.cure)))}"
        )
    typer.echo(", ".join(f"{document[level]} {level}" for level in ("fail", "warn", "note", "ok")))

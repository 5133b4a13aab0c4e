"""`newsletter subscribers pause|resume|unsubscribe|erase|suppress`: what may happen to one subscription."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import outgoing
from newsletter.cli.start import (
    DEFAULT_CONFIG,
    FAILED,
    AsJson,
    At,
    ConfigPath,
    Email,
    Started,
    can_ask,
    now,
    show,
    start,
)

if TYPE_CHECKING:
    from sqlmodel import Session

    from subscribers.letters import LetterWanted
    from subscribers.models import Subscriber

LEFT = "Taken off by the administrator."
# By the value of a LetterKind, which is slow to import; a test holds that none is missing.
NAMES = {
    "confirm": "The letter that asks them to confirm",
    "welcome": "The letter of welcome",
    "goodbye": "The letter of goodbye",
    "link": "The letter with their own links",
    "data": "The letter about their data",
    "change-old": "The letter to their old address",
    "change-new": "The letter to their new address",
}


def told_of_letter(started: Started, letter: "LetterWanted", *, as_json: bool) -> bool:
    """Send this letter and say what became of it; False when it has to wait."""
    state, why = outgoing.send_now(started, letter)
    if not why:
        if not as_json:
            typer.echo(f"{NAMES[letter.kind.value]} was sent.")
        return True
    waits = state in {"pending", "deferred", "sending", "unknown"}
    said = f"waits: {why}. `newsletter send` tries it again" if waits else f"is {state}: {why}"
    typer.echo(f"{NAMES[letter.kind.value]} {said}.", err=True)
    return False


def pause(
    email: Email,
    until: Annotated[
        str, typer.Option(metavar="DAY", help="Until this day or time on the reader's own clock.")
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Send this reader nothing until a day, or until `resume`. What is planned already is not sent."""
    from newsletter import db
    from subscribers import people, preferences, signup

    with db.writing(start(config).engine) as session:
        reader = people.find(session, email)
        before = _standing(reader)
        if not signup.pause(session, reader, preferences.parse_paused_until(until, reader.timezone), now()):
            raise _not_reading(reader, "paused")
        document = _standing(reader) | {"changed": _standing(reader) != before}
    show(document, as_json, lambda: _print_standing(document))


def resume(email: Email, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """End a reader's pause: digests come again from the next hour that is theirs."""
    from newsletter import db
    from subscribers import people, signup

    with db.writing(start(config).engine) as session:
        reader = people.find(session, email)
        before = _standing(reader)
        if not signup.resume(session, reader, now()):
            raise _not_reading(reader, "resumed")
        document = _standing(reader) | {"changed": _standing(reader) != before}
    show(document, as_json, lambda: _print_standing(document))


def unsubscribe(
    email: Email,
    letter: Annotated[
        bool, typer.Option("--letter", help="Send the letter of goodbye, with its way back.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Take a reader off, as their own click in a mail does. What is planned already is not sent.

    They can join again; `suppress` is for an address that must never be mailed.
    """
    from newsletter import db
    from subscribers import people, signup

    started = start(config)
    with db.writing(started.engine) as session:
        reader = people.find(session, email)
        left = signup.leave(session, reader, signup.Asker(LEFT), now())
        wanted = signup.goodbye(reader, left, now()) if letter and left is not None else None
        if wanted:
            outgoing.put(session, started, wanted)
        document = _standing(reader) | {"changed": left is not None}
    show(document, as_json, lambda: _print_left(document))
    if wanted and not told_of_letter(started, wanted, as_json=as_json):
        raise typer.Exit(FAILED)


def erase(
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Remove a reader and all that is kept about them; it cannot be undone.

    A hash of the mailbox stays, so that no import brings it back; `suppress --lift` takes that away. Files are
    left alone: messages in delivery.folder, exports, back-ups.
    """
    from sqlmodel import Session

    from newsletter import db, records
    from subscribers import erasure, people

    started = start(config)
    with Session(started.engine) as session:
        address = people.find(session, email).email
    _ask(address, yes=yes)
    with db.writing(started.engine) as session:
        found = people.find(session, address)
        removed = _kept(session, found)
        erasure.erase(session, found, now())
        records.forget(session)
    db.scrub(started.engine)
    document = {"email": address, "removed": removed}
    show(document, as_json, lambda: _print_erased(document))


def suppress(
    email: Email,
    reason: Annotated[str, typer.Option(help="Kept beside the address.")] = "asked not to be mailed",
    lift: Annotated[bool, typer.Option("--lift", help="Take the address off the list again.")] = False,
    at: At = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Never mail this address again, whoever asks: also what is planned already is not sent any more."""
    from newsletter import db
    from subscribers import addresses, suppression

    address = addresses.normalise(email)
    with db.writing(start(config).engine) as session:
        if lift:
            changed = suppression.lift(session, address)
        else:
            changed = suppression.suppress(session, address, reason, now(at))
        kept = suppression.reason_for(session, address)
    document = {"email": address, "reason": kept, "changed": changed}
    off = "was taken off the list" if changed else "was not on the list"
    words = f"is on the list: {kept}" if kept else off
    show(document, as_json, lambda: typer.echo(f"{address} {words}."))


def _standing(reader: "Subscriber") -> dict[str, Any]:
    until = reader.paused_until.isoformat() if reader.paused_until else None
    return {"email": reader.email, "status": str(reader.status), "paused_until": until}


def _not_reading(reader: "Subscriber", what: str) -> Exception:
    from subscribers.errors import InvalidPreference

    cure = f"this reader is {reader.status}, and only one who is active or paused can be {what}"
    return InvalidPreference("email", reader.email, cure)


def _print_standing(document: dict[str, Any]) -> None:
    until = f" until {document['paused_until']}" if document["paused_until"] else ""
    typer.echo(f"{document['email']} is {document['status']}{until}.")


def _print_left(document: dict[str, Any]) -> None:
    if document["changed"]:
        typer.echo(f"{document['email']} is unsubscribed: nothing is sent any more.")
    else:
        typer.echo(f"{document['email']} had left before ({document['status']}).")


def _ask(address: str, *, yes: bool) -> None:
    """Nobody is erased by a slip: a person is asked, a script has to say --yes."""
    if yes:
        return
    if not can_ask():
        raise typer.BadParameter(f"{address} would be erased for good: add --yes", param_hint="--yes")
    typer.confirm(f"Erase {address} and all that is kept about them?", abort=True, err=True)


def _kept(session: "Session", reader: "Subscriber") -> dict[str, int]:
    """How many rows of each kind there are about a reader."""
    from newsletter import records
    from subscribers import erasure

    ours = erasure.dossier(session, reader)
    rows = {name: len(ours[name]) for name in ("examples", "consents", "confirmations")} | {
        name: len(found) for name, found in records.of(session, reader.id).items()
    }
    return {"follows": len(reader.follows)} | rows


def _print_erased(document: dict[str, Any]) -> None:
    counts = ", ".join(f"{name} {count:,}" for name, count in document["removed"].items() if count)
    typer.echo(f"{document['email']} is erased, and what was kept about them: {counts or 'nothing else'}.")
    typer.echo("A hash of the mailbox stays, so that no import brings it back.")

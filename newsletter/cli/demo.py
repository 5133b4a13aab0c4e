"""`newsletter demo`: the whole path on the bundled sample, over real SMTP, in a folder of its own."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import FAILED, AsJson, Started, instant, show, start

if TYPE_CHECKING:
    from newsletter.cli.catcher import Caught

# The sample's day, at an hour when every reader's own morning has come.
SAMPLE_MOMENT = "2026-04-23T14:00:00+00:00"
READERS = (
    {
        "email": "ada@example.org",
        "name": "Ada",
        "hour": "7",
        "timezone": "Europe/Berlin",
        "topics": ("Medical imaging", "Interpretability=0.8", "Bayesian deep learning and uncertainty"),
    },
    {
        "email": "grace@example.net",
        "name": "Grace",
        "hour": "6",
        "timezone": "America/New_York",
        "topics": ("Language models", "Compression and quantization", "Code generation"),
    },
    {
        "email": "chandra@example.com",
        "name": "Chandra",
        "hour": "8",
        "timezone": "Asia/Kolkata",
        "topics": ("Graphs", "Catalysts and materials", "Scientific machine learning"),
    },
)
CONFIG = """\
# Written by `newsletter demo`. Try: newsletter pick --config {here}/config.toml --for ada@example.org --at {at}
[newsletter]
title = "Trending Papers"
url = "http://localhost:8080"
from = "papers@example.org"
postal_address = "Trending Papers, 1 Sample Street, 10115 Berlin, Germany"

[database]
url = "sqlite:///newsletter.db"

[ranking]
model = "light"

[[sources]]
name = "sample"
kind = "file"
path = '{sample}'

[delivery]
transport = "folder"
folder = "outbox"
"""
CLOSING = """
Open {folder}/mails/ada.html in a browser, or {folder}/mails/ada.eml in a mail program.
Next, for real: edit config.toml, then `newsletter fetch`,
`newsletter subscribers add YOU@EXAMPLE.ORG --topic "Language models" --confirmed`, `newsletter send`."""
OWN_FILES = ("config.toml", "secret.key", "newsletter.db", "newsletter.db-wal", "newsletter.db-shm")


def demo(
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The demo's own folder.")] = Path("demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget an earlier demo and start over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole path on a bundled sample: 66 papers, three readers, real SMTP on this machine.

    Nothing leaves the machine. Run twice, it sends nothing twice. The sample's day is 2026-04-23.
    """
    if fresh:
        _forget(folder)
    started = _set_up(folder)
    document = _run(started, folder)
    show(document, as_json, lambda: _print(document))
    if document["balance"]["sent"] != document["balance"]["planned"]:
        raise typer.Exit(FAILED)


def _forget(folder: Path) -> None:
    for name in OWN_FILES:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "mails", ignore_errors=True)


def _set_up(folder: Path) -> Started:
    """Configuration, database and the three readers, each made only if missing."""
    from newsletter.shipped import shipped

    path = folder / "config.toml"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        sample = shipped("sample") / "*.jsonl"
        path.write_text(
            CONFIG.format(here=folder, at=SAMPLE_MOMENT[:10] + "T14:00Z", sample=sample), encoding="utf-8"
        )
    started = start(path)
    _add_readers(started)
    return started


def _add_readers(started: Started) -> None:
    from newsletter import db
    from newsletter.cli.subscribers import WORDING
    from subscribers import people, preferences
    from subscribers.models import FollowKind

    moment = instant("2026-03-02T09:00Z")
    with db.writing(started.engine) as session:
        known = {reader.email for reader in people.listing(session)}
        for reader in READERS:
            if reader["email"] in known:
                continue
            wanted = preferences.parse({name: str(reader[name]) for name in ("name", "hour", "timezone")})
            follows = [preferences.parse_follow(FollowKind.TOPIC, topic) for topic in reader["topics"]]
            email = str(reader["email"])
            people.add(session, email, wanted, follows, now=moment, confirmed=True, wording=WORDING)


def _run(started: Started, folder: Path) -> dict[str, Any]:
    from newsletter.cli.catcher import catcher
    from newsletter.cli.fetch import as_document, learn, read_sources
    from newsletter.cli.send import plan_and_send
    from newsletter.wiring import taste

    moment = instant(SAMPLE_MOMENT)
    fetched, _ = read_sources(started, "", moment)
    learn(started, taste(started.config), moment)
    with catcher() as caught:
        planned, _, balance, _ = plan_and_send(over_smtp(started, caught.port), "", moment)
    files = _keep(caught, folder / "mails")
    return {
        "folder": str(folder),
        "at": moment.isoformat(),
        "fetch": as_document(fetched),
        "new": planned.planned,
        "received": len(caught.messages),
        "balance": balance,
        "readers": [_reader(started, str(reader["email"]), files) for reader in READERS],
    }


def over_smtp(started: Started, port: int) -> Started:
    """The demo's configuration, but out over SMTP to the catcher, whose port is new each time."""
    config = started.config
    smtp = config.smtp.model_copy(update={"host": "127.0.0.1", "port": port, "security": "none"})
    delivery = config.delivery.model_copy(update={"transport": "smtp"})
    return Started(config.model_copy(update={"smtp": smtp, "delivery": delivery}))


def _keep(caught: "Caught", folder: Path) -> dict[str, list[str]]:
    """Write each message that came over the wire as .eml, .html and .txt; returns the files of each reader."""
    from newsletter.cli.preview_files import write
    from newsletter.mail import Envelope

    for recipient, content in caught.messages:
        write(Envelope("", recipient, "", content), folder, recipient.partition("@")[0])
    names = [str(reader["email"]) for reader in READERS]
    return {name: [str(file) for file in sorted(folder.glob(f"{name.partition('@')[0]}.*"))] for name in names}


def _reader(started: Started, email: str, files: dict[str, list[str]]) -> dict[str, Any]:
    from sqlmodel import Session, col, select

    from newsletter.models import Paper, Pick
    from newsletter.ranking.reasons import in_words
    from subscribers import people

    with Session(started.engine) as session:
        reader = people.find(session, email)
        mine = select(Pick, Paper.title).join(Paper, col(Paper.key) == col(Pick.paper))
        rows = session.exec(mine.where(col(Pick.subscriber_id) == reader.id).order_by(col(Pick.rank)))
        picks = [
            pick.model_dump(include={"rank", "score", "trending"})
            | {"key": pick.paper, "title": title, "reasons": [in_words(reason) for reason in pick.reasons]}
            for pick, title in rows
        ]
        topics = [follow.value for follow in reader.follows]
        hour = f"{reader.hour}:00 {reader.timezone}"
    return {"email": email, "topics": topics, "hour": hour, "picks": picks, "files": files[email]}


def _print(document: dict[str, Any]) -> None:
    from newsletter.cli.pick import print_picks
    from newsletter.cli.send import balance_line

    new = f"{document['fetch']['new']} papers new" if document["fetch"]["new"] else "the papers are known already"
    typer.echo(f"fetch   {new} (the bundled sample; its votes are made up)")
    for reader in document["readers"]:
        typer.echo(f"\n{reader['email']}  at {reader['hour']}, follows {', '.join(reader['topics'])}")
        print_picks(reader["picks"])
    typer.echo(f"\nsend    {balance_line(document['balance'])}")
    typer.echo(f"        {document['received']} messages came over SMTP just now.")
    if not document["new"]:
        typer.echo("        Nothing was sent twice: every reader had this day's digest. `--fresh` starts over.")
    typer.echo(CLOSING.format(folder=document["folder"]))

"""The command line: one file for each group of commands, all with --config, --json and honest exit codes.

Exit codes: 0 done, 1 done in part or failed, 2 wrong usage or configuration.
"""

import os

import typer

from newsletter.cli import (
    admin,
    db,
    demo,
    dkim,
    doctor,
    edition,
    fetch,
    ledger,
    lint,
    pick,
    preview,
    replay,
    send,
    stats,
    subscribers,
    tick,
    topics,
    up,
    web,
    why,
    worker,
)
from newsletter.cli.start import Guarded, logging_to_stderr

app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=(
        "Get trending papers in your email inbox.\n\n"
        "The path of a paper: fetch -> pick -> (render) preview -> send. Start with `newsletter demo`."
    ),
)


@app.callback()
def options(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show the log on standard error."),
) -> None:
    logging_to_stderr(verbose=verbose)
    # Read when numpy is first imported. Of many small products, threads would only wait for each other: on a busy
    # machine with two cores the archive was read ten times slower with two.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("fetch")(fetch.fetch)
app.command("lint")(lint.lint)
app.command("pick")(pick.pick)
app.command("preview")(preview.preview)
app.command("replay")(replay.replay)
app.command("send")(send.send)
app.command("stats")(stats.stats)
app.command("tick")(tick.tick)
app.command("topics")(topics.topics)
app.command("up")(up.up)
app.command("web")(web.web)
app.command("worker")(worker.worker)
app.command("why")(why.why)
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(db.app, name="db")
app.add_typer(admin.app, name="admin")
app.add_typer(edition.app, name="edition")
app.add_typer(dkim.app, name="dkim")
app.add_typer(ledger.app, name="ledger")

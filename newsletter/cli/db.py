"""`newsletter db`: create or migrate the tables, and copy the database."""

import typer

from newsletter.cli.backup import backup
from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, show, start

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The database and its tables.")
app.command()(backup)


@app.command()
def upgrade(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Create the tables, or bring them to this program's version. Safe to run at any time.

    Every command does this by itself; of several that start at once the first one does it and the others wait.
    """
    from newsletter import db

    engine = db.connect(start(config).config.database_url)
    before = db.upgrade(engine)
    document = {"from": before, "to": db.HEAD, "changed": before != db.HEAD}
    words = f"from {before or 'nothing'} to {db.HEAD}" if document["changed"] else f"already at {db.HEAD}"
    show(document, as_json, lambda: typer.echo(f"The database is up to date: {words}."))

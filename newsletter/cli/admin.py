"""`newsletter admin`: the ways into the admin pages."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, Started, now, show, start

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The way into the admin pages.")
LONGEST_HOURS = 168


@app.command()
def link(
    hours: Annotated[
        float,
        typer.Option("--hours", min=0.1, max=LONGEST_HOURS, metavar="N", help="For how long the link is good."),
    ] = 1.0,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Print a link that opens the admin pages, once. Whoever has it is the admin, so keep it to yourself."""
    url, expires_at = new_link(start(config), hours)
    document = {"url": url, "expires_at": expires_at.isoformat()}
    until = f"{expires_at:%Y-%m-%d %H:%M} UTC"
    show(document, as_json, lambda: typer.echo(f"{url}\nGood once, until {until}. Keep it to yourself."))


@app.command()
def password(as_json: AsJson = False) -> None:
    """Ask for a password twice and print the line for config.toml that lets it open the admin pages.

    The line holds an argon2id hash, from which nobody gets the password back. Login links work as before.
    """
    from newsletter import admin_password

    given = typer.prompt("Password for the admin pages", hide_input=True, confirmation_prompt=True, err=True)
    if wrong := admin_password.fault(given):
        raise typer.BadParameter(wrong, param_hint="the password")
    document = {"password_hash": admin_password.hashed(given)}
    said = f"""[admin]\npassword_hash = "{document["password_hash"]}\""""
    show(document, as_json, lambda: typer.echo(said))


def new_link(started: Started, hours: float) -> tuple[str, datetime]:
    """A login link as a whole URL, and until when it is good; a line in the journal says that it was made."""
    from newsletter import admin_access, db, journal
    from newsletter.links import Links
    from newsletter.record_models import RunKind

    made = now().replace(microsecond=0)
    links = Links(started.config.newsletter.url, started.keys)
    with db.writing(started.engine) as session:
        token = admin_access.new_link(session, made, hours)
        journal.write(session, RunKind.ADMIN, "link", made, (made, made), "a login link was made")
    return links.admin_login(token), made + timedelta(hours=hours)

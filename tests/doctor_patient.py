"""A newsletter to examine: a configuration in a folder, its database, and what the doctor's checks look at."""

import time
from datetime import UTC, datetime

from newsletter.config import load
from newsletter.doctor.context import Context
from newsletter.web.page import environment

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEAD = '[newsletter]\nfrom = "{sender}"\nurl = "{url}"\npostal_address = "1 Sample Street"\n'
MAILS = '[delivery]\ntransport = "smtp"\n'


def patient(folder, text="", url="https://papers.test", sender="papers@papers.test", now=NOW, **more):
    """The context of a newsletter with this configuration; without a resolver if none is given."""
    (folder / "config.toml").write_text(HEAD.format(url=url, sender=sender) + text)
    options = {"resolver": None, "patience": 5.0, "sleep": lambda _: None} | more
    config = load(folder / "config.toml")
    return Context(config=config, now=lambda: now, seconds=time.monotonic, pages=environment, **options)


def on(engine, folder, text="", **more):
    """The same on this database."""
    url = engine.url.render_as_string(hide_password=False)
    context = patient(folder, f'[database]\nurl = "{url}"\n{text}', **more)
    vars(context)["engine"] = engine  # the test's own, which it closes
    return context


def lines(findings):
    """Each finding as people see it."""
    return [f"{each.level} {each.name}: {each.words}: {each.cure}" for each in findings]


def line(findings):
    (only,) = lines(findings)
    return only

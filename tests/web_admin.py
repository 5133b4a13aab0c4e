"""An admin for tests of the admin pages: a visitor with a login link, or logged in by one."""

import re
import shutil
from dataclasses import replace

import pytest
from sqlmodel import Session, select
from web_site import Visitor, visitor

from newsletter import admin_access, db
from newsletter.record_models import Run, RunKind


@pytest.fixture
def lite(sqlite_template, tmp_path):
    """An engine on SQLite alone, for what both databases do alike."""
    path = tmp_path / "newsletter.db"
    shutil.copy(sqlite_template, path)
    made = db.connect(f"sqlite:///{path}")
    yield made
    made.dispose()


def stranger(engine, folder, toml="", url=""):
    """Somebody before the door of a site whose real clock is the test's too."""
    one = visitor(engine, folder, toml, url=url)
    return at_the_door(replace(one.site, seconds=lambda: one.clock().timestamp()), one.clock, one.woken)


def at_the_door(site, clock, woken=()):
    """A new browser before this site; over TLS, as the cookie wants it."""
    one = Visitor(site, clock, woken)
    one.http.base_url = site.links.home().partition("/")[0] + "//testserver"
    return one


def link_for(one, hours=1.0):
    """A new login link of that site."""
    with Session(one.site.engine) as session:
        token = admin_access.new_link(session, one.clock(), hours)
        session.commit()
    return one.site.links.admin_login(token)


def logged_in(engine, folder, toml=""):
    """Somebody who is past the door."""
    one = stranger(engine, folder, toml)
    answer = one.send(link_for(one))
    assert answer.status_code == 303, answer.text
    return one


def acts(one, url, page="", **fields):
    """Send a form of an admin page, as its button does."""
    html = one.get(page or one.site.links.admin()).text
    return one.post(url, {"stamp": hidden(html, "stamp"), "form": hidden(html, "form")} | fields)


def hidden(html, name):
    return re.search(rf'name="{name}" value="([^"]+)"', html)[1]


def journalled(engine):
    """What the journal says the admin did, oldest first, without the ways in and out."""
    with Session(engine) as session:
        wanted = select(Run.name).where(Run.kind == RunKind.ADMIN).order_by(Run.id)
        return [name for name in session.exec(wanted) if name not in {"login", "logout", "link"}]

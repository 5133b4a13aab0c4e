"""`newsletter admin link`: a link that opens the admin pages once, and a line in the journal."""

from datetime import UTC, datetime, timedelta

import pytest
from command_line import as_json, run
from sqlmodel import Session, select

from newsletter import admin_access
from newsletter.cli.start import start
from newsletter.record_models import AdminLink, Run


def opened(workplace):
    return Session(start(workplace / "config.toml").engine)


def test_the_link_is_printed_with_its_end(workplace):
    told = run("admin", "link").stdout.splitlines()

    assert told[0].startswith("https://papers.example.org/admin/login/")
    assert told[1].startswith("Good once, until 20")
    with opened(workplace) as session:
        token = told[0].rpartition("/")[2]
        assert admin_access.works(session, token, datetime.now(UTC))
        assert token not in str(session.exec(select(AdminLink)).all())


@pytest.mark.parametrize(("options", "hours"), [((), 1), (("--hours", 2.5), 2.5)])
def test_the_link_is_good_for_an_hour_or_as_long_as_is_asked(workplace, options, hours):
    before = datetime.now(UTC).replace(microsecond=0)

    document = as_json("admin", "link", *options)

    end = datetime.fromisoformat(document["expires_at"])
    assert set(document) == {"url", "expires_at"}
    assert timedelta(0) <= end - before - timedelta(hours=hours) <= timedelta(minutes=5)


@pytest.mark.parametrize("hours", ["0", "-1", "169", "soon"])
def test_hours_that_cannot_be_meant_are_refused(workplace, hours):
    assert "--hours" in run("admin", "link", "--hours", hours, code=2).stderr


def test_the_journal_says_that_a_link_was_made_and_not_which(workplace):
    url = as_json("admin", "link")["url"]

    with opened(workplace) as session:
        (line,) = session.exec(select(Run)).all()
    assert (line.kind, line.name, line.words) == ("admin", "link", "a login link was made")
    assert url.rpartition("/")[2] not in str(line)

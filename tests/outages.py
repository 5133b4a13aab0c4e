"""Real faults of real databases in the midst of a run: locked, full, gone."""

import threading
from contextlib import suppress

import sqlalchemy
from offices import Locked
from sqlalchemy import event
from world import Scripted

from newsletter.mail import Outcome, Phase, Verdict
from newsletter.mail.crew import Crew

LONG = Outcome(Verdict.SENT, Phase.REPLIED, "250 ok " + "x" * 3000)  # its row needs more room than it had
KILL = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'sender'"


class Outage:
    """Begins when the fifth message is under way; `at_pause` is what happens when somebody has tried in vain.

    As it stands here it ends at the fourth try.
    """

    def __init__(self, engine, monkeypatch, at_pause=None):
        self.engine, self.sent, self.pauses = engine, [], 0
        self.began, self.lasts, self.sent_before, self.sent_during = False, False, 0, 0
        self.at_pause = at_pause or (lambda: self.pauses >= 4 and self.over())
        self._turn = threading.RLock()
        waited = Crew.pause

        def pause(crew, seconds):
            with self._turn:
                if self.lasts:
                    self.pauses += 1
                    self.at_pause()
            waited(crew, seconds)

        monkeypatch.setattr(Crew, "pause", pause)

    def taken(self, envelope):
        """The message is on its way: its leave is committed, its outcome is not."""
        with self._turn:
            if len(self.sent) == 4 and not self.began:
                self.began = self.lasts = True
                self.begin()
                self.sent_before = len(self.sent)
            self.sent.append(envelope.recipient)

    def over(self):
        with self._turn:
            if self.lasts:
                self.sent_during = len(self.sent) - self.sent_before
                self.lasts = False
                self.end()

    def transport(self):
        outage = self

        class Watched(Scripted):
            def send(self, envelope):
                outage.taken(envelope)
                return LONG

        return Watched()


class Lock(Outage):
    """Another process writes for longer than we wait."""

    def begin(self):
        self.other = Locked(self.engine)

    def end(self):
        self.other.end()


class Full(Outage):
    """The disk is full: no page can be added to the file; then somebody makes room."""

    def __init__(self, engine, monkeypatch, at_pause=None):
        super().__init__(engine, monkeypatch, at_pause)
        self.pages, self.connections = 10**9, []
        event.listen(engine, "connect", self.connected)
        engine.dispose()

    def connected(self, connection, _):
        self.connections.append(connection)
        connection.execute(f"PRAGMA max_page_count={self.pages}")

    def begin(self):
        self.limited(1)  # which means: as many as there are

    def end(self):
        self.limited(10**9)

    def limited(self, pages):
        self.pages = pages
        for connection in self.connections:
            with suppress(self.engine.dialect.loaded_dbapi.ProgrammingError):  # closed meanwhile
                connection.execute(f"PRAGMA max_page_count={pages}")

    def forgotten(self):
        event.remove(self.engine, "connect", self.connected)
        self.engine.dispose()


class Gone(Outage):
    """The server ends all connections and lets nobody in, as when it is started anew."""

    def __init__(self, engine, monkeypatch, at_pause=None):
        super().__init__(engine, monkeypatch, at_pause)
        event.listen(engine, "connect", self.connected)
        engine.dispose()

    @staticmethod
    def connected(connection, _):
        connection.execute("SET application_name = 'sender'")
        connection.commit()

    def begin(self):
        self.command(f"ALTER DATABASE {self.engine.url.database} ALLOW_CONNECTIONS false")
        self.command(KILL)

    def end(self):
        self.command(f"ALTER DATABASE {self.engine.url.database} ALLOW_CONNECTIONS true")

    def command(self, statement):
        admin = sqlalchemy.create_engine(self.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(statement)
        admin.dispose()

    def forgotten(self):
        event.remove(self.engine, "connect", self.connected)
        self.engine.dispose()

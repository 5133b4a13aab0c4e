"""The SMTP transport: one kept connection, one round trip a message, outcomes that know how far it came.

The body of a message, its final dot, and MAIL, RCPT and DATA of the one after it leave together, so a message
costs one round trip (RFC 2920 section 3.1 allows the content as the first of a group). Where the server does not
offer that, the steps are taken one by one. Servers close idle connections: a message that finds the kept one
closed goes out over a new one at once.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

from newsletter.mail import Blame, Done, Envelope, Feed, Outcome, Phase, Ready, Turn, Verdict
from newsletter.mail.relays import Relays
from newsletter.mail.reply import CLOSING, Stage, judged
from newsletter.mail.smtp_connection import Settings, hang_up, in_words, one_line, open_server
from newsletter.mail.smtp_dialogue import Dialogue, Refused, Unsendable, checked

__all__ = ["Relays", "Settings", "Smtp"]  # a user of the transport needs them

KEEP_SECONDS = 300  # a connection is reused by time, not by count (Postfix: smtp_connection_reuse_time_limit)
QUIT_SECONDS = 5  # everything is settled by then: nobody waits long for a goodbye
STOPPED = "the sender was told to stop"


class _Parcel(NamedTuple):
    """A message, and its bytes as they travel."""

    ready: Ready
    body: bytes


class _Begun(NamedTuple):
    """How far the message to follow came: its transaction is open, or it is to be tried anew, or neither."""

    going: _Parcel | None = None
    back: Ready | None = None


class _Unreached(Exception):
    """No server could be reached; the text says why."""


class Smtp:
    """One connection at a time, opened for the first message. `refuse` and `abort` are for other threads."""

    def __init__(self, relays: Relays | Settings, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never jumps (time.monotonic)."""
        self.relays = Relays([relays], clock) if isinstance(relays, Settings) else relays
        self.clock = clock
        self._dialogue: Dialogue | None = None
        self._settings = self.relays.servers[0]
        self._turn = threading.Lock()  # between `refuse` and a connection that is being opened
        self._reaching = self._refusing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def drain(self, feed: Feed) -> None:
        """One message after another (RFC 5321 section 3.3), each told to the feed before the next one's body."""
        try:
            self._drain(feed)
        except BaseException:
            self._drop()  # its server may wait for a body: a goodbye would be taken for one
            raise

    def _drain(self, feed: Feed) -> None:
        done: list[Done] = []
        begun = _Begun()
        while True:
            turn = feed.turn(done, begun.going and begun.going.ready, begun.back)
            if begun.going is None and turn.following is None:
                return
            if begun.going is not None and not turn.may_go:
                self._drop()  # its server waits for a body that must not leave
                begun = _Begun()
            done = []
            begun = self._step(feed, begun.going, turn.following, done)

    def send(self, envelope: Envelope) -> Outcome:
        """One message alone."""
        alone = _Alone(envelope)
        self.drain(alone)
        assert alone.outcome is not None
        return alone.outcome

    def refuse(self) -> bool:
        """Begin no message any more; whether a server is still being reached."""
        with self._turn:
            self._refusing = True
            return self._reaching

    def abort(self) -> None:
        """Hang up, whatever is waited for: before the final dot nothing was sent, after it the fate is unknown."""
        self.refuse()
        if dialogue := self._dialogue:
            hang_up(dialogue.server)

    def _step(self, feed: Feed, going: _Parcel | None, following: Ready | None, done: list[Done]) -> _Begun:
        """Hand over the body of `going`, and open the transaction of `following`, together where that can be."""
        parcel = self._parcel(following, done) if following is not None else None
        if going is None:
            return self._opened(parcel, done) if parcel else _Begun()
        opening: Sequence[bytes] = ()
        if parcel is not None and self._may_pipeline and not (opening := self._opening(parcel.ready, done)):
            parcel = None
        done.append(Done(going.ready, self._handed_over(feed, going.body, opening)))
        if parcel is None:
            return _Begun()
        if not opening:
            return self._opened(parcel, done)
        if self._dialogue is None:  # lost before anything was heard of it
            return _Begun(back=parcel.ready)
        return self._answered(parcel, opening, done, written=True)

    def _parcel(self, ready: Ready, done: list[Done]) -> _Parcel | None:
        """None for a message that must not be written to any server: that is what became of it."""
        try:
            return _Parcel(ready, checked(ready.envelope))
        except Unsendable as error:
            done.append(Done(ready, Outcome(Verdict.FAILED, Phase.BEFORE_DOT, str(error), Blame.MESSAGE)))
            return None

    def _opening(self, ready: Ready, done: list[Done]) -> Sequence[bytes]:
        """What opens its transaction; nothing for a message that this server surely does not take."""
        try:
            return self._kept.commands(ready.envelope)
        except Refused as refused:
            done.append(Done(ready, refused.outcome))
            return ()

    @property
    def _kept(self) -> Dialogue:
        assert self._dialogue is not None
        return self._dialogue

    @property
    def _old(self) -> bool:
        return self._dialogue is not None and self.clock() - self._dialogue.opened > KEEP_SECONDS

    @property
    def _may_pipeline(self) -> bool:
        return self._dialogue is not None and self._dialogue.pipelining and not self._old and not self._refusing

    def _handed_over(self, feed: Feed, body: bytes, opening: Sequence[bytes]) -> Outcome:
        dialogue = self._kept
        try:
            dialogue.hand_over(body, opening)
            feed.ahead()
            dialogue.patience(self._settings.final_timeout)
            code, text = dialogue.reply()
            dialogue.patience(self._settings.timeout)
        except OSError as error:
            if not dialogue.dot_left:
                return self._lost(error)
            why = STOPPED if self._refusing else in_words(error)
            self._drop()
            return Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, f"no reply to the final dot: {why}")
        return self._final(code, text)

    def _final(self, code: int, text: str) -> Outcome:
        told = one_line(code, text)
        if code // 100 not in {2, 4, 5}:
            self._drop()
            return Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, f"no sense in the final reply: {told}")
        verdict, blame = judged(Stage.DOT, code, text)
        if blame is Blame.RELAY:
            self._failed(told)
        elif code == CLOSING:
            self._drop()
        else:
            self._kept.fresh = False
            self.relays.worked(self._settings)
        return Outcome(verdict, Phase.REPLIED, told, blame)

    def _failed(self, why: str) -> None:
        """The server refuses us, whatever the message: it is another one's turn."""
        self._drop()
        self.relays.failed(self._settings, f"{self._where}: {why}")

    def _lost(self, error: OSError) -> Outcome:
        """The connection broke before a final dot: surely not sent."""
        self._drop()
        if self._refusing:
            return Outcome(Verdict.DEFERRED, Phase.UNREACHED, STOPPED)
        return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, f"connection lost: {in_words(error)}")

    def _opened(self, parcel: _Parcel, done: list[Done]) -> _Begun:
        """The transaction of a message, over the kept connection if there is one, else over a new one."""
        try:
            self._connect(parcel.ready.envelope.sender)
        except _Unreached as error:
            blame = Blame.NOBODY if self._refusing else Blame.RELAY
            done.append(Done(parcel.ready, Outcome(Verdict.DEFERRED, Phase.UNREACHED, str(error), blame)))
            return _Begun()
        opening = self._opening(parcel.ready, done)
        return self._answered(parcel, opening, done, written=False) if opening else _Begun()

    def _answered(self, parcel: _Parcel, opening: Sequence[bytes], done: list[Done], *, written: bool) -> _Begun:
        """Whether the server lets a message in; `written`: it has been asked already."""
        tired, self._kept.fresh = not self._kept.fresh, False
        try:
            self._kept.opened_by(opening, written=written)
        except Refused as refused:
            return self._refused(parcel.ready, refused, done, tired=tired)
        except OSError as error:
            return self._left(parcel.ready, error, done, tired=tired)
        return _Begun(going=parcel)

    def _left(self, ready: Ready, error: OSError, done: list[Done], *, tired: bool) -> _Begun:
        """The server is gone. One that was used before may only have grown tired: another try, over a new one."""
        # A server that is silent is not gone: another try would only wait as long again.
        if tired and not self._refusing and not isinstance(error, TimeoutError):
            self._drop()
            return _Begun(back=ready)
        done.append(Done(ready, self._lost(error)))
        return _Begun()

    def _refused(self, ready: Ready, refused: Refused, done: list[Done], *, tired: bool) -> _Begun:
        """It said no. What it says of us, and not of this message, is another server's chance."""
        if self._kept.over:
            self._drop()
        outcome = refused.outcome
        if tired and refused.code == CLOSING and refused.stage is Stage.MAIL:
            return _Begun(back=ready)
        if outcome.blame is Blame.RELAY:
            self._failed(refused.text)
            if self.relays.any_up:
                return _Begun(back=ready)
        done.append(Done(ready, outcome))
        return _Begun()

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _connect(self, sender: str) -> None:
        if self._old:
            self._close()
        while self._dialogue is None and not self._refusing:
            settings = self.relays.choose()
            if settings is None:
                raise _Unreached(self.relays.reason)
            self._settings = settings
            try:
                self._reach(settings, sender)
            except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
                self.relays.failed(settings, f"{self._where}: {in_words(error)}")
        if self._dialogue is None or self._refusing:
            self._drop()
            raise _Unreached(STOPPED)

    def _reach(self, settings: Settings, sender: str) -> None:
        """A new connection; none after `refuse`, which either sees that one is opened or is seen here."""
        opened = None
        with self._turn:
            self._reaching = not self._refusing
        try:
            if self._reaching:
                opened = Dialogue(open_server(settings, sender), self.clock())
        finally:
            with self._turn:
                self._reaching = False
                self._dialogue = opened

    def _close(self) -> None:
        if self._dialogue:
            with suppress(OSError):
                self._dialogue.close(seconds=min(QUIT_SECONDS, self._settings.timeout))
        self._drop()

    def _drop(self) -> None:
        dialogue, self._dialogue = self._dialogue, None
        if dialogue:
            dialogue.server.close()


class _Alone:
    """A feed of one message."""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.outcome: Outcome | None = None
        self._given = False

    def turn(self, done: Sequence[Done], going: Ready | None = None, back: Ready | None = None) -> Turn:
        if done:
            self.outcome = done[0].outcome
        first, self._given = not self._given, True
        return Turn(may_go=going is not None, following=back or (self if first else None))

    def ahead(self) -> None:
        """There is no other."""

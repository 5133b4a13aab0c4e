"""What runs until it is told to end: parts of a process, each with a thread, and the signals that end them."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

import structlog
import typer

from newsletter import logs
from newsletter.cli.start import Started, monotonic

log = structlog.get_logger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)
BY_SIGNAL = 128  # as a shell says it: 143 for SIGTERM
SAME_SECONDS = 1.0
END_SECONDS = 9.0  # from the signal to the end of the process; a message in hand has the first six


class Part(Protocol):
    """One of the things that a process does; `broken` is what ended it though nobody asked."""

    name: str
    broken: BaseException | None

    def start(self, ended: Callable[[], None]) -> None:
        """Begin, in a thread of its own; `ended` is to be called when it ends by itself."""

    def ask(self) -> None:
        """Tell it to finish what is in hand; returns at once."""

    def join(self, seconds: float) -> bool:
        """Wait for its end; whether it came within that time."""


@dataclass
class Recurring:
    """A part that does its jobs when woken and at least every `every` seconds, each on its own.

    What one job fails with is logged once, and keeps neither the others nor the next look. `asked` are called
    when it is told to end.
    """

    name: str
    jobs: Mapping[str, Callable[[], object]]
    every: float
    woken: threading.Event = field(default_factory=threading.Event)
    asked: Sequence[Callable[[], object]] = ()
    stopping: threading.Event = field(default_factory=threading.Event)
    broken: BaseException | None = None
    _faults: dict[str, str] = field(default_factory=dict)  # by job: what it failed with at the last look
    _thread: threading.Thread | None = None

    def start(self, ended: Callable[[], None] = lambda: None) -> None:
        self._thread = threading.Thread(target=self._run, args=(ended,), name=self.name, daemon=True)
        self._thread.start()

    def ask(self) -> None:
        self.stopping.set()
        self.woken.set()
        for each in self.asked:
            each()

    def join(self, seconds: float | None = None) -> bool:
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self, ended: Callable[[], None]) -> None:
        try:
            while not self.stopping.is_set():
                self.woken.clear()
                self.look()
                if not self.stopping.is_set():
                    self.woken.wait(self.every)
        except BaseException as error:  # noqa: BLE001 - nobody could even be told: the process raises it and ends
            self.broken = error
            ended()

    def look(self) -> None:
        """Do each job once."""
        for name, job in self.jobs.items():
            try:
                job()
            except KeyboardInterrupt:  # it was told to end in the midst of a job
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs have to be done
                self._tell(name, error)
            else:
                self._faults.pop(name, None)

    def _tell(self, job: str, error: Exception) -> None:
        """Log a fault of a job, but the same one not again at every look."""
        fault, reason = type(error).__name__, logs.reason(error)
        if self._faults.get(job) != (said := f"{fault}: {reason}"):
            log.critical("a job failed", job=job, fault=fault, reason=reason)
        self._faults[job] = said


class Ending:
    """Waits for SIGTERM or Ctrl-C. A second one ends the process at once, as if nobody heeded it.

    Unless it comes within the same second: `timeout` and some shells send the first one twice.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> None:
        """End the wait from any thread."""
        self._event.set()

    def wait(self) -> None:
        """Until a signal, or until somebody ends the wait."""
        self._event.wait()

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """While the block lasts, signals come as bytes from a pipe.

        The system may hand a signal to any thread, and Python's own handlers would wait for the main one.
        """
        read, write = os.pipe()
        os.set_blocking(write, False)
        handlers = [signal.signal(each, lambda *_: None) for each in SIGNALS]
        before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        threading.Thread(target=self._heed, args=(read,), name="signals", daemon=True).start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for each, handler in zip(SIGNALS, handlers, strict=True):
                signal.signal(each, handler)
            os.close(write)  # so the thread ends, too

    def _heed(self, read: int) -> None:
        first = None
        with os.fdopen(read, "rb", buffering=0) as signals:
            while heard := signals.read(1):
                if first is None:
                    first = monotonic()
                    self()
                elif monotonic() - first > SAME_SECONDS:
                    leave(BY_SIGNAL + heard[0])


def run(started: Started, parts: Sequence[Part], said: Callable[[], None]) -> None:
    """Start the parts, tell people with `said`, wait for a signal, and end all parts in time.

    What does not end in time, such as a fetch from a server that is silent, is left behind: nothing of it is
    lost, for every step can be repeated. A part that breaks ends the others, too, and its error is raised.
    """
    ending = Ending()
    logs.configure(started.config.log.format, started.config.log.level, sys.stderr)
    with ending.heeding():
        for part in parts:
            part.start(ending)
        said()
        ending.wait()
        left = _ended(parts)
        broken = next((part.broken for part in parts if part.broken), None)
        if broken is not None:
            raise broken
        started.engine.dispose()
        typer.echo("Stopped.")
        if left:
            log.warning("left behind", parts=", ".join(left))
            leave(0)


def _ended(parts: Iterable[Part]) -> list[str]:
    """Ask all parts to end; the names of those that did not in time."""
    wanted = list(parts)
    for part in wanted:
        part.ask()
    until = monotonic() + END_SECONDS
    return [part.name for part in wanted if not part.join(max(0.0, until - monotonic()))]


def leave(code: int) -> NoReturn:
    """End the process without waiting for threads that hang."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)

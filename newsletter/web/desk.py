"""The studio's desk: what previews are made with, read anew when a file was saved, and the messages shown last."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from newsletter import config as configuration
from newsletter import preview, wiring
from newsletter.config import Config
from newsletter.mail import Transport
from newsletter.preview import Asked, Parts, Shown, Trial
from newsletter.shipped import shipped

MOST_KEPT = 8  # messages: the frames of a page ask for the one it was made with


class Desk:
    """One at a time is at it, so nobody sees half of a change.

    `file` is the configuration file, None where there is none to read again. What cannot be used raises
    ConfigError or TemplateError, and is tried again when it was saved once more.
    """

    def __init__(self, file: Path | None, config: Config, engine: Engine, keys: tuple[str, ...]) -> None:
        self.config = config
        self._file, self._engine, self._keys = file, engine, keys
        self._lock = threading.Lock()
        self._parts: Parts | None = None
        self._made_of = ""
        self._shown: OrderedDict[tuple[str, Asked, datetime], Shown] = OrderedDict()

    def stamp(self) -> str:
        """Another text whenever a template, or the configuration, was saved."""
        return _stamp(self._watched())

    def show(self, asked: Asked, at: datetime, *, anew: bool = True) -> Shown:
        """The message; the one that was shown for the same files, unless it is to be made `anew`."""
        with self._lock:
            parts = self._ready()
            key = (self._made_of, asked, at)
            if anew or key not in self._shown:
                self._shown[key] = preview.message(self._engine, parts, asked, at)
                self._shown.move_to_end(key)
            while len(self._shown) > MOST_KEPT:
                self._shown.popitem(last=False)
            return self._shown[key]

    def trial(self, asked: Asked, at: datetime, test: Trial) -> tuple[Shown, Callable[[], Transport]]:
        """A test mail, and the way out that the configuration names."""
        with self._lock:
            shown = preview.message(self._engine, self._ready(), asked, at, test)
            return shown, wiring.transport(self.config)

    def _ready(self) -> Parts:
        stamp = self.stamp()
        if self._parts is not None and stamp == self._made_of:
            return self._parts
        config = configuration.load(self._file) if self._file else self.config
        same = self._parts is not None and config == self.config
        taste = self._parts.taste if self._parts and same else wiring.taste(config)
        made = Parts(taste, wiring.issue(config), wiring.window(config), self._keys, wiring.signer(config))
        # The stamp of before: what was saved while this was read is read once more.
        self.config, self._parts, self._made_of = config, made, stamp
        return made

    def _watched(self) -> Iterator[Path]:
        config = self.config
        own = {value for value in (config.digest.templates, config.web.templates) if value}
        if self._file:
            yield self._file
        for folder in [shipped("templates"), *(config.path(value) for value in sorted(own))]:
            yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _stamp(files: Iterator[Path]) -> str:
    told = hashlib.sha256()
    for file in files:
        try:
            seen = file.stat()
        except OSError:  # an editor is replacing it at this very moment
            told.update(f"{file} is not there\n".encode())
        else:
            told.update(f"{file} {seen.st_mtime_ns} {seen.st_size}\n".encode())
    return told.hexdigest()[:20]

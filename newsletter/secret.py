"""The secret behind signed links, Message-IDs and return paths: from config, else made once and kept."""

import os
import secrets
from pathlib import Path

from newsletter.config import Config
from newsletter.errors import ConfigError

LEAST = 16


def keys(config: Config) -> tuple[str, ...]:
    """The signing keys, newest first. `web.secret` wins; else the file `secret.key` beside the database."""
    text = config.web.secret.get_secret_value() or _kept(config.data_folder / "secret.key")
    found = tuple(text.split())
    if not found or min(map(len, found)) < LEAST:
        raise ConfigError(f"web.secret: (value hidden) is too short: use at least {LEAST} random characters")
    return found


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes that start at once, one makes it and the other reads it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        made = secrets.token_urlsafe(32)
        file.write(made + "\n")
    return made

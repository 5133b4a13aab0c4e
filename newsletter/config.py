"""The configuration: config.toml and the environment become one frozen, validated `Config`.

Every key may be overridden by the environment: `smtp.password` by NEWSLETTER_SMTP__PASSWORD. Whatever cannot
be used raises one ConfigError, whose single line names the key, the value and the cure.
"""

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from newsletter import config_errors as said
from newsletter.config_sections import (
    Admin,
    Database,
    Delivery,
    Digest,
    Dkim,
    Gate,
    Log,
    Newsletter,
    Ranking,
    Schedule,
    Signup,
    Smtp,
    SourceTable,
    Theme,
    TopicTable,
    Web,
)
from newsletter.errors import ConfigError
from newsletter.shipped import shipped
from subscribers.errors import InvalidPreference
from subscribers.topics import Catalogue, Topic


class Config(BaseSettings):
    """The whole configuration. `base` is the folder of the config file: relative paths start there."""

    model_config = SettingsConfigDict(
        env_prefix=said.PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, strict=True
    )
    base: Path = Path()
    newsletter: Newsletter = Newsletter()
    database: Database = Database()
    sources: tuple[SourceTable, ...] = Field(default=(), strict=False)
    topics: tuple[TopicTable, ...] = Field(default=(), strict=False)
    digest: Digest = Digest()
    ranking: Ranking = Ranking()
    theme: Theme = Theme()
    schedule: Schedule = Schedule()
    admin: Admin = Admin()
    gate: Gate = Gate()
    smtp: Smtp = Smtp()
    relays: tuple[Smtp, ...] = Field(default=(), strict=False)
    dkim: Dkim = Dkim()
    web: Web = Web()
    signup: Signup = Signup()
    delivery: Delivery = Delivery()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; dotenv and secret folders are not read."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @field_validator("sources")
    @classmethod
    def _names_are_unique(cls, sources: tuple[SourceTable, ...]) -> tuple[SourceTable, ...]:
        names = [source.name for source in sources]
        if double := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two are called {double[0]!r}: give each a name of its own")
        return sources

    @field_validator("topics")
    @classmethod
    def _topics_make_a_catalogue(cls, topics: tuple[TopicTable, ...]) -> tuple[TopicTable, ...]:
        try:
            _catalogue(topics)
        except InvalidPreference as error:
            raise ValueError(f"{error.value!r} cannot be used: {error.cure}") from error
        return topics

    def path(self, value: str) -> Path:
        """A path from the file, made absolute from the config file's folder; `~` is the user's home."""
        try:
            return self.base / Path(value).expanduser()
        except RuntimeError:
            raise ConfigError(f"{value!r}: there is no such home folder: write the whole path") from None

    @property
    def database_url(self) -> str:
        """The database URL with an absolute path if it is a SQLite file."""
        scheme, _, rest = self.database.url.partition(":///")
        _, mark, options = rest.partition("?")
        file = self._database_file
        return f"{scheme}:///{file}{mark}{options}" if file else self.database.url

    @property
    def data_folder(self) -> Path:
        """Where the program keeps its own files: beside the SQLite file, else `data` beside the config."""
        file = self._database_file
        return file.parent if file else self.base / "data"

    @property
    def _database_file(self) -> Path | None:
        scheme, _, rest = self.database.url.partition(":///")
        file = rest.partition("?")[0]
        return self.path(file) if scheme.startswith("sqlite") and file not in {"", ":memory:"} else None

    @property
    def signing_domain(self) -> str:
        """The domain that signs what we send."""
        return self.dkim.domain or self.newsletter.sender.rpartition("@")[2]

    def catalogue(self) -> Catalogue:
        """The topics of the file, or the shipped ones where the file names none."""
        return _catalogue(self.topics or _shipped_topics())


@cache
def _schema() -> dict[str, Any]:
    return Config.model_json_schema()


def _catalogue(tables: tuple[TopicTable, ...]) -> Catalogue:
    return Catalogue([Topic(**table.model_dump()) for table in tables])


def _shipped_topics() -> tuple[TopicTable, ...]:
    # Not a whole Config: the environment belongs to the user's file, not to ours.
    return tuple(TopicTable.model_validate(table) for table in _read(shipped("config.toml"))["topics"])


def _read(path: Path) -> dict[str, Any]:
    try:
        # Some editors begin a file with a byte order mark; TOML has no place for one.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path.absolute()}: no such file: name one with --config or NEWSLETTER_CONFIG"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}: name a readable file") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: line {line} is not UTF-8: save the file in that encoding") from None
    except tomllib.TOMLDecodeError as error:
        cure = "mend that place: text stands in quotes, no key or section stands twice"
        raise ConfigError(f"{path}: not valid TOML: {error}: {cure}") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path}: not valid TOML: a number or a nesting is too long: shorten it") from None


def _unaligned(config: Config) -> str:
    """Why DMARC would not count our signatures for the From address (RFC 9989); empty if it would."""
    domain, sender = config.signing_domain, config.newsletter.sender.rpartition("@")[2]
    if domain == sender or ("." in domain and sender.endswith(f".{domain}")):
        return ""
    return (
        f"{domain!r} cannot be used: mails come from {config.newsletter.sender}, so DMARC wants "
        f"{sender} or a domain above it: write that, or leave it empty"
    )


def _checked(path: Path, table: dict[str, Any]) -> Config:
    environment = {name.upper(): value for name, value in os.environ.items()}
    origin = said.Origin(path, table, environment, _schema())
    if problems := said.unknown_variables(origin):
        raise ConfigError(said.summary(problems))
    problems = said.unknown_sections(origin)
    try:
        config = Config(**{name: value for name, value in table.items() if name in origin.sections})
    except ValidationError as error:
        problems += said.explain(error, origin)
    if not problems and (unaligned := _unaligned(config)):
        problems.append(f"{origin.place(('dkim', 'domain'))}: {unaligned}")
    if problems:
        raise ConfigError(said.summary(problems))
    # Not `resolve`: a mounted file is often a link into a folder that goes away with its next version.
    return config.model_copy(update={"base": path.absolute().parent})


def load(path: Path) -> Config:
    """Read and check a config file; ConfigError has one line with the place, the value and the cure."""
    return _checked(path, _read(path))

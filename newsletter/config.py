"""The configuration: config.toml and the environment become one frozen, validated `Config`.

Every key may be overridden by the environment: `smtp.password` by NEWSLETTER_SMTP__PASSWORD. Whatever cannot
be used raises one ConfigError, whose single line names the key, the value and the cure.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from newsletter import config_errors as check
from newsletter.errors import ConfigError
from newsletter.shipped import shipped
from subscribers.errors import InvalidPreference
from subscribers.topics import Catalogue, Topic

Address = Annotated[str, AfterValidator(check.address)]
Host = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(check.host)]
Title = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(check.one_line)]
# Lists in TOML become tuples, which strict models would refuse.
Texts = Annotated[tuple[str, ...], Field(strict=False)]


def _database_url(value: str) -> str:
    """A URL of a database that we know (https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls)."""
    scheme, separator, rest = value.partition("://")
    dialect = scheme.partition("+")[0]
    if not separator or dialect not in {"sqlite", "postgresql"}:
        raise ValueError('write "sqlite:///data/newsletter.db" or "postgresql://user@host/name"')
    if dialect == "sqlite" and rest and not rest.startswith("/"):
        raise ValueError("write three slashes before a relative SQLite file, four before an absolute one")
    return value


class Section(BaseModel):
    """One table of config.toml: frozen, no key but the ones named, no text in place of a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Newsletter(Section):
    """Who sends: shown in every message. `from` is a bare address; the title is its display name."""

    title: Title = "Trending Papers"
    url: Annotated[str, Field(max_length=200), AfterValidator(check.public_url)] = "http://localhost:8080"
    sender: Address = Field(default="papers@localhost.localdomain", alias="from")
    postal_address: str = Field(default="", max_length=300)


class Database(Section):
    """Where the data lives: SQLite by default; a relative file starts from the config file's folder."""

    url: Annotated[str, AfterValidator(_database_url)] = "sqlite:///data/newsletter.db"


class SourceTable(Section):
    """One upstream; which keys count depends on the kind (docs/configuration.md)."""

    name: Title
    kind: str
    path: str = ""
    url: Annotated[str, AfterValidator(check.url_or_none)] = ""
    categories: Texts = ()
    query: str = ""
    days: int = Field(default=3, ge=1, le=60)
    max_results: int = Field(default=200, ge=1, le=30_000)
    max_megabytes: float = Field(default=10, gt=0, le=200)


class TopicTable(Section):
    """One topic of the catalogue: words and phrases that tell of it, categories that hint at it."""

    name: str
    words: Texts
    categories: Texts = ()
    parent: str = ""


class Digest(Section):
    """What goes into a digest. `floor` is the least relevance (0 to 1) that is worth a reader's time."""

    size: int = Field(default=10, ge=1, le=50)
    window_days: int = Field(default=7, ge=1, le=60)
    floor: float = Field(default=0.2, ge=0, le=1)
    templates: str = ""
    budget_bytes: int = Field(default=90_000, ge=20_000, le=100_000)


class Schedule(Section):
    """When. A digest that is late by more than `catch_up_hours` is not sent any more."""

    catch_up_hours: int = Field(default=18, ge=1, le=47)


class Smtp(Section):
    """The mail server. Without a verified TLS no password is ever sent (RFC 8314)."""

    host: Host = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: str = ""
    timeout: float = Field(default=60, gt=0, le=900)

    @field_validator("security")
    @classmethod
    def _plain_on_loopback_alone(cls, security: str, before: ValidationInfo) -> str:
        host = before.data.get("host", "localhost")
        if security == "none" and not check.is_loopback(host):
            raise ValueError(f'it is for loopback, not for host {host!r}: use "starttls" or "tls"')
        return security

    @field_validator("password")
    @classmethod
    def _never_in_clear(cls, password: SecretStr, before: ValidationInfo) -> SecretStr:
        if password.get_secret_value() and before.data.get("security") == "none":
            raise ValueError('security = "none" would send it in clear: use "starttls" or "tls"')
        if password.get_secret_value() and not before.data.get("username", "?"):
            raise ValueError("it belongs to nobody: set smtp.username too, or take it away")
        return password


class Web(Section):
    """Where the web pages are served, and the secret behind signed links (made once when empty)."""

    host: Host = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    secret: SecretStr = SecretStr("")


class Delivery(Section):
    """How messages leave. `return_path` gets +token for each message; empty means the From address."""

    transport: Literal["smtp", "folder"] = "folder"
    folder: str = Field(default="outbox", min_length=1, max_length=1000)
    connections: int = Field(default=4, ge=1, le=64)
    on_unknown: Literal["resend", "hold"] = "resend"
    lease_seconds: int = Field(default=60, ge=5, le=3600)
    return_path: Annotated[str, AfterValidator(check.address_or_none)] = ""


class Config(BaseSettings):
    """The whole configuration. `base` is the folder of the config file: relative paths start there."""

    model_config = SettingsConfigDict(
        env_prefix=check.PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, strict=True
    )
    base: Path = Path()
    newsletter: Newsletter = Newsletter()
    database: Database = Database()
    sources: tuple[SourceTable, ...] = Field(default=(), strict=False)
    topics: tuple[TopicTable, ...] = Field(default=(), strict=False)
    digest: Digest = Digest()
    schedule: Schedule = Schedule()
    smtp: Smtp = Smtp()
    web: Web = Web()
    delivery: Delivery = Delivery()

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

    def catalogue(self) -> Catalogue:
        """The topics of the file, or the shipped ones where the file names none."""
        return _catalogue(self.topics or _shipped_topics())


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


def _checked(path: Path, table: dict[str, Any]) -> Config:
    environment = {name.upper(): value for name, value in os.environ.items()}
    origin = check.Origin(path, table, environment, Config.model_json_schema())
    if problems := check.unknown_variables(origin):
        raise ConfigError(check.summary(problems))
    problems = check.unknown_sections(origin)
    try:
        config = Config(**{name: value for name, value in table.items() if name in origin.sections})
    except ValidationError as error:
        problems += check.explain(error, origin)
    if problems:
        raise ConfigError(check.summary(problems))
    # Not `resolve`: a mounted file is often a link into a folder that goes away with its next version.
    return config.model_copy(update={"base": path.absolute().parent})


def load(path: Path) -> Config:
    """Read and check a config file; ConfigError has one line with the place, the value and the cure."""
    return _checked(path, _read(path))

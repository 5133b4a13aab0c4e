"""The configuration: config.toml and the environment become one frozen, validated `Config`.

Every key may be overridden by the environment: `smtp.password` by NEWSLETTER_SMTP__PASSWORD. An unknown
key, a wrong type or a missing file raises one ConfigError that names the key, the value and the cure.
"""

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from newsletter.config_errors import explain
from newsletter.errors import ConfigError
from newsletter.shipped import shipped
from subscribers.addresses import normalise
from subscribers.errors import SubscriberError
from subscribers.topics import Catalogue, Topic


def _address(value: str) -> str:
    try:
        return normalise(value)
    except SubscriberError as error:
        raise ValueError(str(error)) from error


Address = Annotated[str, AfterValidator(_address)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$")]


class Section(BaseModel):
    """One table of config.toml: frozen, and no key but the ones named."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Newsletter(Section):
    """Who sends: shown in every message. `from` is a bare address; the title is its display name."""

    title: str = Field(default="Trending Papers", min_length=1, max_length=100, pattern=r"^[^\r\n]*$")
    url: HttpUrl = "http://localhost:8080"
    sender: Address = Field(default="papers@localhost.localdomain", alias="from")
    postal_address: str = Field(default="", max_length=300)


class Database(Section):
    """Where the data lives: SQLite by default; a relative file starts from the config file's folder."""

    url: str = Field(default="sqlite:///data/newsletter.db", pattern=r"^(sqlite|postgresql)(\+\w+)?://")


class SourceTable(Section):
    """One upstream; which keys count depends on the kind (docs/configuration.md)."""

    name: str = Field(min_length=1, max_length=100)
    kind: str
    path: str = ""
    url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    categories: tuple[str, ...] = ()
    query: str = ""
    days: int = Field(default=3, ge=1, le=60)
    max_results: int = Field(default=200, ge=1, le=30_000)
    max_megabytes: float = Field(default=10, gt=0, le=200)


class TopicTable(Section):
    """One topic of the catalogue: words and phrases that tell of it, categories that hint at it."""

    name: str = Field(min_length=1, max_length=200)
    words: tuple[str, ...] = Field(min_length=1)
    categories: tuple[str, ...] = ()
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
    """The mail server. Without a verified TLS no password is ever sent."""

    host: str = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: str = ""
    timeout: float = Field(default=60, gt=0, le=900)

    @model_validator(mode="after")
    def _never_in_clear(self) -> Self:
        if self.security == "none" and self.password.get_secret_value():
            raise ValueError('security = "none" would send the password in clear: use "starttls" or "tls"')
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(f'security = "none" is for loopback, not for {self.host!r}: use "starttls" or "tls"')
        return self


class Web(Section):
    """Where the web pages are served, and the secret behind signed links (made once when empty)."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    secret: SecretStr = SecretStr("")


class Delivery(Section):
    """How messages leave. `return_path` gets +token for each message; empty means the From address."""

    transport: Literal["smtp", "folder"] = "folder"
    folder: str = "outbox"
    connections: int = Field(default=4, ge=1, le=64)
    on_unknown: Literal["resend", "hold"] = "resend"
    lease_seconds: int = Field(default=60, ge=5, le=3600)
    return_path: Address | Literal[""] = ""


class Config(BaseSettings):
    """The whole configuration. `base` is the folder of the config file: relative paths start there."""

    model_config = SettingsConfigDict(
        env_prefix="NEWSLETTER_", env_nested_delimiter="__", extra="forbid", frozen=True
    )
    base: Path
    newsletter: Newsletter = Newsletter()
    database: Database = Database()
    sources: tuple[SourceTable, ...] = ()
    topics: tuple[TopicTable, ...] = ()
    digest: Digest = Digest()
    schedule: Schedule = Schedule()
    smtp: Smtp = Smtp()
    web: Web = Web()
    delivery: Delivery = Delivery()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; dotenv and secret folders are not read."""
        del settings_cls
        return sources["env_settings"], sources["init_settings"]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [source.name for source in self.sources]
        if double := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two sources are called {', '.join(sorted(double))}: each needs its own name")
        return self

    def path(self, value: str) -> Path:
        """A path from the file, made absolute from the config file's folder."""
        return self.base / Path(value).expanduser()

    @property
    def database_url(self) -> str:
        """The database URL with an absolute path if it is a SQLite file."""
        scheme, _, rest = self.database.url.partition(":///")
        if not scheme.startswith("sqlite") or rest in {"", ":memory:"}:
            return self.database.url
        return f"{scheme}:///{self.path(rest)}"

    @property
    def data_folder(self) -> Path:
        """Where the program keeps its own files: beside the SQLite file, else `data` beside the config."""
        scheme, _, file = self.database_url.partition(":///")
        return Path(file).parent if scheme.startswith("sqlite") and file else self.base / "data"

    def catalogue(self) -> Catalogue:
        """The topics of the file, or the shipped ones where the file names none."""
        tables = self.topics or tuple(TopicTable(**table) for table in _read(shipped("config.toml"))["topics"])
        try:
            return Catalogue([Topic(**table.model_dump()) for table in tables])
        except SubscriberError as error:
            raise ConfigError(f"topics: {error}") from error


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses: the only places where plain text is no danger."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file: name one with --config or NEWSLETTER_CONFIG") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def load(path: Path) -> Config:
    """Read and check a config file; ConfigError has one line with the key, the value and the cure."""
    table = _read(path)
    if "base" in table:
        raise ConfigError(f"{path}: base: unknown key: remove it")
    try:
        return Config(base=path.resolve().parent, **table)
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, Config)}") from error

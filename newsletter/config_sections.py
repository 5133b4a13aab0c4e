"""The sections of config.toml: what each key is, what it may hold, and what it is when it is left out."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from newsletter import config_checks as check

Address = Annotated[str, AfterValidator(check.address)]
Host = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(check.host)]
Title = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(check.one_line)]
# Lists in TOML become tuples, which strict models would refuse.
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Rate = Annotated[str, AfterValidator(check.rate)]
Selector = Annotated[str, AfterValidator(check.selector_or_none)]
KeyFile = Annotated[str, Field(max_length=1000, validate_default=True)]


class Section(BaseModel):
    """One table of config.toml: frozen, no key but the ones named, no text in place of a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Newsletter(Section):
    """Who sends: shown in every message. `from` is a bare address; the title is its display name."""

    title: Title = "Trending Papers"
    url: Annotated[str, Field(max_length=200), AfterValidator(check.public_url)] = "http://localhost:8080"
    sender: Address = Field(default="papers@localhost.localdomain", alias="from")
    postal_address: str = Field(default="", max_length=300)
    language: str = Field(default="en", min_length=2, max_length=35)


class Database(Section):
    """Where the data lives: SQLite by default; a relative file starts from the config file's folder."""

    url: Annotated[str, AfterValidator(check.database_url)] = "sqlite:///data/newsletter.db"


class SourceTable(Section):
    """One upstream; which keys count depends on the kind (docs/configuration.md)."""

    name: Title
    kind: str
    path: str = ""
    url: Annotated[str, AfterValidator(check.url_or_none)] = ""
    categories: Texts = ()
    query: str = ""
    every_minutes: int = Field(default=0, ge=0, le=10_080)
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
    thumbnails: bool = False


class Theme(Section):
    """How mails and pages look: a theme by name, single values of one's own on top, and a logo.

    The logo is the address of a picture, which stands beside the newsletter's name in so many pixels.
    """

    name: str = Field(default="paper", min_length=1, max_length=40)
    logo: Annotated[str, AfterValidator(check.url_or_none)] = ""
    logo_width: int = Field(default=32, ge=8, le=300)
    logo_height: int = Field(default=32, ge=8, le=100)
    light: dict[str, str] = Field(default={})
    dark: dict[str, str] = Field(default={})
    font: dict[str, str] = Field(default={})
    shape: dict[str, str] = Field(default={})


class Ranking(Section):
    """What knows papers. `model`: "auto" (MiniLM where it is installed), "light", "minilm", "static", a folder."""

    model: str = Field(default="auto", min_length=1, max_length=1000)


class Schedule(Section):
    """When. A digest that is late by more than `catch_up_hours` is not sent any more.

    It waits `wait_minutes` for a source that is late. On `days_off` nobody gets one; on `announcement_holidays`
    arXiv announces nothing. Lines of the journal are kept for `keep_days`.
    """

    catch_up_hours: int = Field(default=18, ge=1, le=47)
    wait_minutes: int = Field(default=60, ge=0, le=720)
    tick_seconds: int = Field(default=30, ge=1, le=3600)
    first_digest: Literal["at once", "next"] = "at once"
    days_off: Annotated[Texts, AfterValidator(check.dates)] = ()
    announcement_holidays: Annotated[Texts, AfterValidator(check.dates)] = ()
    keep_days: int = Field(default=90, ge=7, le=3650)

    @field_validator("wait_minutes")
    @classmethod
    def _waits_in_time(cls, minutes: int, before: ValidationInfo) -> int:
        hours = before.data.get("catch_up_hours", 47)
        if minutes > hours * 30:
            raise ValueError(f"with catch_up_hours = {hours} digests would wait too long: at most {hours * 30}")
        return minutes


class Admin(Section):
    """Who runs it: gets alerts and, at `report_hour` in `timezone`, the daily report.

    `ping_url` is asked after ticks, for a monitor that tells when nobody asks it any more. `password_hash` is what
    `newsletter admin password` prints.
    """

    email: Annotated[str, AfterValidator(check.address_or_none)] = ""
    report: bool = True
    report_hour: int = Field(default=7, ge=0, le=23)
    timezone: Annotated[str, AfterValidator(check.zone)] = "UTC"
    ping_url: Annotated[str, AfterValidator(check.url_or_none)] = ""
    password_hash: Annotated[str, AfterValidator(check.password_hash_or_none)] = Field(
        default="", json_schema_extra={"writeOnly": True}
    )


class Gate(Section):
    """When an edition of a scheduled run is held for the admin to look at. 0 turns a rule off."""

    least_papers: int = Field(default=3, ge=0, le=1000)
    usual_papers: int = Field(default=5, ge=0, le=1000)
    same_share: float = Field(default=0.9, ge=0, le=1)
    from_readers: int = Field(default=50, ge=2, le=100_000)


class Log(Section):
    """How the log of long-running commands looks: lines for people, or JSON for a collector."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Smtp(Section):
    """The mail server. Without a verified TLS no password is ever sent (RFC 8314)."""

    host: Host = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: str = ""
    timeout: float = Field(default=60, gt=0, le=900)
    weight: float = Field(default=1, gt=0, le=1000)

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


class Dkim(Section):
    """Who signs: we with a key of our own, else the relay. Ed25519 is a second signature (RFC 6376, RFC 8463).

    An empty `domain` is that of `newsletter.from`; what else it may be is checked beside that.
    """

    selector: Selector = ""
    key_file: KeyFile = ""
    domain: Annotated[str, AfterValidator(check.domain_or_none)] = ""
    ed25519_selector: Selector = ""
    ed25519_key_file: KeyFile = ""

    @field_validator("ed25519_selector")
    @classmethod
    def _is_a_second_one(cls, selector: str, before: ValidationInfo) -> str:
        first = before.data.get("selector", "?")
        if selector and not first:
            raise ValueError("few receivers know Ed25519: set dkim.selector and dkim.key_file for RSA too")
        if selector and selector == first:
            raise ValueError("dkim.selector is the same: each key needs a name of its own")
        return selector

    @field_validator("key_file", "ed25519_key_file")
    @classmethod
    def _goes_with_its_selector(cls, file: str, before: ValidationInfo) -> str:
        name = str(before.field_name).replace("key_file", "selector")
        selector = before.data.get(name, file)
        if file and not selector:
            raise ValueError(f"nobody knows whose it is: set dkim.{name} too, or take it away")
        if selector and not file:
            raise ValueError(f'dkim.{name} needs one: write "data/dkim.pem" or so; `newsletter dkim new` makes it')
        return file


class Web(Section):
    """Where the web pages are served, and the secret behind signed links (made once when empty).

    `trusted_proxies` are addresses or networks whose X-Forwarded-For is believed; from others it is ignored.
    """

    host: Host = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    secret: SecretStr = SecretStr("")
    trusted_proxies: Annotated[Texts, AfterValidator(check.networks)] = ("127.0.0.1", "::1")
    templates: str = ""
    metrics_from: Annotated[Texts, AfterValidator(check.networks)] = ("127.0.0.1", "::1")


class Signup(Section):
    """Who may join through the web, and how often strangers may make us write a letter.

    Rates are like "20 per hour"; `refused_domains` is a file with one mail domain a line.
    """

    open: bool = True
    confirm_hours: int = Field(default=48, ge=1, le=72)
    cool_down_hours: float = Field(default=12, gt=0, le=168)
    keep_pending_days: int = Field(default=30, ge=3, le=365)
    minimum_seconds: float = Field(default=2, ge=0, le=60)
    per_client: Rate = "20 per hour"
    per_domain: Rate = "200 per hour"
    overall: Rate = "1000 per hour"
    refused_domains: str = ""


class Delivery(Section):
    """How messages leave. `return_path` gets +token for each message; empty means the From address."""

    transport: Literal["smtp", "folder"] = "folder"
    folder: str = Field(default="outbox", min_length=1, max_length=1000)
    connections: int = Field(default=4, ge=1, le=64)
    per_domain: int = Field(default=20, ge=1, le=1000)
    rate: Annotated[str, AfterValidator(check.rate_or_none)] = ""
    on_unknown: Literal["resend", "hold"] = "resend"
    lease_seconds: int = Field(default=60, ge=5, le=3600)
    return_path: Annotated[str, AfterValidator(check.address_or_none)] = ""

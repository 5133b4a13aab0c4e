"""From configuration to parts: sources, fetcher, taste, issue, transport. The only place that knows both."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from limits import parse
from sqlalchemy import Engine

from newsletter import __version__, embedding, gate, notices, tick, why
from newsletter.archive import Models
from newsletter.chooser import Taste
from newsletter.config import Config
from newsletter.due import Rules
from newsletter.edition import Imprint, Issue
from newsletter.errors import ConfigError, TemplateError
from newsletter.mail import Transport, admin_letter, dkim_key, letter
from newsletter.mail.admin_letter import AdminLetter
from newsletter.mail.dkim import Signer
from newsletter.mail.folder import Folder
from newsletter.mail.smtp import Relays, Settings, Smtp
from newsletter.mail.speech import ENGLISH, speech
from newsletter.mail.template import load_letter
from newsletter.mail.theme import OWN, Logo, Look, faults
from newsletter.pace import Limit
from newsletter.send import Policy
from newsletter.shipped import shipped
from newsletter.sources import Source, SourceSettings, load
from newsletter.sources.http import Fetcher
from newsletter.sources.limiter import Limiter
from newsletter.sources.upstream import calendar_of
from subscribers.letters import LetterKind
from subscribers.signup import Terms

LEAST_LEASE = 10  # seconds that a turn of the clock may be silent, however often it comes


def sources(config: Config, only: str = "") -> list[Source]:
    """The configured sources, or the one called `only`; ConfigError names one that is not there."""
    tables = [table for table in config.sources if only in {"", table.name}]
    if only and not tables:
        names = ", ".join(table.name for table in config.sources) or "none"
        raise ConfigError(f"--source: no source is called {only!r}: there are {names}")
    holidays = {"holidays": config.schedule.announcement_holidays}
    return [
        load(
            SourceSettings(
                **table.model_dump() | holidays | {"path": config.path(table.path) if table.path else None}
            )
        )
        for table in tables
    ]


def agent(config: Config) -> str:
    """How upstreams know us, as they ask: product, version, a contact."""
    return f"paper-newsletter/{__version__} (+{config.newsletter.url}; mailto:{config.newsletter.sender})"


def fetcher(config: Config) -> Fetcher:
    """The one fetcher that all sources share."""
    return Fetcher(agent(config), time.sleep, time.monotonic, Limiter(time.monotonic, time.sleep))


def taste(config: Config) -> Taste:
    """What all readers share when papers are chosen."""
    models = Models(embedding.installed(config.ranking.model, config.path))
    return Taste(config.catalogue(), timedelta(days=config.digest.window_days), config.digest.floor, models)


def issue(config: Config) -> Issue:
    """The compiled digest template, the user's own files first, with the newsletter's imprint."""
    return Issue(load_letter("digest", letter_folders(config), look=look(config)), imprint(config))


def letters(config: Config) -> Mapping[LetterKind, Issue]:
    """All other letters, compiled from the same folders and with the same imprint."""
    folders, shown, seen = letter_folders(config), imprint(config), look(config)
    return {kind: Issue(letter.load(kind, folders, seen), shown) for kind in LetterKind}


def look(config: Config) -> Look:
    """Theme, logo and language of the mails; ConfigError names the key, its value and the cure."""
    theme = config.theme
    own = {group: values for group in OWN if (values := getattr(theme, group))}
    for key, value, cure in faults(theme.name, own):
        raise ConfigError(f"theme.{key}: {value!r} cannot be used: {cure}")
    try:
        speech(config.newsletter.language)
    except TemplateError as error:
        raise ConfigError(f"newsletter.language: {error}") from error
    logo = Logo(theme.logo, theme.logo_width, theme.logo_height)
    return Look(theme.name, own, logo, config.newsletter.language)


def letter_folders(config: Config) -> list[Path]:
    """Where the templates of mails lie, the user's own first."""
    own = _own_templates(config, "digest.templates", config.digest.templates, "email")
    return [*own, shipped("templates") / "email"]


def imprint(config: Config) -> Imprint:
    """The newsletter's own words, as every message shows them."""
    return Imprint(
        title=config.newsletter.title,
        url=config.newsletter.url,
        sender=config.newsletter.sender,
        postal_address=config.newsletter.postal_address,
        return_path=config.delivery.return_path,
        budget_bytes=config.digest.budget_bytes,
        language=config.newsletter.language,
        thumbnails=config.digest.thumbnails,
    )


def _own_templates(config: Config, key: str, value: str, kind: str) -> list[Path]:
    """The user's folder of templates of this kind, if there is one; a mistyped one must not quietly mean ours."""
    if not value:
        return []
    folder = config.path(value) / kind
    ours = {path.name for path in (shipped("templates") / kind).iterdir()}
    if not folder.is_dir() or not ours & {path.name for path in folder.iterdir()}:
        raise ConfigError(f"{key}: {value!r} cannot be used: {folder} holds none of {', '.join(sorted(ours))}")
    return [folder]


def pages(config: Config) -> list[Path]:
    """Where the templates of pages lie, the user's own first."""
    return [*_own_templates(config, "web.templates", config.web.templates, "web"), shipped("templates") / "web"]


def rules(config: Config, *, judged: bool = False) -> Rules:
    """What decides about a digest besides papers; `judged` by the gate in runs that nobody watches."""
    return Rules(frozenset(config.schedule.days_off), judged)


def gate_rules(config: Config) -> gate.Rules:
    """When the gate holds an edition."""
    return gate.Rules(**config.gate.model_dump(), budget_bytes=config.digest.budget_bytes)


def admin(config: Config, keys: tuple[str, ...]) -> notices.Admin:
    """Who is told of trouble, and how."""
    folders, shown, seen = letter_folders(config), imprint(config), replace(look(config), language=ENGLISH)
    kinds = AdminLetter if config.admin.email else ()  # nobody to write to, nothing to compile
    return notices.Admin(
        email=config.admin.email,
        timezone=config.admin.timezone,
        report=config.admin.report,
        report_hour=config.admin.report_hour,
        issues={kind: Issue(admin_letter.load(kind, folders, seen), shown) for kind in kinds},
        keys=keys,
    )


def parts(config: Config, engine: Engine, keys: tuple[str, ...]) -> tick.Parts:
    """What a turn of the clock works with."""
    schedule = config.schedule
    return tick.Parts(
        engine=engine,
        keys=keys,
        owner=socket.gethostname()[:60],
        lease=timedelta(seconds=max(2 * schedule.tick_seconds, LEAST_LEASE)),
        sources=sources(config),
        fetcher=lambda: fetcher(config),
        taste=taste(config),
        issue=lambda: issue(config),
        window=window(config),
        wait=timedelta(minutes=schedule.wait_minutes),
        first=schedule.first_digest,
        days_off=frozenset(schedule.days_off),
        gate=gate_rules(config),
        admin=admin(config, keys),
        terms=terms(config),
        keep=timedelta(days=schedule.keep_days),
        seconds=time.monotonic,
    )


def window(config: Config) -> timedelta:
    """How late a digest may be."""
    return timedelta(hours=config.schedule.catch_up_hours)


def terms(config: Config) -> Terms:
    """How long confirmations are good for, and mailboxes are left in peace."""
    signup = config.signup
    return Terms(
        confirm_for=timedelta(hours=signup.confirm_hours),
        cool_down=timedelta(hours=signup.cool_down_hours),
        keep_pending=timedelta(days=signup.keep_pending_days),
    )


def transport(config: Config) -> Callable[[], Transport]:
    """What opens one way out, once for each connection."""
    if config.delivery.transport == "folder":
        folder = config.path(config.delivery.folder)
        return lambda: Folder(folder)
    relays = Relays(relay_settings(config), time.monotonic)
    return lambda: Smtp(relays, time.monotonic)


def relay_settings(config: Config) -> list[Settings]:
    """The mail servers that share the work: that of [smtp], and each of [[relays]]."""
    if config.smtp.username and not config.smtp.password.get_secret_value():
        raise ConfigError(
            "smtp.password: is missing beside smtp.username: set NEWSLETTER_SMTP__PASSWORD, where cron runs too"
        )
    for each in config.relays:
        if each.username and not each.password.get_secret_value():
            raise ConfigError(f"relays: {each.host} has a username and no password: write both, or neither")
    return [
        Settings(
            host=each.host,
            port=each.port,
            security=each.security,
            username=each.username,
            password=each.password.get_secret_value(),
            ca_file=config.path(each.ca_file) if each.ca_file else None,
            timeout=each.timeout,
            weight=each.weight,
        )
        for each in (config.smtp, *config.relays)
    ]


def policy(
    config: Config, keys: tuple[str, ...], moment: datetime, only: int | None = None, *, letters_only: bool = False
) -> Policy:
    """How this process sends; the owner names machine, process and start, so no two are ever the same."""
    delivery = config.delivery
    return Policy(
        owner=f"{socket.gethostname()[:20]}:{os.getpid()}:{moment:%H%M%S%f}",
        keys=keys,
        lease=timedelta(seconds=delivery.lease_seconds),
        on_unknown=delivery.on_unknown,
        connections=delivery.connections,
        only=only,
        letters_only=letters_only,
        per_domain=delivery.per_domain,
        signer=signer(config),
        pace=Limit(_interval(delivery.rate)) if delivery.rate else None,
    )


def _interval(rate: str) -> timedelta:
    """The time between two messages at a rate like "600 per hour"."""
    limit = parse(rate)
    return timedelta(seconds=limit.get_expiry() / limit.amount)


def why_rules(config: Config) -> why.Rules:
    """What the newsletter goes by when it tells why; without calendars while a source cannot be loaded."""
    schedule = config.schedule
    try:
        calendars = {source.name: calendar_of(source) for source in sources(config)}
    except ConfigError:  # a file was moved away: the fetch says so, and all else can still be told
        calendars = {}
    return why.Rules(
        late=window(config),
        taste=taste(config),
        first=schedule.first_digest,
        wait=timedelta(minutes=schedule.wait_minutes),
        calendars=calendars,
        days_off=frozenset(schedule.days_off),
    )


def signer(config: Config) -> Signer | None:
    """What signs our messages; None where no key is named, and the relay may. ConfigError for an unusable key."""
    named = config.dkim
    if not named.selector:
        return None
    keys = [dkim_key.load(config.path(named.key_file), named.selector, "rsa")]
    if named.ed25519_selector:
        keys.append(dkim_key.load(config.path(named.ed25519_key_file), named.ed25519_selector, "ed25519"))
    return Signer(config.signing_domain, keys)

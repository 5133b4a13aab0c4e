"""Checks of what was set up by hand: the configuration, the secret, the templates, who is told of trouble."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
from sqlmodel import Session, select

from newsletter import secret, wiring
from newsletter.config import Config
from newsletter.config_checks import is_loopback
from newsletter.config_sections import Newsletter
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok, warn
from newsletter.errors import ConfigError, TemplateError
from newsletter.models import Delivery
from subscribers.addresses import redacted_in
from subscribers.suppression import reason_for

OTHERS = 0o077  # the rights of everybody but the owner
LIFT = "newsletter subscribers suppress ADDRESS --lift, once mail to it works again; or change admin.email"
MAIL_ME = 'write your own address as admin.email, such as "you@example.org"'


def config(context: Context) -> list[Finding]:
    """Whether the configuration is fit for what it is set up to do; that it can be read is known by now."""
    return examined(context.config) or [ok("config", told(context.config))]


def examined(config: Config) -> list[Finding]:
    """What is wrong in a configuration that can be read."""
    newsletter, mails = config.newsletter, config.delivery.transport == "smtp"
    found = []
    if mails and newsletter.sender == Newsletter().sender:
        cure = "write your own address as newsletter.from"
        found.append(fail("config", f"the From address is still the placeholder {newsletter.sender}", cure))
    if mails and is_loopback(host_of(newsletter.url)):
        words = f"newsletter.url is {newsletter.url}, which readers cannot open"
        found.append(
            fail("config", words, "write the address that readers use, such as https://papers.example.org")
        )
    if mails and not newsletter.postal_address:
        cure = "write it as newsletter.postal_address: the law asks for it in many countries"
        found.append(warn("config", "no postal address stands in the mails", cure))
    return found


def told(config: Config) -> str:
    """A good configuration in a few words."""
    where = "a mail server" if config.delivery.transport == "smtp" else f"the folder {config.delivery.folder}"
    return f"{config.newsletter.title}, from {config.newsletter.sender}; mails go to {where}"


def host_of(url: str) -> str:
    """The host's name in a web address that the configuration has checked."""
    return urlsplit(url).hostname or ""


def admin(context: Context) -> list[Finding]:
    """Whether somebody is told of trouble."""
    address = context.config.admin.email
    if not address:
        return [warn("admin", "nobody is told when something goes wrong", MAIL_ME)]
    if reason := _suppressed(context, address):
        return [fail("admin", f"{address} gets nothing: the address must not be mailed ({reason})", LIFT)]
    report = "alerts and a daily report" if context.config.admin.report else "alerts"
    return [ok("admin", f"{address} gets {report}")]


def _suppressed(context: Context, address: str) -> str:
    if context.readable is None:
        return ""
    with Session(context.readable) as session:
        return redacted_in(reason_for(session, address) or "")


def signing_key(context: Context) -> list[Finding]:
    """Whether the secret is there, long enough, and for nobody else to read. It is never shown."""
    if context.config.web.secret.get_secret_value():
        return [_long_enough(context.config, "web.secret")]
    path = context.config.data_folder / "secret.key"
    if not path.exists():
        return [_missing(context, path)]
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        words = f"others on this machine may read {path} (mode {mode:04o}) and make links of any reader"
        return [fail("secret", words, f"chmod 600 {path}")]
    return [_long_enough(context.config, str(path))]


def _missing(context: Context, path: Path) -> Finding:
    if _anything_sent(context):
        cure = "put the copy back that you kept of it: without it the links in all mails so far are dead"
        return fail("secret", f"{path} is missing, yet mails went out", cure)
    return note("secret", f"{path} is not there yet: it is made when it is first needed")


def _long_enough(config: Config, place: str) -> Finding:
    try:
        found = secret.keys(config)
    except ConfigError as error:
        return fail(
            "secret", str(error), 'python3 -c "import secrets; print(secrets.token_urlsafe(32))" makes one'
        )
    more = f", and {len(found) - 1} older" if found[1:] else ""
    return ok("secret", f"{place}: a signing key of {len(found[0])} characters{more}")


def _anything_sent(context: Context) -> bool:
    if context.readable is None:
        return False
    with Session(context.readable) as session:
        return session.exec(select(Delivery.id).limit(1)).first() is not None


def templates(context: Context) -> list[Finding]:
    """Whether the topics, the mails and the pages can be used."""
    try:
        topics = len(context.config.catalogue().topics)
        letters = len([wiring.issue(context.config), *wiring.letters(context.config)])
        pages = _compiled(context.pages(wiring.pages(context.config)))
    except (ConfigError, TemplateError) as error:
        return [fail("templates", " ".join(str(error).split()), "mend that file, or take your folder away")]
    except jinja2.TemplateError as error:
        where = f"{getattr(error, 'filename', None) or getattr(error, 'name', '')}:{getattr(error, 'lineno', '')}"
        return [fail("templates", f"{where}: {error.message}", "mend that page, or take your own away")]
    return [ok("templates", f"{topics} topics, {letters} letters, {pages} pages")]


def _compiled(environment: jinja2.Environment) -> int:
    """How many pages there are; all of them are compiled."""
    names = environment.list_templates(extensions=["html", "css"])
    for name in names:
        environment.get_template(name)
    return len(names)

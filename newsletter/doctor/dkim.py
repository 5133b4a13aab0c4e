"""The check of DKIM: who signs our mails, and whether the DNS publishes the other half of our keys."""

from functools import partial

from newsletter import wiring
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok, warn
from newsletter.doctor.mail_domain import asked
from newsletter.doctor.names import Names
from newsletter.errors import ConfigError
from newsletter.mail import dkim_record
from newsletter.mail.dkim import Key
from newsletter.mail.dkim_record import Record

PUBLISH = "publish what newsletter dkim record prints"
OWN_KEY = "turn DKIM on there, or sign here: newsletter dkim new"


def check(context: Context) -> list[Finding]:
    """Whether our keys can be used, and the records of them; or who else has to sign."""
    try:
        signer = wiring.signer(context.config)
    except ConfigError as error:
        return [fail("dkim", str(error), "until then nothing can be sent")]
    if signer is None:
        return [_unsigned(context)]
    return [
        finding
        for key in signer.keys
        for finding in asked("dkim", partial(_published, signer.domain, key))(context)
    ]


def _unsigned(context: Context) -> Finding:
    config = context.config
    if not context.mails:
        return note("dkim", "mails become files, and nobody signs them", "for real mail: newsletter dkim new")
    hosts = " and ".join(dict.fromkeys(relay.host for relay in (config.smtp, *config.relays)))
    words = f"not signed by us, so {hosts} must sign for {config.signing_domain}: nobody can tell from here"
    return warn("dkim", words, OWN_KEY)


def _published(domain: str, key: Key, names: Names, context: Context) -> Finding:
    del context
    place = dkim_record.name(key.selector, domain)
    return judged(place, key, names.texts(place))


def judged(place: str, key: Key, texts: list[str]) -> Finding:
    """What to say of the records at the place where this key's should stand (RFC 6376 section 3.6.2.2)."""
    if not texts:
        return fail("dkim", f"{place} has no TXT record, so nobody can check our signatures", PUBLISH)
    if len(texts) > 1:
        return fail("dkim", f"{place} has {len(texts)} TXT records, and receivers take any", "leave one of them")
    try:
        return _compared(place, key, dkim_record.parse(texts[0]))
    except ValueError as error:
        return fail("dkim", f"{place}: {error}", PUBLISH)


def _compared(place: str, key: Key, found: Record) -> Finding:
    if not found.public:
        return fail("dkim", f"{place} says that the key is revoked (p= is empty)", PUBLISH)
    ours = dkim_record.public(key)
    if (found.kind, found.public) != (key.kind, ours):
        cut = found.kind == key.kind and ours.startswith(found.public)
        which = "only the beginning of the key" if cut else "another key than the one"
        return fail("dkim", f"{place} publishes {which} that signs", PUBLISH)
    if not found.signs_mail:
        return fail("dkim", f"{place} does not allow SHA-256 (h=) or mail (s=)", PUBLISH)
    if found.testing:
        return warn("dkim", f"{place} says t=y, so receivers treat our mails as unsigned", "take t=y out of it")
    return ok("dkim", f"{place} publishes the {described(key)} that signs")


def described(key: Key) -> str:
    """A key in a few words."""
    return f"RSA key of {key.bits} bits" if key.kind == "rsa" else "Ed25519 key"

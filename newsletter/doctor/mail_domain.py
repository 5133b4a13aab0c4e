"""Checks of what the DNS says of the domain that mails come from: SPF, DMARC, MX, and the relay's PTR."""

import ipaddress
from collections.abc import Callable

from newsletter.config_sections import Newsletter
from newsletter.doctor import spf
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok, warn
from newsletter.doctor.names import Names
from newsletter.errors import Unanswered
from newsletter.mail.words import counted

Check = Callable[[Context], list[Finding]]
Question = Callable[[Names, Context], Finding]
LOCAL = ("localhost", "localdomain", "local", "invalid", "internal")
POLICIES = ("none", "quarantine", "reject")
ASK = "ask your mail provider which SPF record it wants"


def asked(name: str, question: Question) -> Check:
    """A check that asks the DNS, where there is a real domain to ask about."""

    def check(context: Context) -> list[Finding]:
        domain = domain_of(context.config.newsletter.sender)
        if context.offline:
            return [note(name, "not asked, for --offline")]
        if domain.rpartition(".")[2] in LOCAL or context.config.newsletter.sender == Newsletter().sender:
            return [note(name, f"{domain} is no domain of the internet: nothing to ask")]
        try:
            return [question(_names(context), context)]
        except Unanswered as error:
            return [warn(name, str(error), "try again, or look at /etc/resolv.conf")]

    return check


def _names(context: Context) -> Names:
    return context.once("names", lambda: Names(context.resolver, context.patience))


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def sender_policy(names: Names, context: Context) -> Finding:
    """SPF of the domain that receivers look at: the return path's (RFC 7208 section 2.4)."""
    config = context.config
    domain = domain_of(config.delivery.return_path or config.newsletter.sender)
    return judged(domain, spf.read(names, domain))


def judged(domain: str, policy: spf.Policy) -> Finding:
    """What to say of an SPF policy."""
    if not policy.records:
        words = f"{domain} has no SPF record: receivers cannot tell our mails from forged ones"
        return fail("spf", words, f'add the TXT record "v=spf1 include:YOUR-RELAY -all" to {domain}: {ASK}')
    if len(policy.records) > 1:
        words = f"{domain} has {len(policy.records)} SPF records, so none counts"
        return fail("spf", words, "make one of them")
    words = f"{domain}: {policy.records[0][:200]} ({counted(policy.lookups, 'look-up')} of {spf.MOST_LOOKUPS})"
    if policy.lookups > spf.MOST_LOOKUPS or policy.problems:
        why = "; ".join(policy.problems) or f"it needs more than {spf.MOST_LOOKUPS} look-ups, so it does not count"
        return fail(
            "spf", f"{words}: {why}", "take out what sends no mail for you, or name networks with ip4: and ip6:"
        )
    if policy.ending == "+":
        return fail("spf", f"{words} lets everybody send", "let it end in -all")
    if policy.ending not in {"-", "~"} or policy.void > spf.MOST_VOID:
        why = (
            "does not end in -all or ~all" if policy.ending not in {"-", "~"} else "names hosts without addresses"
        )
        return warn("spf", f"{words} {why}", "let it end in -all, and take out what is not there")
    return ok("spf", words)


def published_policy(names: Names, context: Context) -> Finding:
    """DMARC of the From domain, or of a domain above it (RFC 7489 section 6.6.3)."""
    domain = domain_of(context.config.newsletter.sender)
    labels = domain.split(".")
    for above in (".".join(labels[start:]) for start in range(len(labels) - 1)):
        found = [text for text in names.texts(f"_dmarc.{above}") if text.lower().startswith("v=dmarc1")]
        if found:
            return published(above, found, domain, domain_of(context.config.delivery.return_path) or domain)
    words = f"{domain} has no DMARC record: large providers refuse newsletters without one"
    return fail("dmarc", words, f'add the TXT record "v=DMARC1; p=none; rua=mailto:YOU" to _dmarc.{domain}')


def published(above: str, found: list[str], domain: str, returns: str) -> Finding:
    """What to say of the DMARC records at this domain."""
    if len(found) > 1:
        return fail("dmarc", f"_dmarc.{above} has {len(found)} records, so none counts", "make one of them")
    tags = dict(tag.strip().split("=", 1) for tag in found[0].split(";") if "=" in tag)
    policy = {name.strip().lower(): value.strip() for name, value in tags.items()}.get("p", "").lower()
    words = f"_dmarc.{above}: {found[0][:200]}"
    if policy not in POLICIES:
        return fail("dmarc", f"{words} has no policy that counts", "write p=none, p=quarantine or p=reject")
    related = returns == domain or returns.endswith(f".{domain}") or domain.endswith(f".{returns}")
    if not related:
        cure = "let the relay sign with DKIM for the From domain, or set delivery.return_path to an address of it"
        return warn("dmarc", f"{words}; bounces go to {returns}, so SPF does not count for {domain}", cure)
    return ok("dmarc", words)


def mailboxes(names: Names, context: Context) -> Finding:
    """Whether replies and bounces arrive."""
    domain = domain_of(context.config.delivery.return_path or context.config.newsletter.sender)
    found = names.exchangers(domain)
    if found == [""]:
        return fail(
            "mx", f"{domain} says that it takes no mail", "give it an MX record: replies and bounces go there"
        )
    if not found:
        if names.addresses(domain):
            words = f"{domain} has no MX record: replies and bounces go to its web server"
            return warn("mx", words, "give it an MX record")
        return fail("mx", f"{domain} has no MX record: replies and bounces are lost", "give it an MX record")
    if not any(names.addresses(each) for each in found):
        return fail("mx", f"{domain}: {', '.join(found)} has no address", "mend the MX record")
    return ok("mx", f"{domain}: {', '.join(found[:3])}")


def sending_host(names: Names, context: Context) -> Finding:
    """Whether the relay's addresses have names that lead back to them, as receivers want it."""
    host = context.config.smtp.host
    if not context.mails:
        return note("ptr", "mails become files: there is no sending host")
    found = [host] if _is_address(host) else names.addresses(host)
    public = [each for each in found if ipaddress.ip_address(each).is_global]
    if not public:
        return note("ptr", f"{host} is not of the public internet: what sends from there cannot be told from here")
    if strangers := [each for each in public if not _confirmed(names, each)]:
        words = f"{host}: {', '.join(strangers)} has no name that leads back to it"
        return warn("ptr", words, "ask who runs it for a PTR record; a relay may send from other addresses")
    return ok("ptr", f"{host}: {', '.join(public[:3])} has a name that leads back to it")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _confirmed(names: Names, address: str) -> bool:
    return any(address in names.addresses(name) for name in names.names_of(address))

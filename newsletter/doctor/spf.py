"""SPF: who may send mail for a domain, and how many look-ups a receiver needs to know (RFC 7208)."""

import re
from dataclasses import dataclass, field

from newsletter.doctor.names import Names

MOST_LOOKUPS = 10  # section 4.6.4: with more the record counts as broken
MOST_VOID = 2
TERM = re.compile(r"([+?~-]?)([a-z0-9]+)(?:[:=](.+?))?(/\d+)?(//\d+)?", re.IGNORECASE)
COUNTED = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
KNOWN = COUNTED | {"all", "ip4", "ip6", "exp"}


@dataclass
class Policy:
    """What a domain's SPF says. `ending` is the qualifier of its "all" ("-", "~", "?", "+"), "" without one."""

    records: list[str] = field(default_factory=list)
    lookups: int = 0
    void: int = 0
    ending: str = ""
    problems: list[str] = field(default_factory=list)


def records(names: Names, domain: str) -> list[str]:
    """The SPF records among a domain's texts (section 4.5)."""
    return [text for text in names.texts(domain) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]


def read(names: Names, domain: str) -> Policy:
    """The policy of a domain with all that it includes; Unanswered when the DNS cannot tell."""
    policy = Policy(records(names, domain))
    if len(policy.records) == 1:
        policy.ending = _follow(names, domain, policy, (domain,))
    return policy


def _follow(names: Names, domain: str, policy: Policy, above: tuple[str, ...]) -> str:
    """Count one record's look-ups into `policy`; the qualifier of its "all", or of the record it redirects to."""
    found = records(names, domain)
    if len(found) != 1:
        policy.problems.append(f"{domain} has {'no' if not found else 'more than one'} SPF record")
        return ""
    ending, redirect = "", ""
    for word in found[0].split()[1:]:
        term = TERM.fullmatch(word)
        if term is None or (term[2].lower() not in KNOWN and "=" not in word):
            policy.problems.append(f"{domain} says {word[:60]!r}, which is no SPF term")
            continue
        name, value = term[2].lower(), term[3] or domain
        if name == "all":
            ending = ending or term[1] or "+"
        elif name == "redirect":
            redirect = value
        elif name in COUNTED:
            _look_up(names, name, value, policy, above)
    if redirect and not ending:
        policy.lookups += 1
        return _deeper(names, redirect, policy, above)
    return ending


def _look_up(names: Names, name: str, value: str, policy: Policy, above: tuple[str, ...]) -> None:
    policy.lookups += 1
    if name == "include":
        _deeper(names, value, policy, above)
    elif name in {"a", "mx"} and "%" not in value:
        found = names.exchangers(value) if name == "mx" else names.addresses(value)
        policy.void += not found


def _deeper(names: Names, domain: str, policy: Policy, above: tuple[str, ...]) -> str:
    if "%" in domain or policy.lookups > MOST_LOOKUPS:  # a macro is known for one mail only
        return ""
    if domain in above:
        policy.problems.append(f"{domain} includes itself")
        return ""
    return _follow(names, domain, policy, (*above, domain))

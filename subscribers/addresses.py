"""E-mail addresses: the form we store, the key we compare, the base we limit by, and what a log may show."""

import re
import unicodedata
from string import ascii_lowercase, ascii_uppercase

from email_validator import EmailNotValidError, validate_email

from subscribers.errors import InvalidPreference

# Names no public server answers to, yet a demo, a test or a lab's own server uses. The library refuses all
# but "test", so that one stands in for them while the rest of the address is checked.
_LOCAL_NAME = re.compile(r"(.*[.@])(localhost|local|invalid)", re.IGNORECASE | re.ASCII | re.DOTALL)
_STAND_IN = "test"
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"\\/]+@[\w.-]*\w")


def normalise(text: str) -> str:
    """The address as it is stored and mailed to.

    The domain is lower case with A-labels (RFC 5890); the local part stays as typed (RFC 5321 section 2.4),
    in NFC (RFC 6532 section 3.1), and may hold UTF-8 (RFC 6531). Nothing is looked up in the DNS.
    InvalidPreference for anything else: a display name, quotes, an IP address, a control character.
    """
    typed = text.strip()
    local_name = _LOCAL_NAME.fullmatch(typed)
    try:
        found = validate_email(
            local_name[1] + _STAND_IN if local_name else typed,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError as error:
        cure = f"{str(error).rstrip('.')}: give one plain address, such as ada@example.org"
        raise InvalidPreference("email", typed, cure) from error
    domain = str(found.ascii_domain)
    if local_name:
        domain = domain.removesuffix(_STAND_IN) + local_name[2].lower()
    return f"{found.local_part}@{domain}"


def identity(email: str) -> str:
    """The key two spellings of one reader's address share; `email` is a normalised address.

    Lower case, not `casefold`: that would make "ß" and "ss" one, and two people's mailboxes with them.
    """
    return unicodedata.normalize("NFC", email.lower())


def lookup_keys(email: str) -> frozenset[str]:
    """What SQL's `lower()` may make of a stored spelling of this address.

    SQLite lowers ASCII alone, PostgreSQL as its locale says; so whoever looks up by these compares
    `identity` afterwards. One key for an ASCII address, up to three for others.
    """
    spellings = (identity(email), email, email.upper())
    return frozenset(spelling.translate(_ASCII_LOWER) for spelling in spellings)


def base(email: str) -> str:
    """The mailbox behind an address, to limit and suppress by: no +tag, no dots where Gmail ignores them."""
    local, _, domain = identity(email).rpartition("@")
    mailbox = local.partition("+")[0] or local
    if domain in _GMAIL:
        return f"{mailbox.replace('.', '')}@gmail.com"
    return f"{mailbox}@{domain}"


def redacted(email: str) -> str:
    """Enough for a log to find a case by, too little to write to: "a…@example.org"."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}…{at}{domain}" if at else "…"


def redacted_in(text: str) -> str:
    """The text with every address in it redacted: mail servers and file names repeat the reader's."""
    return _ADDRESS.sub(lambda match: redacted(match[0]), text)

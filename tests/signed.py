"""Keys to sign with in tests, made once, and dkimpy as the judge of what was signed with them."""

from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from newsletter.mail import dkim_record
from newsletter.mail.dkim import Key, Signer

# It refuses signatures of the future: tests send on days of their own, whatever this machine's clock says.
dkim.time = SimpleNamespace(time=lambda: datetime(2200, 1, 1, tzinfo=UTC).timestamp())
DOMAIN = "example.org"
AT = datetime(2025, 12, 5, 7, tzinfo=UTC)


@cache
def rsa(bits=2048):
    return Key("one", generate_private_key(65537, bits))


@cache
def ed25519():
    return Key("two", Ed25519PrivateKey.generate())


def both(domain=DOMAIN):
    """A signer that puts two signatures on each message."""
    return Signer(domain, [rsa(), ed25519()])


def parted(message):
    """The fields of a message as a signer takes them, and its body."""
    head, _, body = message.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b"\r\n\0 ").replace(b"\r\n\t", b"\r\n\0\t").split(b"\r\n")
    fields = []
    for line in lines:
        if line.startswith(b"\0"):
            fields[-1] += b"\r\n" + line[1:]
        else:
            fields.append(line)
    return [(name, value.removeprefix(b" ")) for name, _, value in (line.partition(b":") for line in fields)], body


def joined(fields, body):
    return b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n" + body


def signed(message, signer=None, at=AT):
    """The message with its signatures in front."""
    return (signer or both()).sign(*parted(message), at) + message


def verdicts(message, domain=DOMAIN, keys=None):
    """For each signature of a message whether dkimpy finds it good."""
    texts = {
        f"{dkim_record.name(key.selector, domain)}.": dkim_record.value(key) for key in keys or (rsa(), ed25519())
    }
    judge = dkim.DKIM(message, minkey=2048)
    count = sum(name.lower() == b"dkim-signature" for name, _ in judge.headers)
    return [_good(message, number, texts) for number in range(count)]


def _good(message, number, texts):
    def published(name, timeout=5):
        return texts.get(name.decode(), "").encode()

    try:
        return bool(dkim.DKIM(message, minkey=2048).verify(number, dnsfunc=published))
    except dkim.DKIMException:
        return False

"""What the DNS says of a DKIM key: the TXT record to publish, and the reading of one that is published."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.mail.dkim import Key

LONGEST_STRING = 255  # RFC 1035 section 3.3: a text is one or more strings of so many bytes
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Record:
    """A published key (RFC 6376 section 3.6.1). `public` is empty for one that was revoked; `testing` is t=y.

    `hashes` and `services` are what it may be used with; empty means all.
    """

    kind: str
    public: bytes
    testing: bool = False
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @property
    def signs_mail(self) -> bool:
        """Whether it counts for a signature with SHA-256 on a mail."""
        services = not self.services or bool({"*", "email"} & set(self.services))
        return services and (not self.hashes or "sha256" in self.hashes)


def name(selector: str, domain: str) -> str:
    """Where the record of a key stands (section 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def public(key: Key) -> bytes:
    """The public half as p= has it: a SubjectPublicKeyInfo for RSA, the bare 32 bytes for Ed25519 (RFC 8463)."""
    half = key.private.public_key()
    if isinstance(half, RSAPublicKey):
        return half.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return half.public_bytes_raw()


def value(key: Key) -> str:
    """The text to publish."""
    return f"v=DKIM1; k={key.kind}; p={b64encode(public(key)).decode()}"


def strings(text: str) -> list[str]:
    """The text in strings as short as a zone file needs them; receivers join them again without a blank."""
    return [text[start : start + LONGEST_STRING] for start in range(0, len(text), LONGEST_STRING)]


def parse(text: str) -> Record:
    """Read a published text; ValueError says in words what is wrong with it."""
    tags = _tags(text)
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        raise ValueError("it must begin with v=DKIM1")
    if "p" not in tags:
        raise ValueError("it has no p=, which holds the key")
    try:
        found = b64decode("".join(tags["p"].split()), validate=True)
    except (Error, ValueError):
        raise ValueError("its p= is no base64: it was cut off, or holds quotes or backslashes") from None
    return Record(
        kind=tags.get("k", "rsa"),
        public=found,
        testing="y" in _listed(tags, "t"),
        hashes=_listed(tags, "h"),
        services=_listed(tags, "s"),
    )


def _tags(text: str) -> dict[str, str]:
    """The tags of a tag-list (section 3.2), in their order."""
    tags: dict[str, str] = {}
    for part in text.strip().removesuffix(";").split(";"):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not NAME.fullmatch(name):
            raise ValueError(f"{part.strip()[:40]!r} is no tag such as k=rsa")
        if name in tags:
            raise ValueError(f"it has {name}= twice")
        tags[name] = value
    return tags


def _listed(tags: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in tags.get(name, "").split(":") if word.strip())

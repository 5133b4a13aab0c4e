"""DKIM: signs a finished message, so that receivers can tell it from a forged one (RFC 6376, RFC 8463).

Header and body are signed in relaxed form, and the same message always gets the same signature. Names that matter
are signed once more than they occur, so that nobody can add a second Subject on the way (RFC 6376 section 8.15).
There is no l= (anybody could append) and no x= (a mail is read whenever it is read). Sections without a name are
those of RFC 6376.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

# Signed once more than they occur: none can be added, and none of ours taken away or changed.
SEALED = (
    *(b"from", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id"),
    *(b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"list-help", b"list-archive"),
    *(b"list-owner", b"list-post", b"list-subscribe"),
    *(b"mime-version", b"content-type"),
)
# What servers on the way add, replace or take out (RFC 6376 section 5.4.1).
LEFT_OUT = frozenset({b"return-path", b"received", b"bcc", b"comments", b"keywords", b"dkim-signature"})
LINE = 78  # RFC 5322 section 2.1.1; only a domain that is longer makes a line longer
BASE64_LINE, BASE64_HASH = 72, 44
BLANK, RETURN = ord(" "), ord("\r")
BLANKS = re.compile(rb"[ \t]+")
BLANKS_AT_END = re.compile(rb" (?=\r\n|\Z)")
LINES_AT_END = re.compile(rb"(?:\r\n)+\Z")
_PADDING, _HASH = PKCS1v15(), SHA256()

PrivateKey = RSAPrivateKey | Ed25519PrivateKey
Field = tuple[bytes, bytes]


@dataclass(frozen=True)
class Key:
    """A private key, and the selector under which the DNS publishes its other half (RFC 6376 section 3.1)."""

    selector: str
    private: PrivateKey

    @property
    def kind(self) -> str:
        """What the published record calls it: "rsa" or "ed25519"."""
        return "rsa" if isinstance(self.private, RSAPrivateKey) else "ed25519"

    @property
    def bits(self) -> int:
        """The size of the key: 2048 or more for RSA, 256 for Ed25519."""
        return self.private.key_size if isinstance(self.private, RSAPrivateKey) else 256

    def sign(self, data: bytes) -> bytes:
        """The signature of this text. Ed25519 signs its SHA-256 (RFC 8463 section 3)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(data, _PADDING, _HASH)
        return self.private.sign(sha256(data).digest())


class _Plan(NamedTuple):
    """What messages with the same names of fields share.

    `fields` are the places of the signed ones with their canonical names; `texts` is for each key its tags, as
    they stand on the wire and in canonical form: %-templates of the time and the body's hash.
    """

    fields: tuple[tuple[int, bytes], ...]
    texts: tuple[tuple[Key, bytes, bytes], ...]


class Signer:
    """Signs for one domain (`d=`, in A-labels) with each of the keys; safe to use from several threads."""

    def __init__(self, domain: str, keys: Sequence[Key]) -> None:
        """Take the keys in the order of their signatures: RSA, which every receiver knows, comes first."""
        self.domain, self.keys = domain, tuple(keys)
        self._plans: dict[tuple[bytes, ...], _Plan] = {}

    def sign(self, fields: Sequence[Field], body: bytes, at: datetime) -> bytes:
        """The DKIM-Signature fields of a message, each ending in CRLF; they go before the others.

        `fields` are (name, value as on the wire, folds included, without the last CRLF), in order; `body` has CRLF
        line ends. `at` (aware) becomes t=. The same arguments give the same bytes.
        """
        names = tuple([name for name, _ in fields])
        plan = self._plans.get(names) or self._planned(names)
        relaxed = relaxed_values([value for _, value in fields])
        signed = b"".join([name + relaxed[place] + b"\r\n" for place, name in plan.fields])
        values = int(at.timestamp()), b64encode(sha256(relaxed_body(body)).digest())
        return b"".join([_signature(key, signed, wire, text, values) for key, wire, text in plan.texts])

    def _planned(self, names: tuple[bytes, ...]) -> _Plan:
        chosen = list(_chosen([name.lower() for name in names]))
        signed = [name for name, _ in chosen]
        texts = [(key, folded(_tags(self.domain, key, signed))) for key in self.keys]
        plan = _Plan(
            fields=tuple((place, name + b":") for name, place in chosen if place is not None),
            texts=tuple((key, wire, wire.replace(b"\r\n", b"")) for key, wire in texts),
        )
        self._plans[names] = plan
        return plan


def _signature(key: Key, signed: bytes, wire: bytes, text: bytes, values: tuple[int, bytes]) -> bytes:
    value = b64encode(key.sign(signed + b"dkim-signature:" + text % values))
    lines = [b"\r\n " + value[start : start + BASE64_LINE] for start in range(0, len(value), BASE64_LINE)]
    return b"DKIM-Signature: " + wire % values + b"".join(lines) + b"\r\n"


def _chosen(names: Sequence[bytes]) -> Iterator[tuple[bytes, int | None]]:
    """Each name that h= lists, with the place of its field: of several the last one first (section 5.4.2).

    None stands for a field that is not there: the entry forbids to add one.
    """
    for name in dict.fromkeys((*SEALED, *names)):
        if name not in LEFT_OUT:
            yield from ((name, place) for place in reversed(range(len(names))) if names[place] == name)
            if name in SEALED:
                yield name, None


def _tags(domain: str, key: Key, signed: Sequence[bytes]) -> Iterator[tuple[bytes, int]]:
    """The tags as words between which a line may break, each with its width once its values are in."""
    listed = [*(name + b":" for name in signed[:-1]), signed[-1] + b"; "]
    texts = [
        *(b"v=1; ", b"a=%s-sha256; " % key.kind.encode(), b"c=relaxed/relaxed; "),
        *(b"d=%s; " % domain.encode(), b"s=%s; " % key.selector.encode()),
    ]
    yield from ((text, len(text)) for text in texts)
    yield b"t=%d; ", len("t=1234567890; ")
    yield b"h=", len("h=")
    yield from ((text.replace(b"%", b"%%"), len(text)) for text in listed)
    yield b"bh=%s; ", len("bh=; ") + BASE64_HASH
    yield b"b=", len("b=")


def folded(words: Iterable[tuple[bytes, int]]) -> bytes:
    """The words behind the field's name, with a fold where a line would be too long."""
    lines, at = [b""], len("DKIM-Signature: ")
    for word, width in words:
        if at + width > LINE:
            lines[-1] = lines[-1].rstrip(b" ")
            lines.append(b" ")
            at = 1
        lines[-1] += word
        at += width
    return b"\r\n".join(lines)


def relaxed_values(values: Sequence[bytes]) -> list[bytes]:
    """Values of fields unfolded, with one blank for each run of them and none at their ends (section 3.4.2)."""
    whole = b"".join(values)
    if b"\x0b" in whole or b"\x0c" in whole:  # split() takes these for blanks, RFC 6376 does not
        return [BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ") for value in values]
    return [b" ".join(value.split()) for value in values]


def relaxed_body(body: bytes) -> bytes:
    """The body with one blank for each run, none at line ends, no empty lines at the end (section 3.4.4)."""
    if _is_relaxed(body):
        return body
    lines = BLANKS_AT_END.sub(b"", BLANKS.sub(b" ", body))
    kept = LINES_AT_END.sub(b"", lines)
    return kept + b"\r\n" if kept else b""


def _is_relaxed(body: bytes) -> bool:
    """True only for a body that is its own canonical form, as ours are.

    numpy, because bytes.find looks for two blanks in text ten times slower: longer than the hash takes.
    """
    if not body.endswith(b"\r\n") or body.endswith(b"\r\n\r\n") or body == b"\r\n" or b"\t" in body:
        return False
    letters = np.frombuffer(body, np.uint8)
    blank = letters == BLANK
    wrong = letters[1:] == RETURN
    wrong |= blank[1:]
    wrong &= blank[:-1]
    return not wrong.any()

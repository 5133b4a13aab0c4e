"""Proof that nobody is measured sending rubbish: what each way sends is counted, read, and verified by dkimpy."""

import base64
import email
from collections.abc import Sequence
from email import policy
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization

from benchmarks.sending import children
from benchmarks.sending.children import Trouble
from benchmarks.sending.ways import Bench, Way

KEPT = 20


def proven(bench: Bench, way: Way, count: int = KEPT) -> list[bytes]:
    """So many messages that this way sent and our own sink took; Trouble says what is wrong with them."""
    kept = bench.scratch / "kept"
    kept.mkdir()
    try:
        with children.own_sink(kept, count) as sink:
            way.send(bench, sink.port, count)
        messages = [path.read_bytes() for path in sorted(kept.iterdir())]
    finally:
        for path in kept.iterdir():
            path.unlink()
        kept.rmdir()
    if sink.received["messages"] != count:
        raise Trouble(f"{way.label}: {count} sent, {sink.received['messages']:.0f} received")
    published = record(bench.key) if way.signed else b""
    if not way.filler and (wrong := doubts(messages, published, personal=way.personal)):
        raise Trouble(f"{way.label}: {wrong}")
    return messages


def doubts(messages: Sequence[bytes], published: bytes, *, personal: bool) -> str:
    """What is wrong with these messages, "" when nothing is; with no published key they need no signature."""
    if published and not all(verified(each, published) for each in messages):
        return "a signature does not verify"
    read = [_parts(each) for each in messages]
    if not all(kinds == ["text/plain", "text/html"] for kinds, _ in read):
        return "a message has not the two parts"
    if personal and len({html for _, html in read}) < len(messages):
        return "two readers got the same words"
    return ""


def verified(message: bytes, published: bytes) -> bool:
    """What dkimpy says of a message, with this record in the DNS."""
    return bool(dkim.verify(message, dnsfunc=lambda *_, **__: published))


def record(key: Path) -> bytes:
    """The TXT record of a private key (RFC 6376 section 3.6.1)."""
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    kind = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(private.public_key().public_bytes(*kind))


def _parts(message: bytes) -> tuple[list[str], str]:
    """The kinds of the parts, and the HTML."""
    parsed = email.message_from_bytes(message, policy=policy.default)
    html = parsed.get_body(("html",))
    return [part.get_content_type() for part in parsed.iter_parts()], html.get_content() if html else ""

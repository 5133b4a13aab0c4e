"""A message in files, and what is worth knowing of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsletter.mail import Envelope


def described(envelope: "Envelope") -> dict[str, Any]:
    """What is worth knowing of a message."""
    from email import message_from_bytes, policy

    from newsletter.mail.message import readable

    text, html = readable(envelope.content)
    subject = str(message_from_bytes(envelope.content, policy=policy.default)["Subject"])
    return {
        "reader": envelope.recipient,
        "subject": subject,
        "message_id": envelope.message_id,
        "bytes": len(envelope.content),
        "html_bytes": len(html.encode()),
        "text_bytes": len(text.encode()),
    }


def write(envelope: "Envelope", folder: Path, name: str = "digest") -> list[str]:
    """Write NAME.eml, .html and .txt into the folder; their paths."""
    from newsletter.mail.message import readable

    text, html = readable(envelope.content)
    folder.mkdir(parents=True, exist_ok=True)
    files = {".eml": envelope.content, ".html": html.encode(), ".txt": text.encode()}
    for suffix, content in files.items():
        (folder / f"{name}{suffix}").write_bytes(content)
    return [str(folder / f"{name}{suffix}") for suffix in files]

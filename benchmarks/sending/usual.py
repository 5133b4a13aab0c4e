"""What people use: Jinja for each reader, EmailMessage, dkimpy and smtplib.

`python -m benchmarks.sending.usual FOLDER PORT COUNT KEY` sends to the first readers of a planned folder. The
connection is kept, the templates are compiled, and their values are ready before the time counts.
"""

import smtplib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import dkim
import jinja2

from benchmarks.sending import folder
from benchmarks.sending.usage import measured, tell
from benchmarks.sending.words import Given, given, issue
from newsletter.cli.start import Started, start
from newsletter.mail import template

SENDER = f"papers@{folder.DOMAIN}"
LIST = {
    "List-Id": f"Trending Papers <digest.{SENDER.replace('@', '.')}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-Help": f"<https://{folder.DOMAIN}/>",
    "List-Archive": f"<https://{folder.DOMAIN}/archive>",
    "List-Owner": f"<mailto:{SENDER}>",
    "List-Post": "NO",
    "Auto-Submitted": "auto-generated",
    "Precedence": "bulk",
}
SIGNED = [
    *(b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"),
    *(b"list-id", b"list-unsubscribe", b"list-unsubscribe-post"),
]


@dataclass(frozen=True)
class Letter:
    """The product's own compiled letter, as Jinja takes it."""

    subject: jinja2.Template
    text: jinja2.Template
    html: jinja2.Template


def letter(started: Started) -> Letter:
    compiled = issue(started).letter
    return Letter(
        template.TEXT.from_string(compiled.subject),
        template.TEXT.from_string(compiled.text),
        template.HTML.from_string(compiled.html),
    )


def message(compiled: Letter, each: Given) -> bytes:
    """One reader's message, unsigned."""
    mail = EmailMessage(policy=SMTP)
    mail["Date"] = format_datetime(each.date)
    mail["From"] = f"Trending Papers <{SENDER}>"
    mail["To"] = f'"{each.name}" <{each.email}>' if each.name else each.email
    mail["Message-ID"] = each.message_id
    mail["Subject"] = compiled.subject.render(each.values).strip()
    for name, value in LIST.items():
        mail[name] = value
    mail["List-Unsubscribe"] = f"<{each.unsubscribe}>"
    mail["Feedback-ID"] = f"{each.period}:digest:list:newsexampleorg"
    mail.set_content(compiled.text.render(each.values), cte="quoted-printable")
    mail.add_alternative(compiled.html.render(each.values), subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def work(compiled: Letter, digests: Sequence[Given], port: int, key: bytes) -> int:
    """Send them all; smtplib raises where the server refuses."""
    server = smtplib.SMTP("127.0.0.1", port)
    for each in digests:
        raw = message(compiled, each)
        signature = dkim.sign(
            raw, folder.SELECTOR.encode(), folder.DOMAIN.encode(), key, include_headers=list(SIGNED)
        )
        server.sendmail(SENDER, [each.email], signature + raw)
    server.quit()
    return len(digests)


def main() -> None:
    """Send to the first so many readers of this folder, and say what it took."""
    place, port, count, key = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    started = start(place / "config.toml")
    compiled, digests = letter(started), given(started, count)
    started.engine.dispose()
    message(compiled, digests[0])  # nobody pays for what Python does at the first time
    tell(measured(lambda: work(compiled, digests, port, key.read_bytes())))


if __name__ == "__main__":
    main()

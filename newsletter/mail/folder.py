"""The folder transport: every message a file, for trying out, for previews and for a second mailer to pick up."""

import hashlib
import os
import re
from pathlib import Path
from typing import Self

from newsletter.mail import Envelope, Feed, Outcome, Phase, Verdict, one_by_one

UNSAFE = re.compile(r"[^\w.+@-]", re.ASCII)
LONGEST_NAME = 100  # of the 255 bytes that file systems take


class Folder:
    """Writes NAME.eml into a folder. A resend has the same name, so nothing is ever there twice."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when the first message comes."""
        self.folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return

    def drain(self, feed: Feed) -> None:
        """One file after another."""
        one_by_one(feed, self.send)

    def send(self, envelope: Envelope) -> Outcome:
        """Write beside, then rename: a reader of the folder never sees half a message."""
        target = self.folder / file_name(envelope)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(target, envelope.content)
        except OSError as error:
            reason = f"{target}: cannot be written: {error.strerror}: mend the folder or its rights"
            return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, reason)
        return Outcome(Verdict.SENT, Phase.REPLIED, f"written to {target}")

    def refuse(self) -> bool:
        """Nothing waits for a server here."""
        return False

    def abort(self) -> None:
        """Nor is there anything to cut off."""


def file_name(envelope: Envelope) -> str:
    """Named after the reader and the message, safe on every file system; other pairs have other names."""
    pair = f"{envelope.recipient}\n{envelope.message_id}".encode("utf-8", "surrogatepass")
    reader = UNSAFE.sub("_", envelope.recipient).lstrip(".-")[:LONGEST_NAME]
    return f"{reader}-{hashlib.sha256(pair).hexdigest()[:10]}.eml"


def _replace(target: Path, content: bytes) -> None:
    beside = target.with_suffix(".part")
    try:
        beside.write_bytes(content)
        os.replace(beside, target)  # noqa: PTH105 - atomic on every system, unlike Path.rename on Windows
    except OSError:
        beside.unlink(missing_ok=True)
        raise

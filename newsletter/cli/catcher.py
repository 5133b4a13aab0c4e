"""The demo's mail server: a real SMTP server on a free loopback port that keeps what it is given."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Caught:
    """Where the server listens, and each message it took: (recipient, bytes)."""

    port: int
    messages: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the message, and say so."""
        del server, session
        content = envelope.original_content or b""
        self.messages += [(recipient, content) for recipient in envelope.rcpt_tos]
        return "250 2.0.0 caught"


@contextmanager
def catcher() -> Iterator[Caught]:
    """Run the server for the length of a `with` block."""
    caught = Caught(_free_port())
    controller = Controller(caught, hostname="127.0.0.1", port=caught.port, ready_timeout=20)
    controller.start()
    try:
        yield caught
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

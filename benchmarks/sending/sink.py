"""A receiver that accepts everything, looks for the end of the data alone, and counts.

`python -m benchmarks.sending.sink [FOLDER MOST]` prints its port, and when its standard input ends what it
received: messages, bytes, and the mean seconds from one final dot to the next. It costs less than Postfix's
smtp-sink: rates at the two are never to be compared.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

GREETING = b"220 sink ESMTP\r\n"
EHLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 SMTPUTF8\r\n"
REPLIES = {b"EHLO": EHLO, b"QUIT": b"221 2.0.0 bye\r\n"}
END = b"\r\n.\r\n"


class Dialogue:
    """The server's side of one connection: bytes in, replies out, however they are cut (RFC 2920)."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        """`take` gets each message, still dot-stuffed."""
        self._take, self._buffer = take, bytearray()
        self._in_data, self._seen = False, 0

    def feed(self, data: bytes) -> bytes:
        """All the replies that are due after these bytes."""
        self._buffer += data
        replies = []
        while (reply := self._content() if self._in_data else self._command()) is not None:
            replies.append(reply)
        return b"".join(replies)

    def _command(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return None
        word = bytes(self._buffer[: min(end, 4)]).upper()
        if word == b"DATA":  # its line end stays: a dot right behind it ends an empty message
            del self._buffer[:end]
            self._in_data, self._seen = True, 0
            return b"354 go\r\n"
        del self._buffer[: end + 2]
        return REPLIES.get(word, b"250 2.0.0 Ok\r\n")

    def _content(self) -> bytes | None:
        end = self._buffer.find(END, max(0, self._seen - len(END) + 1))
        if end < 0:
            self._seen = len(self._buffer)
            return None
        self._take(bytes(self._buffer[2 : end + 2]))
        del self._buffer[: end + len(END)]
        self._in_data = False
        return b"250 2.0.0 Ok\r\n"


class Tally:
    """What was received over all connections; the first `most` messages are kept in a folder."""

    def __init__(self, clock: Callable[[], float], folder: Path | None = None, most: int = 0) -> None:
        self._clock, self._folder, self._most = clock, folder, most
        self.messages = self.bytes = 0
        self._first = self._last = 0.0

    def take(self, content: bytes) -> None:
        self._last = self._clock()
        if not self.messages:
            self._first = self._last
        if self._folder and self.messages < self._most:
            (self._folder / f"{self.messages:04}.eml").write_bytes(unstuffed(content))
        self.messages += 1
        self.bytes += len(content)

    def told(self) -> dict[str, float]:
        gap = (self._last - self._first) / (self.messages - 1) if self.messages > 1 else 0.0
        return {"messages": self.messages, "bytes": self.bytes, "gap": gap}


def unstuffed(content: bytes) -> bytes:
    """The message without the dots that were added for the way (RFC 5321 section 4.5.2)."""
    return (b"\r\n" + content).replace(b"\r\n..", b"\r\n.")[2:]


class _Connection(asyncio.Protocol):
    def __init__(self, tally: Tally) -> None:
        self._dialogue = Dialogue(tally.take)

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio calls it a BaseTransport, which cannot write
        self._transport: asyncio.Transport = transport
        transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        if replies := self._dialogue.feed(data):
            self._transport.write(replies)
            if replies.endswith(REPLIES[b"QUIT"]):
                self._transport.close()


async def _serve(tally: Tally) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(tally), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve until the standard input ends; the folder for kept messages and their number may be given."""
    folder, most = (Path(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 1 else (None, 0)
    loop = asyncio.new_event_loop()
    tally = Tally(loop.time, folder, most)
    loop.run_until_complete(_serve(tally))
    print(json.dumps(tally.told()), flush=True)


if __name__ == "__main__":
    main()

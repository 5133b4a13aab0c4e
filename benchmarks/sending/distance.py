"""A distant server, simulated: a proxy on loopback whose replies come later.

`python -m benchmarks.sending.distance PORT SECONDS` prints its own port and ends with its standard input. Only
replies are held back; bandwidth and TCP windows are those of loopback.
"""

import asyncio
import socket
import statistics
import sys
import time
from typing import Any

LEAST = 1e-6  # seconds between two arrivals: a timer does not keep the order of two that are due together
ASKED = 15


class Delay:
    """When what is sent now arrives: so much later, and never before or together with what was sent earlier."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, float("-inf")

    def arrival(self, now: float) -> float:
        self._last = max(now + self._seconds, self._last + LEAST)
        return self._last


class _Back(asyncio.Protocol):
    """The connection to the server: what it says goes to the client, later."""

    def __init__(self, client: asyncio.Transport, seconds: float) -> None:
        self._client, self._delay = client, Delay(seconds)

    def data_received(self, data: bytes) -> None:
        self._later(self._client.write, data)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._later(self._client.close)

    def _later(self, act: Any, *values: bytes) -> None:  # noqa: ANN401 - a transport's methods
        loop = asyncio.get_running_loop()
        loop.call_at(self._delay.arrival(loop.time()), act, *values)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, seconds: float) -> None:
    client: Any = writer.transport
    server, _ = await asyncio.get_running_loop().create_connection(
        lambda: _Back(client, seconds), "127.0.0.1", port
    )
    while data := await reader.read(1 << 18):
        server.write(data)
    server.close()


async def _serve(port: int, seconds: float) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: _carry(reader, writer, port, seconds), "127.0.0.1", 0, limit=1 << 18
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def round_trip(port: int) -> float:
    """The seconds that a command and its reply really take on this way: the median of some NOOPs."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.recv(4096)
        return statistics.median(_asked(line) for _ in range(ASKED))


def _asked(line: socket.socket) -> float:
    start = time.perf_counter()
    line.sendall(b"NOOP\r\n")
    line.recv(4096)
    return time.perf_counter() - start


def main() -> None:
    """Carry connections to a port, with so many seconds of delay, until the standard input ends."""
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))


if __name__ == "__main__":
    main()

"""A mail server that the crash tests trust: a process of its own that notes whatever it takes before it says so.

usage: crash_sink.py LOG [CERTIFICATE STRANGERS_CERTIFICATE]. Says its ports; each line on its input is a new mode.
"""

import asyncio
import hashlib
import json
import os
import random
import re
import ssl
import sys
from itertools import count

LIMIT = 2**22  # bytes of one message
END = b"\r\n.\r\n"
REFUSED_FOR_GOOD = 4  # every ninth reader, by number
OK = {"kind": "ok", "every": 5, "pipelining": True, "seconds": 0.01}


class Leaving(Exception):
    """It is the server that ends this connection."""


class Sink:
    """What all connections share: the mode, how many messages came, and the log."""

    def __init__(self, log):
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.mode, self.dice = OK, random.Random(1)
        self.connections, self.messages, self.turns = count(1), count(1), count(1)
        self.unanswered = set()

    def note(self, *words):
        os.write(self.log, (" ".join(map(str, words)) + "\n").encode())

    def nth(self, counter):
        """Whether this one is treated specially."""
        return next(counter) % self.mode["every"] == 0

    async def serve(self, reader, writer):
        number, end = next(self.connections), "quit"
        self.note("open", number)
        try:
            await Conversation(self, number, reader, writer).run()
        except (Leaving, OSError, EOFError):
            end = "gone"
        finally:
            self.note("closed", number, end)
            writer.close()


class Conversation:
    """One connection."""

    def __init__(self, sink, number, reader, writer):
        self.sink, self.number, self.reader, self.writer = sink, number, reader, writer
        self.recipient = ""

    @property
    def kind(self):
        return self.sink.mode["kind"]

    async def say(self, *lines):
        head = [f"{line[:3]}-{line[4:]}" for line in lines[:-1]]
        self.writer.write("".join(f"{line}\r\n" for line in [*head, lines[-1]]).encode())
        await self.writer.drain()

    async def run(self):
        await self.say("220 ready")
        while line := await self.reader.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            if verb == "QUIT":
                await self.say("221 2.0.0 bye")
                return
            await getattr(self, f"on_{verb.lower()}")(words)
        raise EOFError

    async def on_ehlo(self, _words):
        offered = ["250 PIPELINING"] if self.sink.mode["pipelining"] else []
        await self.say("250 sink", *offered, "250 AUTH PLAIN", "250 8BITMIME")

    async def on_auth(self, _words):
        await self.say("535 5.7.8 who are you" if self.kind == "auth" else "235 2.7.0 welcome")

    async def on_rset(self, _words):
        self.recipient = ""
        await self.say("250 2.0.0 reset")

    async def on_mail(self, _words):
        self.recipient = ""
        if self.kind == "leaving" and self.sink.nth(self.sink.turns):
            await self.say("421 4.3.2 closing")
            raise Leaving
        await self.say("250 2.1.0 sender ok")

    async def on_rcpt(self, words):
        recipient = re.search("<(.*?)>", words)[1]
        if self.kind == "nobody" and unlucky(recipient):
            self.sink.note("refused", self.number, recipient)
            await self.say("550 5.1.1 no such user")
            return
        self.recipient = recipient
        await self.say("250 2.1.5 recipient ok")

    async def on_data(self, _words):
        if not self.recipient:
            await self.say("554 5.5.1 no valid recipients")
            return
        await self.say("354 go ahead")
        content = await self.reader.readuntil(END)
        await getattr(self, f"end_{self.kind}", self.taken)(content)
        self.recipient = ""

    async def taken(self, content):
        self.accept(content, answered=True)
        await self.say("250 2.0.0 taken")

    def accept(self, content, *, answered):
        found = re.search(rb"(?im)^message-id:\s*(\S+)", content)
        digest = hashlib.sha256(content).hexdigest()[:16]
        self.sink.note("accepted", self.number, self.recipient, found[1].decode(), digest, int(answered))

    async def end_slow(self, content):
        await asyncio.sleep(self.sink.dice.uniform(0, self.sink.mode["seconds"]))
        self.accept(content, answered=True)
        await asyncio.sleep(self.sink.dice.uniform(0, self.sink.mode["seconds"]))
        await self.say("250 2.0.0 taken")

    async def end_later(self, content):
        await (self.say("451 4.3.0 later") if self.sink.nth(self.sink.messages) else self.taken(content))

    async def end_leaving(self, content):
        if not self.sink.nth(self.sink.messages):
            await self.taken(content)
            return
        await self.say("421 4.3.2 closing")
        raise Leaving

    async def end_full(self, content):
        if not unlucky(self.recipient):
            await self.taken(content)
            return
        self.sink.note("refused", self.number, self.recipient)
        await self.say("552 5.3.4 too much")

    async def end_close(self, content):
        await self.unanswered(content)

    async def end_hang(self, content):
        await self.unanswered(content)

    async def unanswered(self, content):
        """Some get no answer, once: every second of these is taken nevertheless."""
        known = self.recipient in self.sink.unanswered
        if known or not self.sink.nth(self.sink.messages):
            await self.taken(content)
            return
        self.sink.unanswered.add(self.recipient)
        if next(self.sink.turns) % 2:
            self.accept(content, answered=False)
        self.sink.note("silent", self.number)
        while self.kind == "hang" and await self.reader.read(LIMIT):
            pass
        raise Leaving


def unlucky(recipient):
    """Whether this reader is refused for good where anybody is."""
    return int(re.search(r"\d+", recipient)[0]) % 9 == REFUSED_FOR_GOOD


def trusted(sink, certificate, strangers):
    """TLS with our certificate; in the mode for it with one that nobody vouches for."""
    ours, others = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    ours.load_cert_chain(certificate)
    others.load_cert_chain(strangers)

    def chosen(connection, _name, _context):
        connection.context = others if sink.mode["kind"] == "tls" else ours

    ours.sni_callback = chosen
    return ours


def port_of(server):
    return server.sockets[0].getsockname()[1]


async def main(log, *certificates):
    sink, loop = Sink(log), asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # a client that refuses our certificate is no news
    ports = [port_of(await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=LIMIT))]
    if certificates:
        secured = trusted(sink, *certificates)
        ports.append(port_of(await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=LIMIT, ssl=secured)))
    print(json.dumps(ports), flush=True)  # noqa: T201 - to who started it
    told = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    while line := await told.readline():
        sink.mode = OK | json.loads(line)
        print("so be it", flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""A real DNS server on loopback that answers over UDP from a table, and a resolver that asks it alone."""

import socket
import threading
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

SILENCE, TROUBLE = object(), object()  # in place of records: say nothing; say SERVFAIL
GOOD = {
    ("papers.test", "TXT"): ['"unrelated=1"', '"v=spf1 include:relay.test " "-all"'],
    ("relay.test", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 a:out.relay.test -all"'],
    ("out.relay.test", "A"): ["93.184.216.34"],
    ("_dmarc.papers.test", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:dmarc@papers.test"'],
    ("papers.test", "MX"): ["20 second.papers.test.", "10 mx.papers.test."],
    ("mx.papers.test", "A"): ["192.0.2.7"],
    ("34.216.184.93.in-addr.arpa", "PTR"): ["out.relay.test."],
}


class Dns:
    """Answers from `records`: {(name, type): [data as in a zone file]}; `asked` keeps the questions."""

    def __init__(self, records):
        self.records, self.asked = dict(records), []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, name="DNS server")

    def resolver(self):
        made = dns.resolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], self.socket.getsockname()[1]
        return made

    def _serve(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            if not data:
                return
            answer = self._answer(dns.message.from_wire(data))
            if answer is not None:
                self.socket.sendto(answer.to_wire(), peer)

    def _answer(self, question):
        (asked,) = question.question
        name, kind = str(asked.name).rstrip(".").lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        found = self.records.get((name, kind))
        if found is SILENCE:
            return None
        if found is TROUBLE:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif found:
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


@contextmanager
def dns_server(records=GOOD):
    """Run the server for the length of a `with` block."""
    server = Dns(records)
    server.thread.start()
    try:
        yield server
    finally:
        server.socket.sendto(b"", server.socket.getsockname())
        server.thread.join(timeout=10)
        server.socket.close()

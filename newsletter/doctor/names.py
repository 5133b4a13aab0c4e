"""Questions to the DNS with plain answers: records, none, or why nobody can tell."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from newsletter.errors import Unanswered

NOBODY = "this machine names no DNS server"


@dataclass
class Names:
    """Asks one resolver, and never the same thing twice; Unanswered when it cannot tell."""

    resolver: dns.resolver.Resolver | None
    patience: float
    _known: dict[tuple[str, str], Sequence[object]] = field(default_factory=dict)

    def texts(self, name: str) -> list[str]:
        """The TXT records, each with its parts joined (RFC 7208 section 3.3)."""
        found = self._records(name, "TXT")
        return [b"".join(each.strings).decode("utf-8", "replace") for each in found if isinstance(each, TXT)]

    def exchangers(self, name: str) -> list[str]:
        """The mail servers, best first; [""] says that there is no mail at all (RFC 7505)."""
        found = [each for each in self._records(name, "MX") if isinstance(each, MX)]
        return [str(each.exchange).rstrip(".") for each in sorted(found, key=lambda each: each.preference)]

    def addresses(self, name: str) -> list[str]:
        """The IPv4 and IPv6 addresses."""
        return [str(each) for kind in ("A", "AAAA") for each in self._records(name, kind)]

    def names_of(self, address: str) -> list[str]:
        """What an IP address is called."""
        return [str(each).rstrip(".") for each in self._records(str(dns.reversename.from_address(address)), "PTR")]

    def _records(self, name: str, kind: str) -> Sequence[object]:
        asked = (name.rstrip(".").lower(), kind)
        if asked not in self._known:
            self._known[asked] = self._ask(*asked)
        return self._known[asked]

    def _ask(self, name: str, kind: str) -> Sequence[object]:
        if self.resolver is None:
            raise Unanswered(NOBODY)
        try:
            return list(self.resolver.resolve(f"{name}.", kind, lifetime=self.patience))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.Timeout:
            raise Unanswered(f"no DNS server answered for {name} in time") from None
        except dns.exception.DNSException as error:
            raise Unanswered(f"the DNS could not tell of {name}: {error}") from error

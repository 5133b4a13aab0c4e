"""The mark in every form that says when we showed it: machines are quicker than people and fill in all fields."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

TRAP = "website"  # a field that people do not see
FIELD = "stamp"
GOOD_FOR = timedelta(hours=24)


class Stamps:
    """Makes and reads stamps; `keys` newest first, `least` is the time that a person needs for a form."""

    def __init__(self, keys: tuple[str, ...], clock: Callable[[], datetime], least: timedelta) -> None:
        self._least = least
        # itsdangerous signs with the last key of a list.
        self._signer = _Signer(clock, list(reversed(keys)))

    def make(self) -> str:
        return self._signer.sign("form").decode()

    def ours(self, fields: Mapping[str, object]) -> bool:
        """Whether the form came from a page of ours within a day."""
        return self.trouble(fields) in {"", "quick"}

    def trouble(self, fields: Mapping[str, object]) -> str:
        """What speaks against a person: "trap", "quick", "old", "forged", or "" for nothing."""
        if fields.get(TRAP):
            return "trap"
        try:
            _, made = self._signer.unsign(
                str(fields.get(FIELD, "")), int(GOOD_FOR.total_seconds()), return_timestamp=True
            )
        except SignatureExpired:
            return "old"
        except BadSignature:
            return "forged"
        return "quick" if self._signer.now() - made < self._least else ""


class _Signer(TimestampSigner):
    """Reads our clock, not the machine's."""

    def __init__(self, clock: Callable[[], datetime], keys: list[str]) -> None:
        super().__init__(keys, salt="newsletter.web.stamp", key_derivation="hmac", digest_method=hashlib.sha256)
        self.now = clock

    def get_timestamp(self) -> int:
        return int(self.now().timestamp())

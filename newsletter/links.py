"""Every public URL that we print or serve, in one place: nothing else builds one."""

from dataclasses import dataclass

from subscribers import tokens


@dataclass(frozen=True)
class Links:
    """URLs under the newsletter's own address; reader links carry a token signed for one purpose.

    `base` is newsletter.url, which may hold a path; `keys` are the signing keys, newest first. Paths are short
    so that the URL of List-Unsubscribe fits on one line of 78 characters (RFC 5322 section 2.1.1, RFC 8058).
    """

    base: str
    keys: tuple[str, ...]

    def home(self) -> str:
        return self.base.rstrip("/") + "/"

    def archive(self) -> str:
        return f"{self.home()}archive"

    def unsubscribe(self, subscriber_id: int) -> str:
        """Untimed on purpose: the link of an old mail must still work (RFC 8058 section 3.1)."""
        return f"{self.home()}u/{tokens.sign(tokens.Purpose.UNSUBSCRIBE, subscriber_id, self.keys)}"

    def preferences(self, subscriber_id: int) -> str:
        return f"{self.home()}p/{tokens.sign(tokens.Purpose.PREFERENCES, subscriber_id, self.keys)}"

    def browser(self, subscriber_id: int, period: str) -> str:
        """The reader's own digest as a page."""
        return f"{self.home()}d/{period}/{tokens.sign(tokens.Purpose.ARCHIVE, subscriber_id, self.keys)}"

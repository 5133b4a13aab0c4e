"""Every public URL that we print or serve, in one place: nothing else builds one."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

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

    def front(self, period: str = "day", topic: str = "") -> str:
        """The front page for a period ("day", which is the default, "week" or "month") and a topic."""
        asked = {"period": period if period != "day" else "", "topic": topic}
        return self.home() + _query([(name, value) for name, value in asked.items() if value])

    def subscribe(self, topics: Sequence[str] = ()) -> str:
        """The form to subscribe, with these topics chosen already."""
        return f"{self.home()}subscribe" + _query([("topic", topic) for topic in topics])

    def preview(self) -> str:
        """Where the form to subscribe asks what its choice would have brought."""
        return f"{self.home()}subscribe/preview"

    def sent(self) -> str:
        """What everybody sees who has sent the form to subscribe."""
        return f"{self.home()}subscribe/sent"

    def link(self) -> str:
        """The form that mails a reader their own links."""
        return f"{self.home()}link"

    def sample(self) -> str:
        return f"{self.home()}sample"

    def sample_mail(self) -> str:
        """The sample digest itself, for the frame in its page."""
        return f"{self.home()}sample/mail"

    def privacy(self) -> str:
        return f"{self.home()}privacy"

    def paper(self, key: str) -> str:
        return f"{self.home()}papers/{quote(key, safe=':/')}"

    def archive(self, day: str = "") -> str:
        """The list of past editions, or the one of a day like "2026-11-23"."""
        return f"{self.home()}archive/{day}" if day else f"{self.home()}archive"

    def feed(self, kind: str) -> str:
        """The archive as "atom" or "json"."""
        return f"{self.home()}archive/feed.{kind}"

    def asset(self, name: str) -> str:
        return f"{self.home()}static/{name}"

    def unsubscribe(self, subscriber_id: int) -> str:
        """Untimed on purpose: the link of an old mail must still work (RFC 8058 section 3.1)."""
        return self._signed("u", tokens.Purpose.UNSUBSCRIBE, subscriber_id)

    def undo(self, consent_id: int) -> str:
        """Takes back the withdrawal that this consent row records."""
        return self._signed("undo", tokens.Purpose.UNDO, consent_id)

    def preferences(self, subscriber_id: int, part: str = "") -> str:
        """A reader's preferences; "pause", "resume", "address", "data" and "learned" take its forms."""
        page = self._signed("p", tokens.Purpose.PREFERENCES, subscriber_id)
        return f"{page}/{part}" if part else page

    def browser(self, subscriber_id: int, period: str) -> str:
        """The reader's own digest as a page."""
        return self._signed(f"d/{period}", tokens.Purpose.ARCHIVE, subscriber_id)

    def thumb(self, subscriber_id: int, period: str, rank: int, *, up: bool) -> str:
        """The page that asks whether the paper of this rank in that digest was a good pick."""
        page = self._signed(f"t/{period}", tokens.Purpose.FEEDBACK, subscriber_id)
        return f"{page}/{rank}/{'up' if up else 'down'}"

    def confirm(self, confirmation_id: int) -> str:
        return self._signed("c", tokens.Purpose.CONFIRM, confirmation_id)

    def change(self, confirmation_id: int, *, old: bool) -> str:
        """Where the old or the new mailbox agrees to a change of address."""
        purpose = tokens.Purpose.CHANGE_OLD if old else tokens.Purpose.CHANGE_NEW
        return self._signed("change/old" if old else "change/new", purpose, confirmation_id)

    def data(self, confirmation_id: int, part: str = "") -> str:
        """Where a reader sees, and at the parts "download" and "erase" takes or ends, all that is kept of them."""
        page = self._signed("data", tokens.Purpose.DATA, confirmation_id)
        return f"{page}/{part}" if part else page

    def admin(self) -> str:
        """The admin's first page: today."""
        return f"{self.home()}admin"

    def admin_login(self, token: str) -> str:
        """Where the holder of a login link becomes the admin."""
        return f"{self.admin()}/login/{token}"

    def admin_logout(self) -> str:
        return f"{self.admin()}/logout"

    def admin_editions(self, before: str = "") -> str:
        """The days and their editions, newest first; those before a day like "2026-11-23"."""
        return f"{self.admin()}/editions" + _query([("before", before)] if before else [])

    def admin_edition(self, day: str, part: str = "", done: str = "", count: int = 0) -> str:
        """One edition; the part "hold", "release", "replan" or "cancel" does that.

        `done` and `count` tell what a part just did.
        """
        asked = [("done", done), ("count", str(count))] if done else []
        return f"{self.admin()}/editions/{day}" + (f"/{part}" if part else "") + _query(asked)

    def admin_why(self) -> str:
        """Why a reader got a mail, or did not."""
        return f"{self.admin()}/why"

    def admin_preview(self, part: str = "", asked: Sequence[tuple[str, str]] = ()) -> str:
        """The studio; its parts are "mail", which is one frame, "stamp" and "send". `asked` is what it shows."""
        return f"{self.admin()}/preview" + (f"/{part}" if part else "") + _query(asked)

    def admin_runs(self, kind: str = "", page: int = 1) -> str:
        """The journal, all of it or one kind of lines, 50 or so on a page."""
        asked = {"kind": kind, "page": str(page) if page > 1 else ""}
        return f"{self.admin()}/runs" + _query([(name, value) for name, value in asked.items() if value])

    def admin_part(self, path: str, **asked: str) -> str:
        """Another admin page by its path, such as "deliveries"; what is asked for stands in the query."""
        return f"{self.admin()}/{path}" + _query([(name, value) for name, value in asked.items() if value])

    def _signed(self, path: str, purpose: tokens.Purpose, number: int) -> str:
        return f"{self.home()}{path}/{tokens.sign(purpose, number, self.keys)}"


def _query(fields: Sequence[tuple[str, str]]) -> str:
    return f"?{urlencode(fields)}" if fields else ""

"""Every error this package raises on purpose, and whether trying again can help.

NewsletterError
  ConfigError              the configuration cannot be used
  SourceError              a source could not be read; the other sources go on
    SourceUnavailable        it may work later (timeout, 5xx, 429): retry
    SourceRefused            it will not work until someone changes something (404, not a feed, too large)
  TemplateError            a template cannot be used: names file, line and cure
  MessageError             a message cannot be built for this reader
  TooManyRequests          a client asks more often than it may: retry after a while
  NotLoggedIn              somebody asks for an admin page without the admin's login
  EditionError             an edition cannot be decided about as asked: it is cancelled, or there is none
  ReplayError              there is nobody to replay days for, or nothing was announced in them
  DatabaseError            the database cannot be opened or migrated
  Unanswered               the DNS did not answer: nobody can tell whether there is such a record
"""


class NewsletterError(Exception):
    """Base of all errors below; anything else that escapes is a bug."""

    retry = False


class ConfigError(NewsletterError):
    """A key, value or file of the configuration is unusable; the text names it and the cure."""


class SourceError(NewsletterError):
    """A source could not be read."""


class SourceUnavailable(SourceError):
    """The upstream did not answer or asked us to wait; `after` is its wish in seconds, if it had one."""

    retry = True

    def __init__(self, message: str, after: float | None = None) -> None:
        """Keep the upstream's own waiting time beside the text."""
        super().__init__(message)
        self.after = after


class SourceRefused(SourceError):
    """The upstream answered with something that asking again will not change."""


class TemplateError(NewsletterError):
    """A template is broken: the text names the file, the line and the cure."""


class MessageError(NewsletterError):
    """This reader's message cannot be built; other readers' messages are not affected."""


class TooManyRequests(NewsletterError):
    """Somebody asked for more than is allowed; `after` is how many seconds to wait."""

    retry = True

    def __init__(self, after: int) -> None:
        """Say when to come back."""
        minutes = -(-after // 60)
        super().__init__(f"that was a lot at once: please try again in {minutes} minute{'s' * (minutes > 1)}")
        self.after = after


class NotLoggedIn(NewsletterError):
    """The admin pages are for who used a login link and was here within its hours."""


class EditionError(NewsletterError):
    """What is asked for this edition cannot be done; the text says why and what can."""


class ReplayError(NewsletterError):
    """The days cannot be replayed; the text says why and what can."""


class DatabaseError(NewsletterError):
    """The database cannot be opened, or its tables are of another version."""


class Unanswered(NewsletterError):
    """The DNS did not answer; that says nothing about the record asked for."""

    retry = True

"""The ledger in the words of tests: claims of one sender or another, and what became of them, committed."""

from datetime import timedelta

from sqlmodel import Session
from world import NOW

from newsletter import ledger, ledger_claims
from newsletter.ledger import Wanted
from newsletter.mail import Blame, Outcome, Phase, Verdict
from newsletter.models import Delivery, State
from newsletter.statements import Line

LEASE = timedelta(seconds=60)


def row(subscriber_id, period="2026-03-10", **more):
    return {
        "subscriber_id": subscriber_id,
        "address": "ada@example.org",
        "letter": "digest",
        "period": period,
        "state": State.PENDING,
        "message_id": f"<{period}-{subscriber_id}@example.org>",
        "date": NOW,
        "not_before": NOW,
        "not_after": NOW + timedelta(hours=18),
        "details": {},
    } | more


def wanted(owner="me", on_unknown="resend", **more):
    return Wanted(owner, LEASE, on_unknown, **more)


def outcome(verdict, reply="said so", blame=Blame.NOBODY, phase=Phase.REPLIED):
    return Outcome(verdict, phase, reply, blame)


def claims(session, most=64, now=NOW, **who):
    return ledger_claims.claim(session, wanted(**who), now, most)


def claimed(session, now=NOW, **who):
    """The one claim, or None."""
    found = claims(session, 1, now, **who)
    return found[0] if found else None


def written(session, work):
    """What `work` returns, done on a line of its own; the session sees it."""
    session.commit()
    line = Line(session.get_bind())
    try:
        with line.writing():
            return work(line)
    finally:
        line.close()


def recorded(session, claim, said, now=NOW, until=None, **who):
    return written(session, lambda line: ledger.record(line, claim, wanted(**who), said, now, until))


def handed_over(session, claim, **who):
    return written(session, lambda line: ledger.hand_over(line, claim, wanted(**who)))


def settled(session, claim, state, reason="so it is", skip=None, **who):
    return written(session, lambda line: ledger.settle(line, claim, wanted(**who), state, reason, skip))


def released(session, claims, reason="given back", **who):
    return written(session, lambda line: ledger.release(line, claims, wanted(**who), reason))


def swept(session, now, on_unknown="resend"):
    return ledger_claims.sweep(session, now, on_unknown)


def kept(session, delivery_id):
    """The row as it stands."""
    session.commit()  # and look anew
    session.expire_all()
    return session.get_one(Delivery, delivery_id)


def state(session, delivery_id):
    return kept(session, delivery_id).state


def another(engine):
    """Somebody else's session."""
    return Session(engine)


SENT = outcome(Verdict.SENT, "250 ok")
LATER = outcome(Verdict.DEFERRED, "451 later", Blame.MESSAGE)
REFUSED = outcome(Verdict.FAILED, "550 no", Blame.MESSAGE)
IN_DOUBT = outcome(Verdict.UNKNOWN, "no reply", phase=Phase.AFTER_DOT)

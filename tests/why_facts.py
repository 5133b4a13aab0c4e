"""Facts as the record would give them, made by hand for the tests of the rules."""

from dataclasses import replace
from datetime import timedelta

from why_world import DAY, DUE, EMAIL, HOURS, JOINED, NOON

from newsletter.why import answer
from newsletter.why.facts import (
    DayFacts,
    DigestFacts,
    EventFacts,
    Facts,
    HoldFacts,
    LetterFacts,
    PaperFacts,
    PickFacts,
    ReaderFacts,
    RunFacts,
    SourceFacts,
    VoteFacts,
)

READER = ReaderFacts(
    email=EMAIL,
    status="active",
    cadence="daily",
    weekdays="",
    hour=7,
    timezone="Europe/Berlin",
    size=10,
    created_at=JOINED,
    confirmed_at=JOINED,
    paused_until=None,
    suppressed="",
    suppressed_since=None,
)
DIGEST = DigestFacts(
    date="2026-03-10",
    state="sent",
    skipped_for=None,
    due_at=DUE,
    planned_at=DUE,
    not_before=DUE,
    not_after=DUE + 18 * HOURS,
    lease_until=None,
    attempts=1,
    doubtful=False,
    sent_at=DUE,
    reply="250 ok",
    outcome="",
    considered=60,
)
FACTS = Facts(
    at=NOON,
    now=NOON,
    late=18 * HOURS,
    wait=HOURS,
    first="at once",
    reader=READER,
    day=DayFacts("2026-03-10", DUE, DUE + DAY),
    digest=None,
    picks=(),
    before=None,
    hold=None,
    ticked=NOON,
    planned_until=None,
    ran=False,
    silent=False,
    plan_fault="",
    papers=60,
    sources=(),
    waits_for=(),
    runs=(),
    letters=(),
    events=(EventFacts("confirmed", JOINED),),
    votes=(),
)
PICK = PickFacts(1, "arxiv:2603.00001", "Graphs of Graphs", 0.5, trending=False, why="Matches Graphs")
PAPER = PaperFacts(
    asked="graphs",
    known=True,
    key="arxiv:2603.00009",
    title="Nine Graphs",
    announced_at=DUE - DAY,
    first_seen_at=DUE - DAY,
    since=DUE - 7 * DAY,
    until=DUE,
)


def told(digest=None, reader=None, **changes):
    """The answer to the usual facts with these changes; `digest` and `reader` are changes of theirs."""
    facts = replace(FACTS, reader=replace(READER, **reader or {}), **changes)
    return answer(replace(facts, digest=None if digest is None else replace(DIGEST, **digest)))


def weighed(**changes):
    """The answer about a paper that was among those of the day."""
    paper = replace(PAPER, **{"fit": 0.5, "floor": 0.2, "score": 0.4, "place": 2, "last_score": 0.5} | changes)
    return told(digest={}, picks=(PICK,), paper=paper)


def held(state="held", by="admin", **changes):
    """What was decided about the edition."""
    return HoldFacts(**{"state": state, "by": by, "reasons": (), "at": DUE, "settled_at": None} | changes)


SOON = NOON + timedelta(minutes=20)


def full():
    """An answer in whose facts nothing is missing: the documentation names each of their keys."""
    return told(
        digest={},
        picks=(PICK,),
        before=DIGEST,
        hold=held(),
        sources=(SourceFacts("arxiv", 1, 0, 9, DUE, ""),),
        runs=(RunFacts("plan", "", DUE, ok=True, words="went without arxiv"),),
        letters=(LetterFacts("welcome", "sent", DUE, DUE, ""),),
        votes=(VoteFacts(PAPER.key, PAPER.title, 1, DUE),),
        paper=PAPER,
    )

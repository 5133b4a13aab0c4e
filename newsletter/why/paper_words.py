"""What became of one paper for one reader, in words: the first rule that explains it, from facts alone."""

from collections.abc import Callable
from enum import StrEnum

from newsletter.models import State
from newsletter.why.facts import Facts, PaperFacts
from newsletter.why.words import clock, day, moment, when


class PaperCode(StrEnum):
    """What became of the paper, in one word, for programs."""

    SENT = "sent"
    PLANNED = "planned"
    SENT_BEFORE = "sent before"
    SENT_LATER = "sent later"
    UNKNOWN = "unknown"
    TOO_NEW = "announced later"
    TOO_OLD = "too old"
    SEEN_LATER = "seen later"
    JUDGED = "judged"
    MUTED = "muted"
    BELOW_FLOOR = "below the floor"
    OUTRANKED = "outranked"
    NO_DIGEST = "no digest"


Told = tuple[PaperCode, str]


def told(facts: Facts, paper: PaperFacts) -> Told:
    """The code, and the sentences of the answer."""
    rules: tuple[Callable[[Facts, PaperFacts], Told | None], ...] = (
        _unknown,
        _given,
        _too_new,
        _too_old,
        _seen_later,
        _judged,
        _muted,
        _below_floor,
    )
    found = (rule(facts, paper) for rule in rules)
    code, said = next((each for each in found if each is not None), None) or _not_chosen(facts, paper)
    return code, said + _more(paper)


def _unknown(facts: Facts, paper: PaperFacts) -> Told | None:
    if paper.known:
        return None
    read = ", ".join(
        f"{each.name} (last read {clock(each.last_read_at, facts.reader.timezone)})" for each in facts.sources
    )
    what = f"Read that day: {read}." if read else "The record holds no read of a source that day."
    return PaperCode.UNKNOWN, f"No paper fits “{paper.asked}”: no source has told of it. {what}"


def _given(facts: Facts, paper: PaperFacts) -> Told | None:
    if not paper.date:
        return None
    where = f"as number {paper.rank}, with a score of {paper.score or 0:.2f}: {paper.why}."
    if paper.date < facts.day.date:
        again = "No reader gets a paper twice."
        return PaperCode.SENT_BEFORE, f"“{paper.title}” came before, on {day(paper.date)}, {where} {again}"
    if paper.date > facts.day.date:
        return PaperCode.SENT_LATER, f"“{paper.title}” came later, on {day(paper.date)}, {where}"
    if paper.state == State.SENT:
        return PaperCode.SENT, f"“{paper.title}” was in the digest of {day(paper.date)}, {where}"
    return PaperCode.PLANNED, f"“{paper.title}” is in the digest of {day(paper.date)}, {where}"


def _too_new(facts: Facts, paper: PaperFacts) -> Told | None:
    if paper.announced_at is None or paper.since is None or paper.fit is not None:
        return None
    if paper.announced_at <= paper.since:
        return None
    said = when(paper.announced_at, facts.reader.timezone)
    return PaperCode.TOO_NEW, f"“{paper.title}” was announced {said}, after the papers were looked at."


def _too_old(facts: Facts, paper: PaperFacts) -> Told | None:
    if paper.announced_at is None or paper.since is None or paper.fit is not None:
        return None
    announced, since = when(paper.announced_at, facts.reader.timezone), moment(paper.since, facts.reader.timezone)
    return (
        PaperCode.TOO_OLD,
        f"“{paper.title}” was announced {announced}, and the digest looked back to {since} only.",
    )


def _seen_later(facts: Facts, paper: PaperFacts) -> Told | None:
    if facts.digest is None or paper.until is None or paper.first_seen_at is None:
        return None
    if paper.first_seen_at <= paper.until:
        return None
    said = when(paper.first_seen_at, facts.reader.timezone)
    return PaperCode.SEEN_LATER, f"“{paper.title}” was first read here {said}, after the digest was planned."


def _judged(_: Facts, paper: PaperFacts) -> Told | None:
    if not paper.judged:
        return None
    return PaperCode.JUDGED, f"“{paper.title}” is one that the reader named or judged: they know it."


def _muted(_: Facts, paper: PaperFacts) -> Told | None:
    if not paper.muted_by:
        return None
    return PaperCode.MUTED, f"“{paper.title}” is left out, for the reader mutes {' and '.join(paper.muted_by)}."


def _below_floor(_: Facts, paper: PaperFacts) -> Told | None:
    if paper.fit is None or paper.floor is None or paper.fit >= paper.floor:
        return None
    said = f"“{paper.title}” fits what the reader follows by {paper.fit:.2f}, and the floor is {paper.floor:.2f}."
    scores = f" Its score is {paper.score or 0:.2f}." if paper.last_score is not None else ""
    return PaperCode.BELOW_FLOOR, said + scores + _last(paper)


def _last(paper: PaperFacts) -> str:
    if paper.last_score is None:
        return ""
    return f" The last paper picked for them has {paper.last_score:.2f}."


def _not_chosen(facts: Facts, paper: PaperFacts) -> Told:
    stands = (
        f"“{paper.title}” is number {paper.place} in the reader's order, with a score of {paper.score or 0:.2f}"
    )
    if not facts.picks:
        return PaperCode.NO_DIGEST, f"{stands}, and there was no digest that could bring it."
    if paper.place is not None and paper.place > len(facts.picks):
        return PaperCode.OUTRANKED, f"{stands}, and the digest held {len(facts.picks)}.{_last(paper)}"
    since = "What the reader follows, or the votes, changed after the digest was planned."
    return PaperCode.OUTRANKED, f"{stands} today, and it was not picked then.{_last(paper)} {since}"


def _more(paper: PaperFacts) -> str:
    if not paper.others:
        return ""
    return f" Other papers have these words too: {', '.join(paper.others)}."

"""One paper before one reader: which paper is meant, what became of it, and how near it came."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from newsletter import candidates, identity, ledger_plans
from newsletter.chooser import Chooser, chooser
from newsletter.mail import tex
from newsletter.models import Alias, Delivery, Paper, Pick
from newsletter.ranking import blend
from newsletter.ranking.reasons import MOST_TERMS, sentence
from newsletter.ranking.relevance import CLEAR_MATCH
from newsletter.why.facts import Facts, PaperFacts, Rules
from newsletter.why.record import planned_at
from newsletter.why.words import REPLAYED
from subscribers.models import Follow, Subscriber

MOST_FOUND = 6
ADDRESS = re.compile(r"^(?:https?://)?(?:www\.)?(?:arxiv\.org/(?:abs|pdf)/|(?:dx\.)?doi\.org/)", re.IGNORECASE)


def load(session: Session, reader: Subscriber, facts: Facts, rules: Rules, asked: str) -> PaperFacts:
    """What is stored of the paper that `asked` names, by a key, an arXiv id, a DOI or words of its title.

    Of several whose titles have the words, one that this reader got is meant, else the newest.
    """
    digest = ledger_plans.find(session, reader.id, facts.day.date)
    moment = planned_at(digest, facts.at)
    window = min(rules.taste.window, candidates.LONGEST_LIFE)
    found = _found(session, asked, reader.id)
    told = PaperFacts(asked=asked, since=moment - window, until=seen_by(digest, moment))
    if not found:
        return told
    paper, *others = found
    facts_of_it = vars(told) | {
        "known": True,
        "key": paper.key,
        "title": tex.plain(paper.title),
        "announced_at": paper.announced_at,
        "first_seen_at": paper.first_seen_at,
        "others": tuple(other.key for other in others),
    }
    told_of = _delivered(session, reader.id, paper.key) or _weighed(session, reader, paper, moment, rules, digest)
    return PaperFacts(**facts_of_it | told_of)


def seen_by(digest: Delivery | None, moment: datetime) -> datetime:
    """By when a paper had to be known here to be in the digest: by its planning, or a replay's real time."""
    if digest is None or digest.sent_at is None or digest.sent_at - moment < REPLAYED:
        return moment
    return digest.sent_at


def _found(session: Session, asked: str, subscriber_id: int) -> list[Paper]:
    keys = _keys(asked)
    aliases = session.exec(select(Alias.paper).where(col(Alias.key).in_(keys))).all()
    exact = session.exec(select(Paper).where(col(Paper.key).in_([*keys, *aliases]))).all()
    if exact:
        return sorted(exact, key=lambda paper: keys.index(paper.key) if paper.key in keys else len(keys))
    return _by_words(session, asked, subscriber_id)


def _keys(asked: str) -> list[str]:
    """Every key that this may stand for: itself, an arXiv id or a DOI with or without an address, a title."""
    text = asked.strip()
    bare = ADDRESS.sub("", text)
    unversioned = re.sub(r"v\d+$", "", bare.removeprefix("arXiv:").removeprefix("arxiv:"))
    return [text, f"arxiv:{unversioned}", f"doi:{bare.lower()}", bare.lower(), identity.title_key(text)]


def _by_words(session: Session, asked: str, subscriber_id: int) -> list[Paper]:
    titled = [col(Paper.title).icontains(word, autoescape=True) for word in asked.split()]
    newest = select(Paper).where(*titled).order_by(col(Paper.announced_at).desc(), col(Paper.key))
    found = list(session.exec(newest.limit(MOST_FOUND)))
    mine = (col(Pick.subscriber_id) == subscriber_id, col(Pick.paper).in_([paper.key for paper in found]))
    got = set(session.exec(select(Pick.paper).where(*mine)))
    return sorted(found, key=lambda paper: paper.key not in got)


def _delivered(session: Session, subscriber_id: int, key: str) -> dict[str, object]:
    """The digest that brought it, or is to bring it: no reader gets a paper twice, so there is one at most."""
    pick = session.get(Pick, (subscriber_id, key))
    if pick is None:
        return {}
    digest = session.get_one(Delivery, pick.delivery_id)
    return {
        "date": digest.period,
        "state": str(digest.state),
        "rank": pick.rank,
        "score": round(pick.score, 4),
        "why": sentence(pick.reasons),
    }


@dataclass(frozen=True)
class Order:
    """The reader's order of the papers at one moment: scores, fits and what may be picked, by position."""

    score: blend.Floats
    fits: blend.Floats
    open: blend.Booleans
    floor: float

    def place(self, position: int) -> int:
        """Where the paper stands among those that could be picked, the first is 1."""
        good = self.open & (self.fits >= self.floor) & (self.score > self.score[position])
        return int(good.sum()) + 1


def _weighed(
    session: Session, reader: Subscriber, paper: Paper, moment: datetime, rules: Rules, digest: Delivery | None
) -> dict[str, object]:
    """How the paper stood in the reader's order; empty where it was not among the papers of that moment."""
    choose = chooser(session, [reader.id], moment, rules.taste)
    keys = choose.found.keys
    if paper.key not in keys:
        return {}
    position = keys.index(paper.key)
    order = _order(choose, reader, _sent_before(session, reader.id, moment, digest))
    return {
        "score": round(float(order.score[position]), 4),
        "fit": round(float(order.fits[position]), 4),
        "floor": rules.taste.floor,
        "place": order.place(position) if order.open[position] else None,
        "last_score": _last_score(session, digest),
        "judged": paper.key in {opinion.key for opinion in choose.profile(reader).opinions},
        "muted_by": tuple(_muted_by(choose, reader.follows, position)),
    }


def _order(choose: Chooser, reader: Subscriber, sent: set[str]) -> Order:
    profile = choose.profile(reader)
    arrays, _ = choose.reader(profile)
    found = choose.found
    fits = blend.fit(arrays, found.trend)
    seen = choose.known(profile, sent)
    score = blend.scores(arrays, found.trend, found.fresh)
    return Order(score, fits, blend.allowed(arrays, seen), choose.taste.floor)


def _sent_before(session: Session, subscriber_id: int, moment: datetime, digest: Delivery | None) -> set[str]:
    """What the reader had been given by then: the digest's own papers are not among it."""
    other = col(Delivery.id) != (digest.id if digest else 0)
    mine = (col(Pick.subscriber_id) == subscriber_id, col(Delivery.date) <= moment, other)
    joined = select(Pick.paper).join(Delivery, col(Delivery.id) == col(Pick.delivery_id))
    return set(session.exec(joined.where(*mine)))


def _last_score(session: Session, digest: Delivery | None) -> float | None:
    """The score of the digest's last paper that was picked for the reader, not for everyone."""
    own = (col(Pick.delivery_id) == (digest.id if digest else 0), col(Pick.trending).is_(False))
    scores = session.exec(select(Pick.score).where(*own).order_by(col(Pick.rank).desc()).limit(1)).first()
    return round(scores, 4) if scores is not None else None


def _muted_by(choose: Chooser, follows: list[Follow], position: int) -> list[str]:
    """The reader's mutes that clearly match this paper, each with the words it found."""
    names = []
    for mute in (each for each in follows if each.weight < 0):
        interest = choose.interests[mute.kind, mute.value]
        if choose.matches.evidence(interest)[position] >= CLEAR_MATCH:
            found = choose.matches.terms(interest, position)[:MOST_TERMS]
            telling = [term for term in found if term.casefold() != mute.value.casefold()]
            names.append(f"the {mute.kind} {mute.value}" + (f" ({', '.join(telling)})" if telling else ""))
    return names

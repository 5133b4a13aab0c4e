"""Plans digests for some readers: papers are chosen outside of any lock, stored where they still fit inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import audience, bulk, db, edition, ledger_plans, profiles
from newsletter.audience import Audience, Member
from newsletter.chooser import Chooser, Picked, Wish
from newsletter.due import NO_RULES, Due, LeftOut, Rules, decided, silences, sorted_out
from newsletter.edition import Issue
from newsletter.ledger import DIGEST, HELD
from newsletter.models import Pick, Skip, State
from newsletter.ranking.profile import Opinion, Profile
from newsletter.record_models import HoldState
from newsletter.uncircled import uncircled

PLANNING = 0x706C616E  # the lock that planners of one database take in turn: "plan"
PICKED = ("subscriber_id", "paper", "delivery_id", "rank", "score", "trending", "reasons")

Opinions = Mapping[int, tuple[Opinion, ...]]
Told = tuple[Due, LeftOut | None]


@dataclass
class Report:
    """What a run of planning did, in readers: new digests, skipped ones, planned before, waiting.

    `skipped` counts those with nothing worth sending, `left_out` those skipped by a rule before any paper was
    looked at. A reader waits, and nothing is stored, where there is no paper at all to choose from: sources may be
    late.
    """

    planned: int = 0
    skipped: int = 0
    left_out: int = 0
    already: int = 0
    waiting: int = 0


class Chosen(NamedTuple):
    """One reader's papers; where there are none, how many pass the floor and what the best comes to."""

    picked: list[Picked]
    fitting: tuple[int, float] = (0, 0.0)


class Prepared(NamedTuple):
    """What was chosen for some readers, as they were then."""

    readers: Audience
    opinions: Opinions
    members: Mapping[int, Member]
    chosen: Mapping[int, Chosen]


NOTHING = Prepared(Audience([], [], []), {}, {}, {})


def prepare(engine: Engine, due: Sequence[Due], choose: Chooser, at: datetime, rules: Rules) -> Prepared:
    """Choose for these readers, except those whom a rule leaves out. Takes no lock."""
    with Session(engine) as session:
        ids = [each.subscriber_id for each, left_out in sorted_out(session, due, rules) if left_out is None]
        readers, opinions = audience.load(session, ids, choose.keys), profiles.opinions(session, ids, at)
        choose.meet(session, opinions.values())
    with uncircled():
        members = readers.members()
        found = chosen(choose, list(members.values()), opinions)
    choose.contents({each.key: each.position for one in found.values() for each in one.picked})  # takes its time
    return Prepared(readers, opinions, members, found)


def chosen(choose: Chooser, members: Sequence[Member], opinions: Opinions) -> dict[int, Chosen]:
    """The papers of each of these readers whose wishes are known."""
    known = [each for each in members if choose.knows(each.follows)]
    wishes = [Wish(Profile(each.follows, opinions.get(each.id, ())), each.sent, each.size) for each in known]
    found = {each.id: Chosen(picked) for each, picked in zip(known, choose.choose_all(wishes), strict=True)}
    empty = {each.id: wish.profile for each, wish in zip(known, wishes, strict=True) if not found[each.id].picked}
    fitting = choose.fitting_all(list(empty.values()))
    return found | {number: Chosen([], fits) for number, fits in zip(empty, fitting, strict=True)}


class Planner:
    """Writes planned deliveries with their picks; never commits, so a preview can plan and roll back."""

    def __init__(
        self,
        session: Session,
        choose: Chooser,
        issue: Issue,
        keys: tuple[str, ...],
        at: datetime,
        not_before: datetime,
        rules: Rules = NO_RULES,
    ) -> None:
        """Takes the planners' lock for the rest of the transaction; editions are made as they are needed."""
        db.alone(session, PLANNING)
        self.session, self.choose, self.issue, self.keys = session, choose, issue, keys
        self.at, self.not_before, self.rules = at, not_before, rules
        self._editions: dict[str, int] = {}
        self._held: dict[str, bool] = {}
        # Equal values of many rows are one object: they are made ready for the database once.
        self._date = whole_seconds(at)
        self._details = lru_cache(64)(self._details_of)
        self._until = lru_cache(64)(lambda room: not_before + room)
        self._chosen: Mapping[int, Chosen] = {}
        self._opinions: Opinions = {}

    def plan(self, due: Due, report: Report, left_out: LeftOut | None = None) -> int | None:
        """One reader's delivery: its id; None when another planner was first or the reader is gone or changed."""
        return self.plan_all([(due, left_out)], report)[0]

    def plan_all(self, due: Sequence[Told], report: Report, prepared: Prepared = NOTHING) -> list[int | None]:
        """These readers' deliveries, as `plan` has them.

        Planners take turns, so each sees what the ones before it have picked. A rule that leaves one out does so
        whatever papers there are. What was `prepared` is taken where the reader is as they were.
        """
        if len({each.subscriber_id for each, _ in due}) < len(due):  # what one brings, the next must know of
            return [self.plan(each, report, left_out) for each, left_out in due]
        members = self._current(due, prepared)
        rows, picks, kept = [], [], []
        quiet = silences(self.session, [each for each, left_out in due if left_out is None])
        for place, (each, left_out) in enumerate(due):
            member = members.get(each.subscriber_id)
            if member is None:
                continue
            if left_out is None and not self.choose.knows(member.follows):
                report.waiting += 1  # they changed what they follow meanwhile: the next run serves them
                continue
            picked = [] if left_out else self._choose(member)
            rows.append(self._planned(member, each, picked, left_out, quiet.get(member.id)))
            picks.append(picked)
            kept.append(place)
        ids: list[int | None] = [None] * len(due)
        for place, number in zip(kept, self._stored(rows), strict=True):
            ids[place] = number
        self._count(report, [(due[place], ids[place], picked) for place, picked in zip(kept, picks, strict=True)])
        self._freeze(rows, [(ids[place], picked) for place, picked in zip(kept, picks, strict=True)])
        return ids

    def _current(self, due: Sequence[Told], prepared: Prepared) -> Mapping[int, Member]:
        """The readers as they are now; for those who are not as they were papers are chosen anew."""
        ids = [each.subscriber_id for each, _ in due]
        before = [each.subscriber_id for each, left_out in due if left_out is None]
        readers = audience.load(self.session, before, self.choose.keys)
        self._chosen, self._opinions, members = prepared.chosen, prepared.opinions, prepared.members
        if readers != prepared.readers:
            members = readers.members()
            changed = [each for number, each in members.items() if prepared.members.get(number) != each]
            new = [each.id for each in changed if each.id not in prepared.members]
            self._opinions = {**self._opinions, **self._judged(new)}
            self._chosen = {**self._chosen, **chosen(self.choose, changed, self._opinions)}
        left = [each for each in ids if each not in members]
        return members if not left else {**members, **audience.load(self.session, left, ()).members()}

    def _judged(self, new: Sequence[int]) -> Opinions:
        """What these readers think of papers; of those for whom the texts were indexed it is known already."""
        known = {number: profile.opinions for number in new if (profile := self.choose.profiles.get(number))}
        others = [number for number in new if number not in known]
        if not others:
            return known
        found = profiles.opinions(self.session, others, self.at)
        self.choose.meet(self.session, found.values())
        return {**known, **found}

    def _choose(self, reader: Member) -> list[Picked]:
        return self._chosen[reader.id].picked

    def _stored(self, rows: Sequence[Mapping[str, Any]]) -> list[int | None]:
        """The deliveries' ids; what was never planned in earnest gives way."""
        ids = ledger_plans.plan_many(self.session, rows)
        for place, (row, number) in enumerate(zip(rows, ids, strict=True)):
            if number is None and ledger_plans.take_back(self.session, row["subscriber_id"], row["period"]):
                ids[place] = ledger_plans.plan(self.session, dict(row))
        return ids

    @staticmethod
    def _count(report: Report, planned: Sequence[tuple[Told, int | None, list[Picked]]]) -> None:
        for (_, left_out), number, picked in planned:
            if number is None:
                report.already += 1
            elif picked:
                report.planned += 1
            elif left_out:
                report.left_out += 1
            else:
                report.skipped += 1

    def _edition(self, period: str) -> int:
        if period not in self._editions:
            made = edition.freeze(self.session, period, self.issue, self.choose.version, self.at)
            self._editions[period] = made
        return self._editions[period]

    def _planned(
        self,
        reader: Member,
        due: Due,
        picked: Sequence[Picked],
        left_out: LeftOut | None,
        quiet: Mapping[str, Any] | None,
    ) -> dict[str, object]:
        row = digest_row(reader, due, self.issue.imprint.sender, self.keys, self._date)
        row |= {"not_before": self._from(due.period), "not_after": self._until(due.room)}
        if left_out:
            return row | {"state": State.SKIPPED, "skipped_for": left_out.skip, "outcome": left_out.words}
        row |= {"edition_id": self._edition(due.period), "details": self._details(reader.name)}
        if picked:
            return row | ({"details": {**self._details(reader.name), **quiet}} if quiet else {})
        words = self._nothing(reader)
        return row | {"state": State.SKIPPED, "skipped_for": Skip.NOTHING, "outcome": words}

    def _details_of(self, name: str) -> dict[str, object]:
        return {"considered": len(self.choose.keys), "name": name, "model": self.choose.version}

    def _from(self, period: str) -> datetime:
        """From when on it may be sent: while the gate has not judged it, or the edition is held, not at all."""
        if period not in self._held:
            self._held[period] = decided(self.session, {period}).get(period) is HoldState.HELD
        return HELD if self.rules.judged or self._held[period] else self.not_before

    def _nothing(self, reader: Member) -> str:
        considered = len(self.choose.keys)
        fitting, best = self._chosen[reader.id].fitting
        if fitting:
            return f"nothing worth sending: of {considered} papers {fitting} fit, all sent before or muted"
        floor = self.choose.taste.floor
        return f"nothing worth sending: of {considered} papers the best fits {best:.2f}, the floor is {floor:.2f}"

    def _freeze(
        self, rows: Sequence[Mapping[str, Any]], planned: Sequence[tuple[int | None, list[Picked]]]
    ) -> None:
        """Keep the picks of what was planned, and the papers as they read now."""
        shown: dict[int, dict[str, int]] = {}
        picks: list[bulk.Row] = []
        for row, (number, picked) in zip(rows, planned, strict=True):
            if number is None or not picked:
                continue
            reader, papers = row["subscriber_id"], shown.setdefault(row["edition_id"], {})
            for each in picked:
                papers[each.key] = each.position
                picks.append((reader, each.key, number, each.rank, each.score, each.trending, each.written))
        for edition_id, papers in shown.items():
            there = edition.frozen_papers(self.session, edition_id)
            new = {key: place for key, place in papers.items() if key not in there}
            edition.freeze_papers(self.session, edition_id, self.choose.contents(new))
        bulk.insert_all(self.session, Pick, PICKED, picks)


def whole_seconds(at: datetime) -> datetime:
    """A Date header knows no fractions."""
    return at.replace(microsecond=0)


def digest_row(reader: Member, due: Due, sender: str, keys: tuple[str, ...], date: datetime) -> dict[str, object]:
    """What every digest's row has, whatever becomes of it."""
    return {
        "subscriber_id": reader.id,
        "address": reader.email,
        "letter": DIGEST,
        "period": due.period,
        "edition_id": None,
        "message_id": ledger_plans.message_id(keys, sender, reader.id, DIGEST, due.period),
        "date": date,
        "due_at": due.due_at,
        "details": {"name": reader.name},
    }

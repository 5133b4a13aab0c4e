"""The daily report: once a local date the admin is told, in one mail, whether all is well and what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import db, journal, notices, stats
from newsletter.mail import words
from newsletter.mail.admin_letter import AdminLetter, Row, Section, Sheet
from newsletter.models import Skip, State
from newsletter.notices import Admin
from newsletter.record_models import HoldState, Notice, RunKind
from newsletter.schedule import instant
from newsletter.stats import Figures, SourceFigures
from subscribers.addresses import redacted_in

ROOM = timedelta(days=1)  # then the next one is due
MOST_ERROR = 160
MARK = "report "  # begins the key of the notice that a report leaves
WAITING = (State.PENDING, State.SENDING, State.DEFERRED)
STATES: Mapping[State, str] = {
    State.SENT: "Sent",
    State.PENDING: "Not tried yet",
    State.SENDING: "Under way",
    State.DEFERRED: "Deferred",
    State.FAILED: "Failed",
    State.SUPPRESSED: "Suppressed",
    State.UNKNOWN: "In doubt",
    State.SKIPPED: "Skipped",
}
SKIPS: Mapping[str, str] = {
    Skip.NOTHING: "nothing worth sending",
    Skip.LATE: "too late",
    Skip.MISSED: "nobody ran",
    Skip.SOON: "too near to another",
    Skip.DAY_OFF: "a day off",
    Skip.RESTING: "reader paused",
    Skip.CANCELLED: "edition cancelled",
}


@dataclass(frozen=True)
class Facts:
    """What a report is made from: the figures, and the troubles that were told or are not over."""

    figures: Figures
    told: Sequence[Notice]


def run(engine: Engine, admin: Admin, now: datetime, at: datetime) -> bool:
    """Plan the report of the local date at `at`, if its hour has struck and there is none yet; whether it did.

    Harmless to call again, by anybody: the notice "report 2026-11-25" is its mark.
    """
    day = due(admin, at)
    if day is None:
        return False
    key = f"{MARK}{day.isoformat()}"
    with Session(engine) as session:  # asked at every tick: without the lock that a writer takes
        if session.get(Notice, key) is not None:
            return False
    since, until = span(admin, day)
    with db.writing(engine) as session:
        told = sheet(facts(session, since, until), admin.timezone)
        if not notices.once(session, key, told.headline, now):
            return False
        notices.put(session, admin, AdminLetter.REPORT, key, told.to_dict(), now, now + ROOM, at)
        journal.write(session, RunKind.REPORT, day.isoformat(), at, (now, now), told.headline)
    return True


def due(admin: Admin, at: datetime) -> date | None:
    """The local date whose report is due: its hour has struck and it is not over. None: not now, or never."""
    if not (admin.email and admin.report):
        return None
    zone = ZoneInfo(admin.timezone)
    today = at.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):  # an hour in a gap before midnight strikes on the next date
        struck = instant(day, admin.report_hour, zone)
        if struck <= at and struck.astimezone(zone).date() == today:
            return day
    return None


def span(admin: Admin, day: date) -> tuple[datetime, datetime]:
    """From the report's hour of the day before to that of this day: one report's end is the next one's begin."""
    zone = ZoneInfo(admin.timezone)
    since, until = (instant(each, admin.report_hour, zone) for each in (day - timedelta(days=1), day))
    return since, until


def facts(session: Session, since: datetime, until: datetime) -> Facts:
    """Everything that the report of this time tells."""
    return Facts(stats.between(session, since, until), notices.since(session, since))


def sheet(facts: Facts, timezone: str) -> Sheet:
    """The report in words; the same facts give the same words."""
    zone, figures = ZoneInfo(timezone), facts.figures
    found = troubles(facts)
    failed = figures.by_state.get(State.FAILED, 0)
    waiting = sum(figures.by_state.get(state, 0) for state in WAITING)
    held = (each for each in figures.holds if each.state == HoldState.HELD)
    sections = (
        Section("Digests", digests(figures)),
        Section("What waits", _waiting(figures, zone)),
        Section("Held editions", tuple(Row(each.date, "held", " ".join(each.reasons), bad=True) for each in held)),
        Section("Over by now", _ended(facts.told, zone)),
        Section("Sources", tuple(source(each, zone) for each in figures.sources)),
        Section("Readers", _readers(figures)),
        Section("The clock", _clock(figures, zone)),
    )
    return Sheet(
        headline=headline(figures, [few for few, _ in found]),
        span=f"{_day(figures.since, zone)} to {_day(figures.until, zone)}, {timezone}",
        look=tuple(sentence for _, sentence in found),
        tiles=(
            Row("sent", f"{figures.by_state.get(State.SENT, 0):,}"),
            Row("waiting", f"{waiting:,}"),
            Row("failed", f"{failed:,}", bad=failed > 0),
        ),
        sections=tuple(section for section in sections if section.rows),
    )


def headline(figures: Figures, found: Sequence[str]) -> str:
    """Whether all is well, in one line: "All well: 312 digests sent, none failed"."""
    if found:
        return f"Look at this: {words.listed(found, most=2)}"
    sent = figures.by_state.get(State.SENT, 0)
    if not figures.planned:
        return "All well: no digest was due"
    if not sent:
        return "All well: no digest was sent, and none failed"
    return f"All well: {words.counted(sent, 'digest')} sent, none failed"


def troubles(facts: Facts) -> list[tuple[str, str]]:
    """What the admin should look at, each in a few words and in a sentence: alerts first, then digests."""
    states, skipped = facts.figures.by_state, facts.figures.skipped
    late = skipped.get(Skip.LATE, 0) + skipped.get(Skip.MISSED, 0)
    counted = (
        (states.get(State.FAILED, 0), "failed", "failed for good. The log and the admin pages say why."),
        (states.get(State.UNKNOWN, 0), "in doubt", "may have arrived or not: the connection broke at the end."),
        (late, "too late", "could not be sent in time: skipped."),
    )
    found = [(f"{n:,} {few}", f"{words.counted(n, 'digest')} {said}") for n, few, said in counted if n]
    held = {notices.HELD + each.date for each in facts.figures.holds if each.state == HoldState.HELD}
    over = {each.key for each in facts.told if each.key.startswith(notices.HELD)} - held  # somebody decided
    still = [each for each in facts.told if each.ended_at is None and each.key not in over]
    found = [
        (notices.few(notice.key, notice.words), notices.sentence(notice.key, notice.words)) for notice in still
    ] + found
    said = {notice.key for notice in still}
    for each in facts.figures.sources:
        if each.reads and each.reads == each.failures and f"source fails {each.name}" not in said:
            found.append((f"{each.name} cannot be read", f"{each.name} cannot be read: {_error(each)}"))
    return found


def digests(figures: Figures) -> tuple[Row, ...]:
    """Planned, and what became of them: the other figures add up to it."""
    why = ", ".join(_most_first({SKIPS.get(name, name): n for name, n in figures.skipped.items()}))
    rows = [Row("Planned", f"{figures.planned:,}")]
    for state, name in STATES.items():
        count = figures.by_state.get(state, 0)
        if count or state not in {State.PENDING, State.SENDING}:
            bad = bool(count) and state in {State.FAILED, State.UNKNOWN}
            rows.append(Row(name, f"{count:,}", why if state is State.SKIPPED else "", bad=bad))
    return tuple(rows)


def _most_first(counts: Mapping[str, int]) -> list[str]:
    """Like "nothing worth sending 6", those that are most first."""
    return [f"{name} {n:,}" for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n]


def source(each: SourceFigures, zone: ZoneInfo) -> Row:
    """One source: what it brought, how its reads went, when it last had news."""
    if not each.reads:
        read = "not read"
    elif each.failures:
        read = f"{each.failures:,} of {words.counted(each.reads, 'read')} failed: {_error(each)}"
    else:
        read = words.counted(each.reads, "read")
    news = f"last news {_short(each.last_news_at, zone)}" if each.last_news_at else "no news yet"
    return Row(each.name, f"{each.new:,} new", f"{read}; {news}", bad=0 < each.reads == each.failures)


def _error(each: SourceFigures) -> str:
    return words.cut(redacted_in(words.clean(each.last_error)), MOST_ERROR).rstrip(".") or "no reason was given"


def _waiting(figures: Figures, zone: ZoneInfo) -> tuple[Row, ...]:
    return tuple(
        Row(
            f"Next try {_short(each.next_try, zone)}" if each.next_try else "Waiting",
            f"{each.count:,}",
            redacted_in(each.outcome),
        )
        for each in figures.waiting
    )


def _ended(told: Sequence[Notice], zone: ZoneInfo) -> tuple[Row, ...]:
    """What the admin was told in this time and need not look at any more."""
    return tuple(
        Row(
            notices.headline(notice.key, notice.words),
            "over",
            f"{_short(notice.at, zone)} to {_short(notice.ended_at, zone)}",
        )
        for notice in told
        if notice.ended_at is not None and not notice.key.startswith(MARK)
    )


def _readers(figures: Figures) -> tuple[Row, ...]:
    return (
        Row("New", f"{figures.confirmed:,}"),
        Row("Left", f"{figures.lost:,}"),
        Row("Bounced", f"{figures.bounced:,}"),
        Row("Suppressed addresses", f"{figures.suppressed:,}"),
        Row("Other letters", f"{sum(figures.letters.values()):,}", ", ".join(_most_first(figures.letters))),
    )


def _clock(figures: Figures, zone: ZoneInfo) -> tuple[Row, ...]:
    rows = []
    if figures.slowest:
        rows.append(Row("Slowest step", f"{figures.slowest[1]:,.1f} s", figures.slowest[0]))
    if figures.last_tick:
        local = figures.last_tick.astimezone(zone)
        rows.append(Row("Last tick", f"{local.hour}:{local:%M}", words.plain_date(local.date())))
    return tuple(rows)


def _day(at: datetime, zone: ZoneInfo) -> str:
    """Like "24 November 2026, 7:00"."""
    local = at.astimezone(zone)
    return f"{words.plain_date(local.date())}, {local.hour}:{local:%M}"


def _short(at: datetime, zone: ZoneInfo) -> str:
    """Like "24 Nov, 7:00"."""
    local = at.astimezone(zone)
    return f"{words.short_date(local.date(), local.date())}, {local.hour}:{local:%M}"

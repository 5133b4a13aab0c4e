"""What makes an edition look wrong: pure rules over a few facts, answered in sentences for the admin."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

USUAL_DAYS = 5  # with news, the newest ones
PLURAL = 2
FEWEST_INTERESTS = 10  # among fewer different sets of interests the same picks may be chance


@dataclass(frozen=True)
class Rules:
    """When an edition is held; 0 turns a rule off (docs/configuration.md, `[gate]`).

    With `budget_bytes` 0 no message is built to be looked at.
    """

    least_papers: int
    usual_papers: int
    same_share: float
    from_readers: int
    budget_bytes: int


@dataclass(frozen=True)
class SourceFacts:
    """One source: papers that it usually brings on a day with news, and what it brought in the last 24 hours.

    `read` = its newest read was in these hours and went well; a source that is down is another trouble, told
    elsewhere. `expected` = there should be news by now; a source of which none is expected (a day off, or it is
    late and was waited for) is never a reason to hold. `told` = it told of news of these hours, though another
    source may have told them first, so that none was new here.
    """

    name: str
    usual: float
    new: int
    read: bool
    expected: bool
    told: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known of the digests of one date that wait to be judged.

    `planned` of them; for `skipped` readers planned together with them nothing was worth sending. `broken` are the
    faults of those that cannot be built, among `sampled` messages. `interests` counts different sets of interests,
    `alike` those of them that led to the very same picks. `template_of` is the date of the last edition where its
    template was another, else "". `faults` and `doubts` are the errors and warnings that lint finds in the longest
    message.
    """

    date: str
    planned: int
    skipped: int
    considered: int
    sources: tuple[SourceFacts, ...] = ()
    sampled: int = 0
    broken: tuple[str, ...] = ()
    largest_html: int = 0
    faults: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    interests: int = 0
    alike: int = 0
    template_of: str = ""


def reasons(facts: Facts, rules: Rules) -> list[str]:
    """Why the admin should look before this goes out, in sentences; empty when nothing looks wrong."""
    found = []
    if facts.considered < rules.least_papers:
        few = f"{facts.considered or 'no'} {'paper was' if facts.considered < PLURAL else 'papers were'}"
        found.append(f"Too few papers: {few} there to choose from, and gate.least_papers is {rules.least_papers}.")
    found += [_empty(each) for each in facts.sources if _is_empty(each, rules)]
    if facts.broken:
        count, first = len(facts.broken), facts.broken[0]
        found.append(f"{count} of {facts.sampled} messages looked at cannot be built; the first: {first}.")
    if facts.faults:
        more = f" (and {len(facts.faults) - 1} more)" if len(facts.faults) > 1 else ""
        found.append(f"The mail has a fault: {facts.faults[0]}{more}.")
    if facts.largest_html > rules.budget_bytes > 0:
        over = f"{facts.largest_html:,} bytes of HTML, and digest.budget_bytes is {rules.budget_bytes:,}"
        found.append(f"A message is too long: it has {over}.")
    if _too_alike(facts, rules):
        different = f"of {facts.interests:,} readers who follow different things {facts.alike:,}"
        found.append(f"The picks look broken: {different} would get the very same papers.")
    return found


def warnings(facts: Facts, rules: Rules) -> list[str]:
    """What the admin should know, though the edition goes out."""
    found = []
    if facts.template_of:
        found.append(
            f"The template or the newsletter's own words changed since the edition of {facts.template_of}."
        )
    if facts.doubts:
        found.append(f"Lint doubts {len(facts.doubts)} of the mail's details; the first: {facts.doubts[0]}.")
    everybody = facts.planned + facts.skipped
    if everybody >= rules.from_readers and facts.skipped > facts.planned:
        found.append(f"For {facts.skipped:,} of {everybody:,} readers nothing was worth sending.")
    return found


def _is_empty(source: SourceFacts, rules: Rules) -> bool:
    usually_full = bool(rules.usual_papers) and source.usual >= rules.usual_papers
    silent = source.read and not source.new and not source.told
    return usually_full and source.expected and silent


def _empty(source: SourceFacts) -> str:
    usual = f"{source.usual:,.0f} on a day with news"
    return f"The source {source.name} brought no new paper in the last 24 hours: usually it brings {usual}."


def _too_alike(facts: Facts, rules: Rules) -> bool:
    enough = facts.planned >= rules.from_readers and facts.interests >= FEWEST_INTERESTS
    return bool(rules.same_share) and enough and facts.alike >= rules.same_share * facts.interests


def usual(news: Iterable[int]) -> float:
    """The median of the newest days that brought any paper; `news` is by day, the newest first. 0 without any."""
    full = [count for count in news if count > 0][:USUAL_DAYS]
    return median(full) if full else 0.0


def alike(readers: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """(different sets of interests, how many of them led to the picks that most of them led to).

    Each reader is (a mark of what they follow, a mark of their picks in order). Readers who follow the very same
    things rightly get the same, so they count once; what remains are people who should differ.
    """
    different = set(readers)
    groups = Counter(picks for _, picks in different)
    return len({interests for interests, _ in different}), max(groups.values(), default=0)

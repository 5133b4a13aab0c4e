"""Why did this reader get, or not get, a mail, this paper, at that time: from stored rows alone, in plain words.

record (loads) -> facts (plain data) -> planned or absent (the verdict) -> story (what stands behind it).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from newsletter.why import absent, paper_words, planned, record, story
from newsletter.why import paper as papers
from newsletter.why.facts import Facts, Rules
from subscribers.models import Subscriber

__all__ = ["Answer", "Facts", "Rules", "answer", "explain"]


@dataclass(frozen=True)
class Answer:
    """`code` says what became of the digest, `paper_code` of the paper asked about ("" without one).

    `lines` are the story, the answer first; `facts` what it was told from.
    """

    code: str
    paper_code: str
    lines: tuple[str, ...]
    facts: Facts


def explain(
    session: Session,
    reader: Subscriber,
    at: datetime,
    now: datetime,
    rules: Rules,
    paper: str = "",
    *,
    whole_day: bool = False,
) -> Answer:
    """What became of this reader's digest at `at`, and why; `now` is the real time. Stores nothing.

    `paper` asks about one paper too: a key, an arXiv id, a DOI or words of its title. With `whole_day` the local
    date of `at` is meant, not the digest that is open at that moment.
    """
    found = record.load(session, reader, at, now, rules, whole_day=whole_day)
    if paper.strip():
        found = replace(found, paper=papers.load(session, reader, found, rules, paper))
    return answer(found)


def answer(found: Facts) -> Answer:
    """The story of these facts: the answer stands in the first line."""
    main = planned.verdict(found, found.digest) if found.digest is not None else absent.verdict(found)
    if found.paper is None:
        return Answer(str(main.code), "", (main.words, *story.tell(found, main.code)), found)
    code, said = paper_words.told(found, found.paper)
    return Answer(str(main.code), str(code), (said, main.words, *story.tell(found, main.code)), found)

"""An edition: what all digests of one day and template share, frozen so that every copy has the same bytes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from newsletter.bulk import fetched
from newsletter.db import insert_once
from newsletter.mail import tex
from newsletter.mail.template import Letter
from newsletter.models import Edition, EditionPaper, Frozen, Paper

MOST_HISTORY = 12  # points of a sparkline
MOST_AUTHORS = 12  # more are counted, not named


@dataclass(frozen=True)
class Imprint:
    """The newsletter's own words in every message, as the configuration gives them."""

    title: str
    url: str
    sender: str
    postal_address: str
    return_path: str
    budget_bytes: int
    language: str = "en"
    thumbnails: bool = False


@dataclass(frozen=True)
class Issue:
    """A compiled letter with its imprint: what a delivery is rendered from."""

    letter: Letter
    imprint: Imprint

    def to_dict(self) -> dict[str, Any]:
        return {"letter": self.letter.to_dict(), "imprint": vars(self.imprint)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Issue":
        return cls(Letter.from_dict(content["letter"]), Imprint(**content["imprint"]))

    @property
    def hash(self) -> str:
        """SHA-256 over everything that shapes the bytes."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()


def freeze(session: Session, period: str, issue: Issue, model_version: str, now: datetime) -> int:
    """The id of the edition for this date and issue, made if need be. Does not commit."""
    key = issue.hash
    insert_once(session, Frozen, [{"hash": key, "content": issue.to_dict()}])
    row = {"date": period, "template_hash": key, "model_version": model_version, "created_at": now}
    insert_once(session, Edition, [row])
    same = (col(Edition.date) == period, col(Edition.template_hash) == key)
    return session.exec(select(Edition.id).where(*same)).one()


def freeze_papers(session: Session, edition_id: int, contents: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep these papers as they read now; what the edition froze before stays. Does not commit."""
    rows = [
        {"edition_id": edition_id, "paper": key, "content": dict(content)} for key, content in contents.items()
    ]
    insert_once(session, EditionPaper, rows)


def frozen_papers(session: Session, edition_id: int) -> set[str]:
    """The keys of the papers that this edition has frozen so far."""
    asked = select(EditionPaper.paper).where(col(EditionPaper.edition_id) == edition_id)
    return {key for (key,) in fetched(session, asked)}


def thaw(session: Session, edition_id: int) -> Issue:
    """The issue that an edition was frozen with."""
    edition = session.get_one(Edition, edition_id)
    return Issue.from_dict(session.get_one(Frozen, edition.template_hash).content)


def thaw_papers(session: Session, edition_id: int, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The frozen papers with these keys."""
    wanted = (col(EditionPaper.edition_id) == edition_id, col(EditionPaper.paper).in_(list(keys)))
    return {row.paper: row.content for row in session.exec(select(EditionPaper).where(*wanted))}


def content(paper: Paper, votes: list[int], *, sample: bool) -> dict[str, Any]:
    """A paper as a digest will show it: plain JSON values, TeX turned into readable Unicode."""
    return {
        "key": paper.key,
        "title": tex.plain(paper.title),
        "url": paper.url,
        "authors": paper.authors[:MOST_AUTHORS],
        "author_count": paper.author_count,
        "categories": paper.categories,
        "organization": paper.organization,
        "summary": tex.plain(paper.summary),
        "abstract": tex.plain(paper.abstract),
        "published": _day(paper.published_at),
        "announced": _day(paper.announced_at),
        "pdf_url": paper.pdf_url,
        "code_url": paper.code_url,
        "discussion_url": paper.discussion_url,
        "upvotes": votes[-1] if votes else None,
        "history": votes[-MOST_HISTORY:],
        "sample": sample,
    }


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


def day(text: str | None) -> date | None:
    """The reverse of what `content` writes."""
    return date.fromisoformat(text) if text else None

"""All letters as they would leave: digests of five sizes from the product's own path, and each other letter."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from benchmarks.render import AT, CONFIG, KEYS, TOPICS, template_values
from newsletter import db, fetch, pick, wiring
from newsletter.cli.start import Started
from newsletter.config import load
from newsletter.due import Due
from newsletter.mail import admin_letter, letter
from newsletter.mail.admin_letter import AdminContent, AdminLetter
from newsletter.mail.letter import LetterContent, Rendered
from newsletter.mail.message import Content, Letterhead, assemble, readable
from newsletter.models import Delivery
from newsletter.render import Press
from newsletter.shipped import shipped
from subscribers import people, preferences
from subscribers.letters import LetterKind
from subscribers.models import FollowKind

SIZES = (1, 5, 10, 20, 30)
TEMPLATES = shipped("templates") / "email"
DATA = Path(os.environ.get("NEWSLETTER_DATA", "../shared/data"))
MOVED = ("newsletter.example", "papers.example.org")
HOME = f"https://{MOVED[1]}"
Facts = TypeVar("Facts", LetterContent, AdminContent)
REAL_DAY = datetime.fromisoformat("2025-12-30T14:00:00+00:00")


@dataclass(frozen=True)
class Mail:
    """One finished message; `values` are what its template was filled in with."""

    name: str
    template: str
    content: bytes
    html: str
    text: str
    values: Mapping[str, Any]

    @property
    def papers(self) -> int:
        """How many papers it names; 0 for a letter that is no digest."""
        return len(self.values.get("papers", ()))


def every() -> list[Mail]:
    """Digests of the bundled sample, of real papers where they are, and each letter's example."""
    found = [*digests("digest", shipped("sample") / "*.jsonl", AT)]
    if (DATA / "huggingface").is_dir():
        month = (DATA / "huggingface" / "daily").resolve() / "2025-12-*.json.gz"
        found += digests("real", month, REAL_DAY, (10, 30))
    found += [_letter(kind) for kind in LetterKind]
    return found + [_to_admin(kind) for kind in AdminLetter]


def digests(name: str, papers: Path, at: datetime, sizes: Sequence[int] = SIZES) -> Iterator[Mail]:
    """One digest of each size, fetched, picked, planned and rendered as any reader's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(CONFIG.format(sample=papers), encoding="utf-8")
        started = Started(load(path))
        with db.writing(started.engine) as session, wiring.fetcher(started.config) as fetcher:
            fetch.run(session, wiring.sources(started.config), fetcher, at, at, lambda *_: None)
            due = [Due(_reader(session, size, at), at.date().isoformat()) for size in sizes]
        pick.run(started.engine, due, wiring.taste(started.config), wiring.issue(started.config), KEYS, at, at)
        with Session(started.engine) as session:
            ids = session.exec(select(Delivery.id).order_by(col(Delivery.id))).all()
            press = Press(KEYS)
            drafts = [press.load(session, [each])[each] for each in ids]
        for size, draft in zip(sizes, drafts, strict=True):
            yield _mail(f"{name}-{size}", "digest", press.envelope(draft).content, template_values(draft))
        started.engine.dispose()


def _reader(session: Session, size: int, at: datetime) -> int:
    follows = [preferences.parse_follow(FollowKind.TOPIC, topic) for topic in TOPICS]
    wanted = preferences.parse({"name": "Ada", "size": str(size)})
    joined = at - timedelta(days=30)
    email = f"reader{size}@example.org"
    return people.add(session, email, wanted, follows, now=joined, confirmed=True, wording="checked").id


def _letter(kind: LetterKind) -> Mail:
    facts = at_home(letter.example(kind))
    rendered = letter.render(letter.load(kind, [TEMPLATES]), facts)
    return _put(rendered, facts, letter.variables(facts))


def _to_admin(kind: AdminLetter) -> Mail:
    facts = at_home(AdminContent.example(kind))
    rendered = admin_letter.render(admin_letter.load(kind, [TEMPLATES]), facts)
    return _put(rendered, facts, admin_letter.variables(facts))


def at_home(facts: Facts) -> Facts:
    """The example under a domain that filters take for one: to rspamd a link below .example is an obscured one."""
    words = {each.name: getattr(facts, each.name) for each in fields(facts)}
    told: dict[str, Any] = {
        name: word.replace(*MOVED)
        for name, word in words.items()
        if isinstance(word, str) and not isinstance(word, StrEnum)
    }
    return replace(facts, **told)


def _put(rendered: Rendered, facts: LetterContent | AdminContent, values: Mapping[str, Any]) -> Mail:
    leave = str(values["unsubscribe_url"])
    name, words = str(facts.kind), (rendered.subject, rendered.text, rendered.html)
    return in_an_envelope(name, *words, facts.to_email, facts.date, leave, values)


def in_an_envelope(
    name: str,
    subject: str,
    text: str,
    html: str,
    to: str,
    date: datetime = AT,
    leave: str = f"{HOME}/u/token",
    values: Mapping[str, Any] | None = None,
) -> Mail:
    """A letter in an envelope, as newsletter.render puts it in one."""
    content = Content(
        to_name="",
        to=to,
        subject=subject,
        text=text,
        html=html,
        message_id=f"<{name}.7f3a9c5e1b@{MOVED[1]}>",
        date=date,
        letter=name,
        period=date.date().isoformat(),
        unsubscribe_url=leave,
        unsubscribe_mailto=f"mailto:papers@{MOVED[1]}?subject=unsubscribe%20token" if leave else "",
    )
    head = Letterhead("Example Papers", f"papers@{MOVED[1]}", f"{HOME}/", f"{HOME}/archive")
    return _mail(name, name, assemble(head, content), values or {})


def _mail(name: str, template: str, content: bytes, values: Mapping[str, Any]) -> Mail:
    text, html = readable(content)
    return Mail(name, template, content, html, text, values)


def write(mails: Sequence[Mail], folder: Path) -> None:
    """NAME.eml, .html and .txt of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for mail in mails:
        (folder / f"{mail.name}.eml").write_bytes(mail.content)
        (folder / f"{mail.name}.html").write_text(mail.html, encoding="utf-8")
        (folder / f"{mail.name}.txt").write_text(mail.text, encoding="utf-8")

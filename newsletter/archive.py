"""The archive's model in the database: fitted anew when the archive has grown, stored by version, loaded once."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from zipfile import BadZipFile

import numpy as np
import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, delete, func, select, update

from newsletter import db, embeddings, priors
from newsletter.embedding import Embedder
from newsletter.embedding.vectors import Vectors, centred
from newsletter.errors import ConfigError
from newsletter.models import ArchiveModel, Paper
from newsletter.profiles import text
from newsletter.ranking import archive
from newsletter.ranking.archive import Archive, Encoded
from newsletter.ranking.grams import Text
from newsletter.ranking.prior import Prior

Progress = Callable[[str, str], None]

log = structlog.get_logger(__name__)

MOST_READ = 20_000  # papers, the newest: what a field talks about changes
GROWN = 1.2  # read again when there are a fifth more papers
STALE = timedelta(days=7)  # or after a week with any news
KEPT_VERSIONS = 3
NEWEST_FIRST = (col(ArchiveModel.created_at).desc(), col(ArchiveModel.version))
UNREADABLE = (ValueError, KeyError, OSError, EOFError, BadZipFile)
MOST_WORDS = 5000  # things that readers follow whose meanings are kept
ENOUGH_NEW = 200  # papers that got their vectors since make it worth while to read all again
MEANING, STATIC_MEANING = 300.0, 20.0  # of the cosine of two papers' embeddings, beside the archive's own weights


@dataclass(frozen=True)
class Model:
    """What was learned from the archive: how papers become vectors, and what papers without votes are worth.

    `semantic` names the embedding model whose vectors are used too, and `embed` makes one; `centre` is what all
    papers' vectors share.
    """

    archive: Archive
    prior: Prior | None = None
    semantic: str = ""
    centre: Vectors | None = None
    embed: Callable[[Text], Vectors] | None = None

    @property
    def version(self) -> str:
        """What a digest records: the same version makes the same picks of the same figures."""
        if not self.semantic:
            return self.archive.version
        # A folder's name may be as long as it likes, and an edition has forty letters for all of this.
        return f"{self.archive.version} {hashlib.sha256(self.semantic.encode()).hexdigest()[:8]}"

    def encode(self, keys: Sequence[str], texts: Sequence[Text], meanings: Mapping[str, Vectors]) -> Encoded:
        """Papers as vectors, with what `meanings` loaded of them."""
        return self.meant(keys, self.archive.encode(texts), meanings)

    def meanings(self, session: Session, keys: Collection[str]) -> dict[str, Vectors]:
        """The embedding model's vectors of these papers, as far as there are any."""
        return embeddings.load(session, self.semantic, keys) if self.semantic else {}

    def meant(self, keys: Sequence[str], encoded: Encoded, meanings: Mapping[str, Vectors]) -> Encoded:
        """The same papers with the embedding model's vectors; one without has zeros."""
        if self.centre is None:
            return encoded
        nothing = np.zeros_like(self.centre)
        known = np.array([meanings.get(key, nothing) for key in keys], dtype=np.float32)
        return replace(encoded, semantic=self._weighted(known.reshape(len(keys), len(nothing)), self.centre))

    def said(self, text: Text) -> Vectors | None:
        """What words mean that somebody follows, given as (name, more words), beside papers' vectors."""
        if self.embed is None or self.centre is None:
            return None
        try:
            return self._weighted(self.embed(text), self.centre).ravel()
        except ConfigError as error:
            log.warning("what readers follow is ranked without meanings", reason=str(error))
            return None

    def _weighted(self, vectors: Vectors, centre: Vectors) -> Vectors:
        weight = STATIC_MEANING if self.semantic.startswith("static") else MEANING
        return np.asarray(centred(vectors, centre) * weight**0.5, dtype=np.float32)


class Models:
    """The newest model of a database, read once for each version; `embedder` makes vectors that know meanings."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self.embedder = embedder
        self.semantic = embedder.name if embedder else ""
        # What people follow is asked for again with each plan, and takes a model its time.
        self._embed = lru_cache(MOST_WORDS)(lambda text: embedder.embed([text])) if embedder else None
        self._kept: Model | None = None
        self._of: tuple[str, int] = ("", 0)

    def newest(self, session: Session) -> Model | None:
        """None before the first fit."""
        version = _newest(session)
        if version is None:
            return None
        vectors = embeddings.counted(session, self.semantic)[0] // ENOUGH_NEW if self.semantic else 0
        if self._kept is None or self._of != (version, vectors):
            self._kept, self._of = self._readable(session, version), (version, vectors)
        return self._kept

    def unreadable(self, engine: Engine) -> bool:
        """Whether there is a model that cannot be read: the archive has to be read again then."""
        with Session(engine) as session:
            return _newest(session) is not None and self.newest(session) is None

    def _readable(self, session: Session, version: str) -> Model | None:
        try:
            return self._read(session, version)
        except UNREADABLE as error:
            log.error("the archive's model cannot be read", reason=str(error))  # noqa: TRY400 - it says all
            return None

    def _read(self, session: Session, version: str) -> Model:
        stored = session.get_one(ArchiveModel, version)
        prior = Prior.from_bytes(stored.prior) if stored.prior else None
        centre = embeddings.centre(session, self.semantic) if self.semantic else None
        model = Model(Archive.from_bytes(stored.content), prior, self.semantic, centre, self._embed)
        session.expunge(stored)  # its bytes are not kept beside what was read from them
        read, keys = model.archive, model.archive.keys
        if read.papers is None:
            return model
        papers = model.meant(keys, read.papers, model.meanings(session, keys))
        return replace(model, archive=replace(read, papers=papers))


def _newest(session: Session) -> str | None:
    ours = col(ArchiveModel.version).startswith(f"{archive.FORMAT}-", autoescape=True)
    return session.exec(select(ArchiveModel.version).where(ours).order_by(*NEWEST_FIRST).limit(1)).first()


def learn(
    engine: Engine,
    models: Models,
    at: datetime,
    clock: Callable[[], datetime],
    progress: Progress,
    enough: Callable[[], bool] = lambda: False,
) -> str | None:
    """After a fetch: new papers get vectors, until `enough`; then the archive is read again if it has grown."""
    try:
        if models.embedder is not None:
            embeddings.embed_new(engine, models.embedder, progress, enough)
    finally:
        version = refit(engine, at, clock, anew=models.unreadable(engine))
    return version


def outgrown(session: Session, now: datetime) -> bool:
    """Whether the archive has papers enough that the model has not read, or any and the model is a week old."""
    papers = session.exec(select(func.count()).select_from(Paper)).one()
    version = _newest(session)
    if version is None:
        return papers > 0
    stored = session.exec(
        select(ArchiveModel.papers, ArchiveModel.created_at).where(col(ArchiveModel.version) == version)
    ).one()
    return papers >= stored[0] * GROWN or (papers != stored[0] and now - stored[1] >= STALE)


def refit(engine: Engine, at: datetime, clock: Callable[[], datetime], *, anew: bool = False) -> str | None:
    """Read the archive again if it has outgrown its model; the new version, or None where none was needed.

    `anew` forgets a model that cannot be read first. `at` is the calendar's moment: votes by then teach what
    papers come to. Nothing is locked while it reads. Of two processes that do it at once both store the same
    version.
    """
    with Session(engine) as session:
        if not anew and not outgrown(session, clock()):
            return None
        papers = _papers(session)
        count = session.exec(select(func.count()).select_from(Paper)).one()
        fitted = archive.fit([text(paper) for paper in papers], [paper.key for paper in papers])
        session.expunge_all()
        prior = priors.learn(session, fitted.encode, at)
    row = {"version": fitted.version, "created_at": clock(), "papers": count, "content": fitted.to_bytes()}
    with db.writing(engine) as session:
        if anew:
            session.exec(delete(ArchiveModel))
        db.insert_once(session, ArchiveModel, [row | {"prior": prior.to_bytes() if prior else b""}])
        # Where all that is new is older than what was read, the version stays, what it means too, and the count
        # must not.
        counted = {"papers": count, "created_at": row["created_at"]}
        session.exec(update(ArchiveModel).where(col(ArchiveModel.version) == fitted.version).values(counted))
        _tidy(session)
    log.info("archive read", papers=fitted.read, terms=len(fitted.terms), version=fitted.version)
    return fitted.version


def _papers(session: Session) -> list[Paper]:
    """The newest papers, the newest last."""
    newest_first = (col(Paper.announced_at).desc(), col(Paper.key).desc())
    return list(session.exec(select(Paper).order_by(*newest_first).limit(MOST_READ)))[::-1]


def _tidy(session: Session) -> None:
    """Old versions go: digests name them, and nobody picks by them again."""
    kept = select(ArchiveModel.version).order_by(*NEWEST_FIRST).limit(KEPT_VERSIONS)
    session.exec(delete(ArchiveModel).where(col(ArchiveModel.version).not_in(session.exec(kept).all())))

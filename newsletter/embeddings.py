"""Papers' vectors in the database: made once for each paper, newest papers first, and read back for ranking."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from sqlalchemy import Engine
from sqlmodel import Session, col, delete, func, select

from newsletter import db
from newsletter.embedding import Embedder
from newsletter.embedding.vectors import Text, Vectors
from newsletter.models import Embedding, Paper

AT_ONCE = 128  # papers in one transaction: whoever is killed loses some seconds of work
CENTRE_OF = 5000
STORED = np.dtype("<f2")  # 16-bit floats, in one byte order on every machine

Progress = Callable[[str, str], None]


def embed_new(
    engine: Engine, embedder: Embedder, progress: Progress, enough: Callable[[], bool] = lambda: False
) -> int:
    """Give every paper without one its vector; how many were made. Commits after each batch.

    Newest papers first, and it stops when `enough` says so: the others are for the next time. Two processes may
    do this at once. Vectors of another model go when no paper lacks one of this: until then changing back is free.
    """
    with Session(engine) as session:
        keys = missing(session, embedder.name)
    made = 0
    for batch in db.batches(keys, AT_ONCE):
        if enough():
            return made
        progress("embed", f"{made:,} of {len(keys):,} papers")
        made += _embed(engine, embedder, batch)
    with db.writing(engine) as session:
        session.exec(delete(Embedding).where(col(Embedding.model) != embedder.name))
    return made


def _embed(engine: Engine, embedder: Embedder, keys: Sequence[str]) -> int:
    with Session(engine) as session:
        papers = session.exec(select(Paper).where(col(Paper.key).in_(keys))).all()
    vectors = embedder.embed([text(paper) for paper in papers])
    rows = [
        {"paper": paper.key, "model": embedder.name, "vector": vector.astype(STORED).tobytes()}
        for paper, vector in zip(papers, vectors, strict=True)
    ]
    with db.writing(engine) as session:
        # In one order, so that of two processes none waits for the other in a circle.
        db.insert_once(session, Embedding, sorted(rows, key=lambda row: str(row["paper"])))
    return len(rows)


def text(paper: Paper) -> Text:
    """What of a paper its vector is made of."""
    return paper.title, paper.abstract or paper.summary


def missing(session: Session, model: str) -> list[str]:
    """The keys of papers without a vector of this model, the newest paper first."""
    has = select(Embedding.paper).where(Embedding.paper == Paper.key, Embedding.model == model).exists()
    return list(session.exec(select(Paper.key).where(~has).order_by(col(Paper.announced_at).desc(), Paper.key)))


def counted(session: Session, model: str) -> tuple[int, int]:
    """How many papers have a vector of this model, and how many papers there are."""
    having = select(func.count()).select_from(Embedding).where(col(Embedding.model) == model)
    return session.exec(having).one(), session.exec(select(func.count()).select_from(Paper)).one()


def forget(session: Session, keys: Collection[str]) -> None:
    """Let go of these papers' vectors, because their texts have changed. Does not commit."""
    for batch in db.batches(sorted(keys), db.LOOKED_UP):
        session.exec(delete(Embedding).where(col(Embedding.paper).in_(batch)))


def load(session: Session, model: str, keys: Collection[str]) -> dict[str, Vectors]:
    """The vectors that there are of these papers, by their keys: of length 1, or of 0 for an empty text."""
    found: dict[str, Vectors] = {}
    for batch in db.batches(sorted(set(keys)), db.LOOKED_UP):
        wanted = (col(Embedding.model) == model, col(Embedding.paper).in_(batch))
        stored = session.exec(select(Embedding.paper, Embedding.vector).where(*wanted)).all()
        found |= zip([key for key, _ in stored], _read([vector for _, vector in stored]), strict=True)
    return found


def centre(session: Session, model: str, most: int = CENTRE_OF) -> Vectors | None:
    """The mean of the newest papers' vectors, which is what all papers share; None where there are none."""
    newest = select(Embedding.vector).join(Paper, col(Paper.key) == col(Embedding.paper))
    newest = newest.where(col(Embedding.model) == model).order_by(col(Paper.announced_at).desc(), Paper.key)
    stored = session.exec(newest.limit(most)).all()
    return np.asarray(_read(stored).mean(axis=0)) if stored else None


def _read(stored: Sequence[bytes]) -> Vectors:
    """Stored vectors as rows."""
    if not stored:
        return np.zeros((0, 0), dtype=np.float32)
    return np.frombuffer(b"".join(stored), dtype=STORED).reshape(len(stored), -1).astype(np.float32)

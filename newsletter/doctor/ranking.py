"""Check of the model that ranks papers: which one it is, whether it runs, how many papers have its vectors."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import embeddings
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok
from newsletter.embedding import LIGHT, installed, packages
from newsletter.errors import ConfigError

TRIED = ("Attention is all you need", "")


def model(context: Context) -> list[Finding]:
    """Which model ranks; whether the one that is configured is there and can be used."""
    return [examined(context.config.ranking.model, context.config.path, context.readable)]


def examined(wanted: str, place: Callable[[str], Path], readable: Engine | None) -> Finding:
    """What to say of the model that `ranking.model` asks for; it is tried once."""
    try:
        embedder = installed(wanted, place)
        if embedder is None:
            return light(wanted)
        embedder.embed([TRIED])
    except ConfigError as error:
        return fail("ranking", str(error), 'or write ranking.model = "auto"')
    if readable is None:
        return ok("ranking", f"{embedder.name} runs; the database is not ready")
    with Session(readable) as session:
        return with_vectors(embedder.name, *embeddings.counted(session, embedder.name))


def light(wanted: str) -> Finding:
    """What to say where papers are ranked by their words alone."""
    if wanted == LIGHT:
        return ok("ranking", "light model, as ranking.model says")
    return note("ranking", "light model; the semantic extra picks better", packages.EXTRA)


def with_vectors(name: str, having: int, papers: int) -> Finding:
    """What to say of a model by how many of the papers have its vectors."""
    words = f"{name}: {having:,} of {papers:,} papers have vectors"
    if having >= papers:
        return ok("ranking", words)
    return note("ranking", words, "newsletter fetch makes the others")

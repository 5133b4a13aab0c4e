"""`newsletter topics`: the catalogue that readers choose from, and how much there is of each topic."""

from typing import TYPE_CHECKING, Any

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, At, ConfigPath, now, show, start

if TYPE_CHECKING:
    from subscribers.topics import Catalogue


def topics(at: At = None, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the topics of the catalogue: parents, their subtopics, and the words that tell of each.

    With each stands how many papers of the last 30 days match it. Readers may also follow any topic in their
    own words.
    """
    from sqlmodel import Session

    from newsletter.showcase import topic_counts
    from newsletter.wiring import taste

    started = start(config)
    catalogue = started.config.catalogue()
    with Session(started.engine) as session:
        counts = topic_counts(session, now(at), taste(started.config))
    document = [
        {
            "name": each.name,
            "parent": each.parent,
            "words": each.words,
            "categories": each.categories,
            "papers": counts.get(each.name, 0),
        }
        for each in catalogue.topics
    ]
    show(document, as_json, lambda: _print(catalogue, document))


def _print(catalogue: "Catalogue", document: list[dict[str, Any]]) -> None:
    from newsletter.cli.console import console, table

    rows = table("topic", "papers", "words", "categories", numbers=("papers",))
    by_name = {each["name"]: each for each in document}
    for top in catalogue.children(""):
        _add(rows, by_name[top.name])
        for child in catalogue.children(top.name):
            _add(rows, by_name[child.name], "  ")
    console().print(rows)


def _add(rows: Any, each: dict[str, Any], indent: str = "") -> None:  # noqa: ANN401 - rich's table, slow to import
    words, categories = ", ".join(each["words"]), ", ".join(each["categories"])
    rows.add_row(f"{indent}{each['name']}", f"{each['papers']:,}", words, categories)

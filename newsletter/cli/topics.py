"""`newsletter topics`: the catalogue that readers choose from."""

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, show, start


def topics(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the topics of the catalogue: parents, their subtopics, and the words that tell of each.

    Readers may also follow any topic in their own words.
    """
    catalogue = start(config).config.catalogue()
    document = [
        {"name": each.name, "parent": each.parent, "words": each.words, "categories": each.categories}
        for each in catalogue.topics
    ]

    def people() -> None:
        from newsletter.cli.console import console, table

        rows = table("topic", "words", "categories")
        for top in catalogue.children(""):
            rows.add_row(top.name, ", ".join(top.words), ", ".join(top.categories))
            for child in catalogue.children(top.name):
                rows.add_row(f"  {child.name}", ", ".join(child.words), ", ".join(child.categories))
        console().print(rows)

    show(document, as_json, people)

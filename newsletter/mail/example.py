"""A made-up digest that uses every part of a template: what templates are checked with before they are used."""

import datetime as dt
from dataclasses import replace

from newsletter.mail.content import DigestContent, PaperShown


def digest() -> DigestContent:
    """Ten papers that have all a paper can have."""
    paper = PaperShown(
        key="arxiv:2604.00001",
        title="An example paper",
        url="https://papers.example/1",
        authors=("Ada Example", "Lin Sample", "Priya Specimen"),
        author_count=5,
        categories=("cs.LG",),
        organization="Example Institute",
        summary="One sentence says what it is about.",
        abstract="",
        published=dt.date(2026, 4, 21),
        announced=dt.date(2026, 4, 22),
        pdf_url="https://papers.example/1.pdf",
        code_url="https://code.example/1",
        discussion_url="https://talk.example/1",
        upvotes=412,
        history=(3, 40, 412),
        sample=True,
        topics=("Machine learning",),
        reasons=("Matches your topic Machine learning",),
        trending=True,
        more_url="https://newsletter.example/thumbs/token/1/up",
        less_url="https://newsletter.example/thumbs/token/1/down",
    )
    papers = tuple(replace(paper, key=f"arxiv:2604.{number:05}") for number in range(1, 11))
    return DigestContent(
        brand="Example Papers",
        site_url="https://newsletter.example",
        postal_address="1 Example Street, 10115 Berlin, Germany",
        date=dt.date(2026, 4, 23),
        to_email="reader@example.org",
        reader_name="Ada",
        joined=dt.date(2026, 3, 2),
        considered=412,
        interests=("Machine learning",),
        papers=papers,
        unsubscribe_url="https://newsletter.example/unsubscribe/token",
        preferences_url="https://newsletter.example/preferences/token",
        archive_url="https://newsletter.example/archive",
        browser_url="https://newsletter.example/issues/token",
        sample=True,
    )

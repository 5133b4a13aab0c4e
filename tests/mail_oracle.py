"""What Jinja alone makes of a digest: the template as a whole, with all values, for one reader."""

from pathlib import Path

from newsletter.mail import words
from newsletter.mail.content import roomy, variables
from newsletter.mail.digest import _plans, render
from newsletter.mail.template import Letter, _hash, fill_in

# Templates that nobody writes: every construct that cannot be taken apart, or looks as if it could.
ODD = (Path(__file__).parent / "data" / "odd-digests.txt").read_text(encoding="utf-8").split("\n%%%%\n")


def own(html, text=""):
    """A letter of this HTML and text."""
    return Letter("digest", html, text, "{{ subject }}", _hash(html, text, "{{ subject }}"))


def expected(letter, content, budget):
    """Subject, HTML and text of the first plan that fits."""
    roomy_plan = roomy(len(content.papers))
    values = variables(content, roomy_plan)
    text = words.tidy(fill_in(letter, "text", values))
    subject = words.clean(fill_in(letter, "subject", values)) or values["subject"]
    for plan in _plans(roomy_plan, len(content.papers)):
        html = fill_in(letter, "html", variables(content, plan))
        if len(html.encode()) <= budget:
            return subject, html, text
    return subject, "", text


def assert_as_jinja(letter, content, budget=10**9):
    rendered = render(letter, content, budget)
    assert (rendered.subject, rendered.html, rendered.text) == expected(letter, content, budget)

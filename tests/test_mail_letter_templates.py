"""Letters with templates of one's own: what they must show, and what a broken one is told."""

import shutil
from pathlib import Path

import pytest

from newsletter.errors import TemplateError
from newsletter.mail.letter import example, load, render
from subscribers.letters import LetterKind

SHIPPED = Path(__file__).parent.parent / "templates" / "email"


@pytest.fixture
def own(tmp_path):
    """A user's folder that overrides one file of the shipped letters."""

    def override(name, old, new):
        text = (SHIPPED / name).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new), encoding="utf-8")
        return [tmp_path, SHIPPED]

    return override


@pytest.mark.parametrize(
    ("kind", "file", "old", "name"),
    [
        (LetterKind.CONFIRM, "_letter_footer.html", "{{ reason }}", "reason"),
        (LetterKind.CONFIRM, "_letter.txt", "{{ action_url }}", "action_url"),
        (LetterKind.GOODBYE, "_letter.txt", "{{ postal_address|fill }}", "postal_address"),
        (LetterKind.WELCOME, "_letter.txt", '[[ _("Unsubscribe") ]]: {{ unsubscribe_url }}', "unsubscribe_url"),
        (LetterKind.LINK, "_letter.txt", "{{ preferences_url }}", "preferences_url"),
    ],
)
def test_a_letter_without_its_duties_is_refused_by_name_and_file(own, kind, file, old, name):
    folders = own(file, old, "gone")

    with pytest.raises(TemplateError) as caught:
        load(kind, folders)

    assert str(caught.value).startswith(f"{folders[0] / file}: {{{{ {name} }}}} is not shown\n  cure: ")


def test_a_letter_that_forgets_what_it_is_sent_for_is_told_so(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "own")
    frame = tmp_path / "own" / "_letter.mjml"
    frame.write_text(frame.read_text().replace("{{ action_url }}", "{{ site_url }}"))

    with pytest.raises(TemplateError, match=r"action_url \}\} is not shown\n  cure: the letter is sent for this"):
        load(LetterKind.CONFIRM, [tmp_path / "own"])


def test_a_slip_in_a_letter_names_its_file_and_line(own):
    with pytest.raises(TemplateError, match=r"confirm\.mjml:5: brnd is not known"):
        load(LetterKind.CONFIRM, own("confirm.mjml", "{{ brand }}", "{{ brnd }}"))


def test_an_empty_subject_template_falls_back_to_the_name(own):
    loaded = load(
        LetterKind.CONFIRM,
        own("confirm.subject.txt", '[[ _("Confirm your subscription to {brand}", brand="{{ brand }}") ]]', " "),
    )

    assert render(loaded, example(LetterKind.CONFIRM)).subject == "Example Papers"

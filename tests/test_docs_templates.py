"""The page about templates names every file, every variable and every refusal as they are."""

import re

import pytest
from test_docs import ROOT, blocks, named, page, rows

from newsletter.errors import TemplateError
from newsletter.mail import admin_letter, content, example, letter
from newsletter.mail.admin_letter import AdminContent, AdminLetter
from newsletter.mail.template import REQUIRED, load_letter
from newsletter.mail.theme import THEMES
from subscribers.letters import LetterKind

TEMPLATES = ROOT / "templates" / "email"


def test_every_template_and_every_variable_is_documented():
    values = content.variables(example.digest(), content.roomy(10))
    variables = [*values, *(f"paper.{name}" for name in values["lead"])]
    told = rows(page("templates.md"), "Variable")

    assert set(named(page("templates.md"), "File")) == {path.name for path in TEMPLATES.iterdir()}
    assert sorted(named(page("templates.md"), "Variable")) == sorted(variables)
    assert {row[0].strip("`") for row in told if "**Required.**" in row[1]} == set(REQUIRED)
    assert set(named(page("templates.md"), "Name")) == set(THEMES["paper"]["light"])


def test_every_variable_of_a_letter_is_documented_with_the_letters_that_need_it():
    told = {row[0].strip("`"): row[1] for row in rows(page("templates.md"), "In letters")}
    everywhere = set.intersection(*(set(needed) for needed in letter.REQUIRED.values()))
    some = set.union(*(set(needed) for needed in letter.REQUIRED.values())) - everywhere

    for kind in LetterKind:
        assert told.keys() == letter.variables(letter.example(kind)).keys()
    assert {name for name, said in told.items() if "**Required.**" in said} == everywhere
    assert {name for name, said in told.items() if "**Required** in welcome and link" in said} == some


def test_every_variable_of_a_letter_to_the_admin_is_documented():
    told = {
        name.strip(" `"): row[1]
        for row in rows(page("templates.md"), "To the admin")
        for name in row[0].split(",")
    }

    for kind in AdminLetter:
        assert told.keys() == admin_letter.variables(AdminContent.example(kind)).keys()
    assert {name for name, said in told.items() if "**Required.**" in said} == set(admin_letter.REQUIRED)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("_masthead.html", "{{ headline }}", "{{ headlin }}"),
        ("_card.html", "{{ paper.byline }}", "{{ paper.by_line }}"),
        ("_footer.html", "{{ unsubscribe_url }}", ""),
        ("digest.txt", "{% endfor %}", ""),
        ("digest.mjml", 'padding="28px 32px 24px"', 'padding="28 pixels"'),
        ("digest.mjml", "<mj-section background", '<mj-section {% if lead %}padding="1px"{% endif %} background'),
    ],
)
def test_the_refusals_shown_are_the_ones_given(name, old, new, tmp_path):
    (tmp_path / name).write_text((TEMPLATES / name).read_text().replace(old, new))
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", [tmp_path, TEMPLATES])
    said = str(caught.value).replace(f"{tmp_path}/", "my-templates/email/").replace(f"{ROOT}/", "")

    assert re.sub(r"\n\s*\n", "\n", f"newsletter: {said}\n") in blocks(page("templates.md"), "text")

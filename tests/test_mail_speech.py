"""Fixed phrases, dates, numbers and lists in each language."""

import re
from datetime import date

import pytest
from babel.messages.pofile import read_po
from phrases import plurals, singles

from newsletter.errors import TemplateError
from newsletter.mail.speech import CATALOGUES, languages, speech

DAY = date(2026, 4, 23)
NAMES = re.compile(r"\{\w+\}")
FOREIGN = [language for language in languages() if language != "en"]


def catalogue(language):
    with (CATALOGUES / f"{language}.po").open("rb") as opened:
        return read_po(opened, locale=language)


@pytest.mark.parametrize("language", FOREIGN)
def test_each_phrase_is_translated_and_no_other(language):
    found = {message.id for message in catalogue(language) if message.id}

    assert found == singles() | plurals()


@pytest.mark.parametrize("language", FOREIGN)
def test_a_translation_has_the_placeholders_of_its_phrase_and_nothing_that_templates_read(language):
    for message in catalogue(language):
        wanted = message.id[-1] if isinstance(message.id, tuple) else message.id
        told = message.string if isinstance(message.string, tuple) else (message.string,)
        for each in told if message.id else ():
            assert each
            assert not message.fuzzy
            assert set(NAMES.findall(each)) == set(NAMES.findall(wanted)), wanted
            assert not set(each) & set('<>&"\\[]%') - set(wanted), each


@pytest.mark.parametrize(
    ("language", "long", "plain", "short", "number", "listed"),
    [
        ("en", "Thursday, 23 April 2026", "23 April 2026", "23 Apr", "1,280", "A, B and 2 more"),
        ("de", "Donnerstag, 23. April 2026", "23. April 2026", "23. Apr.", "1.280", "A, B und 2 weitere"),
        ("fr", "jeudi 23 avril 2026", "23 avril 2026", "23 avr.", "1\u202f280", "A, B et 2 autres"),
        ("es", "jueves, 23 de abril de 2026", "23 de abril de 2026", "23 abr", "1.280", "A, B y 2 más"),
    ],
)
def test_dates_numbers_and_lists_are_told_as_the_language_tells_them(language, long, plain, short, number, listed):
    told = speech(language)

    assert told.long_date(DAY) == long
    assert told.plain_date(DAY) == plain
    assert told.short_date(DAY, DAY) == short
    assert "2025" in told.short_date(DAY.replace(year=2025), DAY)
    assert told.number(1280) == number
    assert told.listed(["A", "B", "C", "D"], most=2) == listed
    assert told.listed([]) == ""


def test_arabic_runs_from_right_to_left_and_has_its_forms_of_number():
    told = speech("ar")
    forms = {
        told.count("{number} paper for {name}", "{number} papers for {name}", n, number=n, name="Ada")
        for n in (1, 2, 3, 11)
    }

    assert told.direction == "rtl"
    assert told.weekday(3) == "الخميس"
    assert len(forms) == 4


def test_a_language_without_a_catalogue_has_dates_of_its_own_and_english_phrases():
    assert speech("nl").long_date(DAY) == "donderdag 23 april 2026"
    assert speech("nl").say("Trending") == "Trending"
    assert speech(" ") is not None


def test_a_language_that_nobody_speaks_is_refused():
    with pytest.raises(TemplateError, match="no language is called 'klingon': write a tag like en, ar, de"):
        speech("klingon")

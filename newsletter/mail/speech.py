"""The fixed phrases, dates, numbers and lists of a language: English stands in the code, others in catalogues."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, get_day_names
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from newsletter.errors import TemplateError
from newsletter.mail import words

CATALOGUES = Path(__file__).parent / "languages"
ENGLISH = "en"
Plural = tuple[str, str]  # how one and how several are said; {n} is the number


class Speech:
    """How one language says things. `catalogue` translates the English phrases of code and templates (gettext)."""

    def __init__(self, language: str, catalogue: NullTranslations) -> None:
        self.language, self.direction = language, words.direction(language)
        self._catalogue = catalogue

    def say(self, phrase: str, /, **values: object) -> str:
        """An English phrase in this language, its {names} filled in."""
        return self._catalogue.gettext(phrase).format(**values)

    def count(self, one: str, several: str, number: int, /, **values: object) -> str:
        """The form that goes with the number, which is {n} in it."""
        return self._catalogue.ngettext(one, several, number).format(n=self.number(number), **values)

    def number(self, number: int) -> str:
        """Like "1,280"."""
        return f"{number:,}"

    def number_word(self, number: int) -> str:
        """Like "Ten" at the start of a line, where the language has words for it here; else digits."""
        told = words.number_word(number)
        return f"{told[0].upper()}{told[1:]}"

    def listed(self, items: Sequence[str], most: int = 3, rest: Plural = ("{n} more", "{n} more")) -> str:
        """Like "A, B and C"; beyond `most`: "A, B, C and 2 more"."""
        over = len(items) - most
        return self._joined([*items[:most], self.count(*rest, over)] if over > 0 else list(items))

    def _joined(self, items: list[str]) -> str:
        return words.listed(items, most=len(items))

    def long_date(self, day: date) -> str:
        """Like "Thursday, 23 April 2026"."""
        return words.long_date(day)

    def plain_date(self, day: date) -> str:
        """Like "23 April 2026"."""
        return words.plain_date(day)

    def short_date(self, day: date, today: date) -> str:
        """Like "23 Apr", with the year only where it is not this one."""
        return words.short_date(day, today)

    def weekday(self, number: int) -> str:
        """Like "Monday" for 0."""
        return words.WEEKDAYS[number]


class Foreign(Speech):
    """Any language but English: what it has in common with others is asked of Unicode's CLDR, through Babel."""

    def __init__(self, language: str, catalogue: NullTranslations) -> None:
        super().__init__(language, catalogue)
        try:
            self._locale = Locale.parse(language, sep="-")
        except (ValueError, UnknownLocaleError) as error:
            cure = f"write a tag like {', '.join(languages())}"
            raise TemplateError(f"no language is called {language!r}: {cure}") from error

    def number(self, number: int) -> str:
        return format_decimal(number, locale=self._locale)

    def number_word(self, number: int) -> str:
        return self.number(number)

    def _joined(self, items: list[str]) -> str:
        return format_list(items, locale=self._locale) if items else ""

    def long_date(self, day: date) -> str:
        return format_date(day, "full", locale=self._locale)

    def plain_date(self, day: date) -> str:
        return format_date(day, "long", locale=self._locale)

    def short_date(self, day: date, today: date) -> str:
        skeleton = "MMMd" if day.year == today.year else "yMMMd"
        return format_skeleton(skeleton, day, locale=self._locale)

    def weekday(self, number: int) -> str:
        return str(get_day_names("wide", locale=self._locale)[number])


def languages() -> tuple[str, ...]:
    """The languages that phrases are there for, as BCP 47 tags."""
    return (ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po")))


@lru_cache(maxsize=16)
def speech(language: str) -> Speech:
    """How this language says things; TemplateError where Unicode's CLDR does not know it.

    Where there is no catalogue, dates, numbers and lists are its own and the phrases stay English: for somebody
    whose own templates are written in it.
    """
    language = language.strip() or ENGLISH
    if language == ENGLISH:
        return Speech(ENGLISH, NullTranslations())
    file = CATALOGUES / f"{language}.po"
    if not file.is_file():
        return Foreign(language, NullTranslations())
    with file.open("rb") as opened:
        catalogue = read_po(opened, locale=language.replace("-", "_"))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Foreign(language, Translations(compiled))

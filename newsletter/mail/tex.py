r"""LaTeX as authors write it in titles and abstracts, as readable Unicode text.

pylatexenc reads the macros; scripts, styles, fractions and dollars are read here, because there it loses text
(`\texttt{bar}`), takes money for mathematics, or leaves `x_{i+1}` as it stands.
"""

import logging
import re
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

RAISED = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW\u03b1β\u03b3δθ∘*\u2032",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᶿ°*\u2032",
        strict=True,
    )
)
LOWERED = dict(
    zip("0123456789+-=()aehijklmnoprstuvxβ\u03b3\u03c1φχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)
LATEX = re.compile(r"[\\$~{}`\ue000-\uf8ff]|--|''")
PRIVATE = re.compile("[\ue000-\uf8ff]")
# Literal signs while pylatexenc reads the text, for it takes them as comments, alignment and openings.
LITERAL = dict(zip("$%#&_{}", "\ue010\ue011\ue012\ue013\ue014\ue015\ue016", strict=True))
SPOKEN = str.maketrans({stand_in: sign for sign, stand_in in LITERAL.items()})
DECIMAL = re.compile(r"-?\d+\.\d+")
HELD = re.compile("\ue001(\\d+)\ue002")  # a finished script, likewise

# Bounded, so that a hostile abstract of unmatched openings costs a line and not a square of time.
MATH = re.compile(
    r"(?<!\\)\$\$?(?!\s)((?:[^$\\]|\\.){1,600}?)(?<!\s)\$\$?|\\\((.{1,600}?)\\\)|\\\[(.{1,600}?)\\\]", re.DOTALL
)
MONEY = re.compile(r"[\d.,]+[kKmMbB]?(?:\s|[/-]?$)")
FORMULA = re.compile(r"[\\^_=<>+]")
DROPPED = re.compile(
    r"[~\s]*\\(?:cite[a-z]*|(?:eq|auto|c)?ref|label|footnote|thanks)\*?(?:\[[^\][]*\])?\{[^{}]*\}"
)
ADDRESS = re.compile(r"\\url\s*\{([^{}]*)\}")
ANCHOR = re.compile(r"\\href\s*\{[^{}]*\}\s*\{([^{}]*)\}")
STYLED = re.compile(
    r"\\(?:text(?:bf|it|tt|sc|rm|sf|sl|up|md|normal)?|emph|underline|mbox|textsubscript|textsuperscript"
    r"|math(?:rm|sf|tt|it|bf|normal)|operatorname\*?|boldsymbol|bm|xspace)\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}"
)
FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
SHORT_FRACTION = re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)")
# Brackets that grow with what they hold; `\left.` is the bracket that is not there.
GROWING = re.compile(r"\\(?:(?:left|right)\.|(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z]))\s*")
SWITCH = re.compile(
    r"\\(?:em|it|bf|tt|sc|rm|sf|sl|tiny|small|large|xspace|displaystyle|noindent|centering)(?![A-Za-z])\s*"
)
WIDE = re.compile(r"\\wide(hat|tilde)\s*\{")
OWN = re.compile(r"\\([A-Za-z]+)\{([^{}]*)\}")
# What a macro in a script takes may stand in braces of its own; a script in a script is read first.
SCRIPT = re.compile(r"(?<!\\)([_^])(?:\{([^{}]*(?:(?<![_^])\{[^{}]*\}[^{}]*)*)\}|(\\[A-Za-z]+|[^\s{}\\]))")
SIGN = re.compile(r"\\([$%#&_{}])|(?<!\\)([%#&])")
TIGHT = re.compile(r"(?<=\S)([=<>\u223c≤≥≈≃≲≳])\s+")  # "z\sim 2" has its blank for the macro's sake
CASED = re.compile(r"\{([^{},:;]*)\}")
QUOTED = re.compile(r"(?<![\w`])`([^`']{1,100})'(?![\w'])")
TIE = re.compile(r"(?<=[\w.)])~(?=\S|$)")
LONG_DASH = re.compile(r"(?<=\S)---|---(?=\s|$)|(?<=\s)---(?=\w)")
DASH = re.compile(r"(?<=[^\s-])--(?!-)|(?<!-)--(?=\s|$)")


# It warns on standard error of each odd abstract; what it cannot read is kept as written instead.
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
UNKNOWN = MacroTextSpec("", simplify_repl=lambda node: node.macroname + node.macro_post_space)
MACROS = get_default_latex_context_db()
MACROS.set_unknown_macro_spec(UNKNOWN)  # "\\ours beats ..." says more by the macro's name than by a gap
SPACES = {"between-macro-and-chars": False, "between-latex-constructs": True, "after-comment": False}
READER = LatexNodes2Text(MACROS, math_mode="text", keep_comments=True, strict_latex_spaces=SPACES)


@lru_cache(maxsize=8_192)
def plain(text: str) -> str:
    """The text as a reader would say it. Never raises; what it cannot read stays as it is written."""
    if not LATEX.search(text):
        return text
    source = GROWING.sub("", SWITCH.sub("", DROPPED.sub("", PRIVATE.sub("", text))))
    source = _until_stable(STYLED, WIDE.sub(r"\\\1{", ADDRESS.sub(r"\1", source)))
    source = OWN.sub(_argument_of_unknown, ANCHOR.sub(r"\1", source))
    told = " ".join("".join(_parts(source)).split())
    return told or text


def _argument_of_unknown(match: re.Match[str]) -> str:
    """An author's own macro around words is a style of sorts: the words are what counts."""
    return match[2] if MACROS.get_macro_spec(match[1]) is UNKNOWN else match[0]


def _parts(source: str) -> list[str]:
    """Text and formulas in turn, each read in its own way."""
    parts, start = [], 0
    for match in MATH.finditer(source):
        dollars = match[1]
        if dollars and MONEY.match(dollars) and not FORMULA.search(dollars) and dollars[-1:] not in "0123456789":
            continue  # "costs $5 and $10"
        parts += [_words(source[start : match.start()]), _formula(dollars or match[2] or match[3])]
        start = match.end()
    return [*parts, _words(source[start:])]


def _until_stable(pattern: re.Pattern[str], text: str) -> str:
    """The first group in place of the whole, innermost first: regular expressions cannot nest."""
    before = ""
    while before != text:
        before, text = text, pattern.sub(r"\1", text)
    return text


def _words(text: str) -> str:
    return _macros(text.replace("$", LITERAL["$"])) if "\\" in text else _typed(text)


def _typed(text: str) -> str:
    """Quotes, dashes, ties and case braces, as they stand in texts without any macro."""
    text = DASH.sub("\u2013", LONG_DASH.sub("\u2014", text.replace("``", "“").replace("''", "”")))
    text = QUOTED.sub("\u2018\\1\u2019", text)
    return TIE.sub(" ", _until_stable(CASED, text))


def _macros(text: str) -> str:
    held = SIGN.sub(lambda match: LITERAL[match[1] or match[2]], text)
    try:
        told = str(READER.latex_to_text(held))
    except Exception:  # noqa: BLE001 - it raises anything on odd input, and one abstract must not stop an edition
        told = text
    unfilled = "%s" in told  # a format of its own, for want of arguments
    return (text if unfilled else told).translate(SPOKEN)


def _formula(text: str) -> str:
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(_script(match[1], match[2] if match[2] is not None else match[3]))
        return f"\ue001{len(held) - 1}\ue002"

    text, before = FRACTION.sub(_divided, SHORT_FRACTION.sub(r"\1/\2", text)), ""
    while before != text:
        before, text = text, SCRIPT.sub(hold, text)
    return TIGHT.sub(r"\1", _released(_macros(text), held))


def _released(text: str, held: list[str]) -> str:
    """Scripts back in their places; a script may hold another, which was held before it."""
    while HELD.search(text):
        text = HELD.sub(lambda match: held[int(match[1])], text)
    return text


def _script(mark: str, body: str) -> str:
    """Raised or lowered where Unicode has all the letters, else with its mark: `L_∞`, `x^(a,b)`."""
    body = _macros(body).strip().replace("−", "-").replace("∗", "*")  # noqa: RUF001 - pylatexenc writes the operators
    table = RAISED if mark == "^" else LOWERED
    table = {**table, ".": "."} if DECIMAL.fullmatch(body) else table
    glyphs = [table.get(char) for char in body.replace(" ", "")]
    if all(glyphs):
        return "".join(glyph for glyph in glyphs if glyph)
    return mark + (body if len(body) == 1 else f"({body})")


def _divided(match: re.Match[str]) -> str:
    return "/".join(part if len(part) < 2 or part.isalnum() else f"({part})" for part in match.groups())  # noqa: PLR2004 - one letter needs no brackets

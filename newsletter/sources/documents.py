"""Makes what arrived safe to read: JSON without surprises, XML as text without a document type or deep nesting."""

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.parsers import expat

from newsletter.errors import SourceRefused
from newsletter.sources.clean import LONG_REFERENCE

DEEPEST = 200
BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
# Python knows codecs that are no encodings of feeds, some of them slow on purpose-made input.
ENCODINGS = re.compile(
    r"utf-8|utf-16(-[lb]e)?|utf-32(-[lb]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|gb2312|gbk|gb18030"
    r"|big5(hkscs)?|euc_jp|euc_kr|shift_jis|iso2022_jp|mac-roman|tis-620"
)
AS_ON_THE_WEB = {"iso8859-1": "cp1252", "ascii": "cp1252"}  # https://encoding.spec.whatwg.org/#names-and-labels
DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*\?>")
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
TO_NEXT = re.compile(r"<!--|<\?|<!\[CDATA\[|<!DOCTYPE|<!ENTITY|<[A-Za-z_:]", re.IGNORECASE)
ENDS = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>"}
NETSCAPE = re.compile(
    r"""<!DOCTYPE\s+rss\s+PUBLIC\s+["']-//Netscape[^"'<>\[\]]*["']\s*(["'][^"'<>\[\]]*["'])?\s*>""",
    re.IGNORECASE,
)
WEB_PAGE = re.compile(r"<!DOCTYPE\s+html", re.IGNORECASE)


@contextmanager
def about(name: str) -> Iterator[None]:
    """Put the name of what is being read before the refusals of a block ("is not valid JSON ...")."""
    try:
        yield
    except SourceRefused as error:
        raise SourceRefused(f"{name} {error}") from error


def json_document(body: bytes | str) -> Any:  # noqa: ANN401 - JSON can be anything; callers check what they take
    """The JSON value; SourceRefused for what is no JSON, for NaN and Infinity, and for deep nesting."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise SourceRefused("is not usable JSON: it is nested too deeply") from error
    except ValueError as error:
        kind = "XML or a web page" if body.lstrip()[:1] in {"<", b"<"} else str(error)
        raise SourceRefused(f"is not valid JSON: {kind}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def xml_text(body: bytes, charset: str = "") -> str:
    """An XML document as text: without declaration, characters that XML forbids, and document type.

    `charset` is the HTTP header's, "" if there was none. Raises SourceRefused for a document type in the
    prolog (entities come from there) and for more than DEEPEST nested elements, before any other parser runs.
    """
    text = NOT_XML.sub("", LONG_REFERENCE.sub("", decoded(body, charset)))
    text = _without_document_type(DECLARATION.sub("", text, count=1))
    _refuse_depth(text)
    return text


def decoded(body: bytes, charset: str = "") -> str:
    """The text of a document by its byte order mark, else UTF-8 if valid, else `charset`, else its declaration.

    UTF-8 goes first because many servers send a wrong charset, and other encodings are hardly ever valid UTF-8.
    """
    marked = [encoding for mark, encoding in BOMS if body.startswith(mark)][:1]
    declared = DECLARED.match(body)
    named = [charset, declared[1].decode("ascii") if declared else ""]
    first = [] if body.isascii() else ["utf-8"]
    for encoding in marked or [*first, *filter(None, map(_known, named)), "utf-8"]:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return body.decode("utf-8", "replace")


def _known(name: str) -> str:
    try:
        encoding = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    encoding = AS_ON_THE_WEB.get(encoding, encoding)
    return encoding if ENCODINGS.fullmatch(encoding) else ""


def _without_document_type(text: str) -> str:
    """Look at the prolog alone: further on, `<!DOCTYPE` is the text of somebody who writes about it."""
    place = 0
    while found := TO_NEXT.search(text, place):
        token = found[0].upper()
        if token in ENDS:
            end = text.find(ENDS[token], found.end())
            place = end if end >= 0 else len(text)
        elif netscape := NETSCAPE.match(text, found.start()):
            # RSS 0.91 of 1999 always carries this one; it declares nothing that a reader needs.
            return text[: netscape.start()] + text[netscape.end() :]
        elif token in {"<!DOCTYPE", "<!ENTITY"}:
            raise SourceRefused(_why_refused(text, found.start()))
        else:
            break
    return text


def _why_refused(text: str, place: int) -> str:
    if WEB_PAGE.match(text, place):
        return "is a web page, not a feed: give the address of its RSS, Atom or JSON feed"
    return "has a document type declaration (<!DOCTYPE), which feeds do not need and attackers do: it is not read"


def _refuse_depth(text: str) -> None:
    """Count with the quickest parser there is; where it meets broken XML it stops, which is fine."""
    depth = 0

    def opened(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise SourceRefused(f"has more than {DEEPEST} elements inside each other: it is not read")

    def closed(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - expat's own signature
    except expat.ExpatError:
        return

"""Our CSV of readers (RFC 4180 cells, one reader a line): text to checked rows, readers and rejects to text.

Columns, in any order and case, `email` the only one that must be there:
email,name,status,topics,keywords,authors,cadence,hour,timezone,size,categories,orgs,mutes,weekdays,paused_until.
Lists are parted by `;`, weights written `name=1.5`, mutes `kind:name`. Open files with `newline=""`, UTF-8
and `errors="surrogateescape"`, so that a line in another encoding is rejected alone.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from itertools import count, zip_longest

from subscribers.addresses import identity, normalise
from subscribers.errors import InvalidPreference, SubscriberError
from subscribers.models import FollowKind, Status, Subscriber
from subscribers.preferences import (
    DEFAULTS,
    Choice,
    Preferences,
    combine,
    followed,
    muted,
    parse,
    parse_follow,
    parse_mute,
    parse_paused_until,
)

LISTS = {
    "topics": FollowKind.TOPIC,
    "keywords": FollowKind.KEYWORD,
    "authors": FollowKind.AUTHOR,
    "categories": FollowKind.CATEGORY,
    "orgs": FollowKind.ORG,
}
COLUMNS = (
    *("email", "name", "status", "topics", "keywords", "authors", "cadence", "hour", "timezone", "size"),
    *("categories", "orgs", "mutes", "weekdays", "paused_until"),
)
# What `rejected_csv` puts before the original columns: a corrected file can be read again as it is.
_REPORT_COLUMNS = ("line", "reason")
# Where `rejected_csv` keeps the cells that the header has no name for.
_SURPLUS = re.compile(r"column [0-9]+", re.ASCII)
# What `errors="surrogateescape"` makes of bytes that are not UTF-8.
_FOREIGN = re.compile("[\ud800-\udfff]")
# A spreadsheet would run such a cell as a formula, and strangers choose their own names.
_FORMULA = re.compile(r"'*[=+\-@\t]")


@dataclass(frozen=True, slots=True)
class Row:
    """One good line as a new reader would be; `fields` as in the file, `status` None when it does not say."""

    line: int
    fields: Mapping[str, str]
    email: str
    status: Status | None
    preferences: Preferences
    paused_until: datetime | None
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line that is left out: its number in the file, counted from 1, its fields and the reason."""

    line: int
    fields: Mapping[str, str]
    reason: str


def read_csv(lines: Iterable[str], defaults: Preferences = DEFAULTS) -> tuple[list[Row], list[Rejected]]:
    """Every line of a file as a checked row or a reject; a second line for one address is rejected.

    `defaults` are for columns that the file does not have.
    InvalidPreference when the header cannot be used, since then no line can. A cell cannot span lines, so a
    quote that is never closed costs its own line only.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    header, delimiter = _header(next(numbered, (1, ""))[1])
    rows: list[Row] = []
    rejected: list[Rejected] = []
    seen: dict[str, int] = {}
    for number, line in numbered:
        cells, trouble = _cells(line, delimiter)
        if not any(cells):
            continue
        fields = _fields(header, cells)
        try:
            _check_encoding(line)
            _check_shape(header, cells, trouble)
            _check_surplus(fields)
            rows.append(_unseen(_row(number, fields, defaults), seen))
        except SubscriberError as error:
            rejected.append(Rejected(number, fields, str(error)))
    return rows, rejected


def values(fields: Mapping[str, str]) -> dict[str, str]:
    """The meaning of cells: without the apostrophe that keeps a spreadsheet from running them."""
    return {name: cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell for name, cell in fields.items()}


def choices(fields: Mapping[str, str]) -> tuple[Choice, ...]:
    """What the list columns among `fields` follow and mute."""
    followed = [
        parse_follow(kind, item) for column, kind in LISTS.items() for item in _items(fields.get(column, ""))
    ]
    return combine(followed + [parse_mute(item) for item in _items(fields.get("mutes", ""))])


def columns_of(subscriber: Subscriber) -> dict[str, str]:
    """A reader as the cells that `read_csv` would take for the same reader."""
    lists = {
        column: ";".join(_item(follow.value, follow.weight) for follow in followed(subscriber, kind))
        for column, kind in LISTS.items()
    }
    return lists | {
        "email": subscriber.email,
        "name": subscriber.name,
        "status": subscriber.status,
        "cadence": subscriber.cadence,
        "hour": str(subscriber.hour),
        "timezone": subscriber.timezone,
        "size": str(subscriber.size),
        "mutes": ";".join(_item(f"{follow.kind}:{follow.value}", -follow.weight) for follow in muted(subscriber)),
        "weekdays": subscriber.weekdays.replace(",", ";"),
        "paused_until": subscriber.paused_until.isoformat() if subscriber.paused_until else "",
    }


def readers_csv(subscribers: Iterable[Subscriber], write: Callable[[str], object]) -> int:
    """Header and one line a reader, each given to `write` as text; returns the number of readers."""
    write(_line(COLUMNS))
    count = 0
    for subscriber in subscribers:
        cells = columns_of(subscriber)
        write(_line([_guarded(cells[column]) for column in COLUMNS]))
        count += 1
    return count


def rejected_csv(rejected: Sequence[Rejected], write: Callable[[str], object]) -> None:
    """The rejects with line and reason before their original columns, ready to be mended and read again.

    Cells without a column stand in `column 4` and the like, which `read_csv` takes where they are empty.
    """
    columns = list(dict.fromkeys(column for reject in rejected for column in reject.fields))
    write(_line([*_REPORT_COLUMNS, *columns]))
    for reject in sorted(rejected, key=lambda reject: reject.line):
        cells = [reject.fields.get(column, "") for column in columns]
        write(_line([str(reject.line), reject.reason, *cells]))


def _header(line: str) -> tuple[list[str], str]:
    _check_encoding(line, "the first line")
    text = line.removeprefix("\ufeff")
    # A spreadsheet of a country with decimal commas writes semicolons; with both there is no telling.
    delimiter = ";" if ";" in text and "," not in text else ","
    names = [cell.strip().lower() for cell in _cells(text, delimiter)[0]]
    known = (*COLUMNS, *_REPORT_COLUMNS)
    for name in names:
        if "\t" in name:
            raise InvalidPreference("column", name, "tabs part its cells: save the file as CSV, with commas")
        if name not in known and not _SURPLUS.fullmatch(name):
            near = get_close_matches(name, COLUMNS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the columns are {','.join(COLUMNS)}"
            raise InvalidPreference("column", name, f"it is none of ours; {hint}")
        if names.count(name) > 1:
            raise InvalidPreference("column", name, "it is there twice: take one away")
    if "email" not in names:
        raise InvalidPreference("column", text.strip(), "the first line has to name the columns, email among them")
    return names, delimiter


def _cells(line: str, delimiter: str) -> tuple[list[str], str]:
    """The cells of one line, and what is wrong with its quotes or ""."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), []), ""
    except csv.Error as error:
        return line.rstrip("\r\n").split(delimiter), str(error)


def _fields(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    named = zip_longest(header, cells[: len(header)], fillvalue="")
    found = {name: cell for name, cell in named if name not in _REPORT_COLUMNS}
    free = (name for number in count(len(header) + 1) if (name := f"column {number}") not in header)
    return found | dict(zip(free, cells[len(header) :], strict=False))


def _check_encoding(line: str, name: str = "the line") -> None:
    if _FOREIGN.search(line):
        raise SubscriberError(f'{name} is not UTF-8: in Excel save as "CSV UTF-8"')


def _check_shape(header: Sequence[str], cells: Sequence[str], trouble: str) -> None:
    if trouble:
        raise InvalidPreference("line", cells[0], f"its quotes do not pair up on this line ({trouble})")
    if len(cells) != len(header):
        cure = f"the header has {len(header)}: put a cell that holds the delimiter into quotes"
        raise InvalidPreference("number of cells", len(cells), cure)


def _check_surplus(fields: Mapping[str, str]) -> None:
    for name, cell in fields.items():
        if cell.strip() and _SURPLUS.fullmatch(name):
            raise InvalidPreference(name, cell, "move it to the column where it belongs, or empty the cell")


def _row(line: int, fields: dict[str, str], defaults: Preferences) -> Row:
    meant = values(fields)
    email = normalise(meant["email"])
    status, preferences = _status(meant.get("status", "")), parse(meant, defaults)
    paused_until = parse_paused_until(meant.get("paused_until", ""), preferences.timezone)
    return Row(line, fields, email, status, preferences, paused_until, choices(meant))


def _status(text: str) -> Status | None:
    word = text.strip().lower()
    if word and word not in set(Status):
        raise InvalidPreference("status", text, f"give one of {', '.join(Status)}, or leave it empty")
    return Status(word) if word else None


def _unseen(row: Row, seen: dict[str, int]) -> Row:
    first = seen.setdefault(identity(row.email), row.line)
    if first != row.line:
        raise InvalidPreference("email", row.email, f"line {first} has this address already: keep one of the two")
    return row


def _items(cell: str) -> Iterator[str]:
    return (item for item in cell.split(";") if item.strip())


def _item(name: str, weight: float) -> str:
    return name if weight == 1 and "=" not in name else f"{name}={str(weight).removesuffix('.0')}"


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()

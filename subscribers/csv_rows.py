"""Our CSV of readers: text to checked rows, readers and rejects to text; other services' exports by `foreign`.

Columns, in any order and case, `email` the only one that must be there:
email,name,status,topics,keywords,authors,cadence,hour,timezone,size,categories,orgs,mutes,weekdays,paused_until,
examples. Lists are parted by `;`, weights written `name=1.5`, mutes `kind:name`. Open files with `newline=""`,
UTF-8 and `errors="surrogateescape"`, so that a line in another encoding is rejected alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from subscribers import foreign
from subscribers.addresses import identity, normalise
from subscribers.csv_cells import (
    LONGEST_RECORD,
    Record,
    as_line,
    cells_of,
    check_encoding,
    delimiter_of,
    first_line,
    guarded,
    records,
    unguarded,
)
from subscribers.csv_columns import (
    COLUMNS,
    REPORT_COLUMNS,
    as_fields,
    check_surplus,
    our_header,
    service_of,
    their_header,
)
from subscribers.errors import InvalidPreference, SubscriberError
from subscribers.foreign import Meaning, Service
from subscribers.models import FollowKind, Status, Subscriber
from subscribers.pasted import Named, read_items, written
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
from subscribers.topics import Catalogue

LISTS = {
    "topics": FollowKind.TOPIC,
    "keywords": FollowKind.KEYWORD,
    "authors": FollowKind.AUTHOR,
    "categories": FollowKind.CATEGORY,
    "orgs": FollowKind.ORG,
}


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line that is left out: its number in the file, counted from 1, its fields and the reason."""

    line: int
    fields: Mapping[str, str]
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One good line as a new reader would be; `fields` in our columns, `status` None when it does not say.

    A row of another service's export has its cells as they stand there in `original`, and what they say of
    its consent in `meaning`.
    """

    line: int
    fields: Mapping[str, str]
    email: str
    status: Status | None
    preferences: Preferences
    paused_until: datetime | None
    choices: tuple[Choice, ...]
    examples: tuple[Named, ...] | None = None  # None: the file has no such column
    original: Mapping[str, str] | None = None
    meaning: Meaning | None = None

    def rejected(self, reason: str) -> Rejected:
        """This row, left out after all."""
        return Rejected(self.line, self.fields if self.original is None else self.original, reason)


class Table(NamedTuple):
    """A file whose first line can be used: the service that made it (None: ours), its columns, and its rows."""

    service: Service | None
    columns: list[str]
    rows: Iterator[Row | Rejected]


def open_csv(
    lines: Iterable[str],
    defaults: Preferences = DEFAULTS,
    wanted: str = "",
    catalogue: Catalogue | None = None,
) -> Table:
    """A file's kind, and every line of it as a checked row or a reject, read when asked for.

    `wanted` names the format ("newsletter" is ours); else the columns tell. `defaults` are for columns that the
    file does not have, `catalogue` tells which labels of another service are topics.
    InvalidPreference when the header cannot be used, since then no line can. A second line for one address is
    rejected. In our own format a cell cannot span lines, so a quote that is never closed costs its line only.
    """
    text, numbered = first_line(lines)
    check_encoding([text], "the first line")
    delimiter = delimiter_of(text)
    names = [cell.strip() for cell in cells_of(text, delimiter)]
    service = service_of(names, wanted)
    header = our_header(names, text) if service is None else their_header(names, service)
    most_lines = 1 if service is None else LONGEST_RECORD
    found = records(numbered, delimiter, most_lines)
    reader = _Reader(header, defaults, service, catalogue)
    return Table(service, header, (reader.read(record) for record in found))


def read_csv(
    lines: Iterable[str], defaults: Preferences = DEFAULTS, wanted: str = "", catalogue: Catalogue | None = None
) -> tuple[list[Row], list[Rejected]]:
    """The rows and the rejects of a file that is short enough to be held whole; see `open_csv`."""
    rows: list[Row] = []
    rejected: list[Rejected] = []
    for each in open_csv(lines, defaults, wanted, catalogue).rows:
        (rows if isinstance(each, Row) else rejected).append(each)  # type: ignore[arg-type]  # each to its own
    return rows, rejected


def values(fields: Mapping[str, str]) -> dict[str, str]:
    """The meaning of cells: without the apostrophe that keeps a spreadsheet from running them."""
    return {name: unguarded(cell) for name, cell in fields.items()}


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
        "examples": ";".join(written(each.key, each.title) for each in subscriber.examples),
    }


def readers_csv(subscribers: Iterable[Subscriber], write: Callable[[str], object]) -> int:
    """Header and one line a reader, each given to `write` as text; returns the number of readers."""
    write(as_line(COLUMNS))
    count = 0
    for subscriber in subscribers:
        cells = columns_of(subscriber)
        write(as_line([guarded(cells[column]) for column in COLUMNS]))
        count += 1
    return count


def rejected_csv(rejected: Sequence[Rejected], write: Callable[[str], object]) -> None:
    """The rejects with line and reason before their original columns, ready to be mended and read again.

    Cells without a column stand in `column 4` and the like, which `read_csv` takes where they are empty.
    """
    columns = list(dict.fromkeys(column for reject in rejected for column in reject.fields))
    write(as_line([*REPORT_COLUMNS, *columns]))
    for reject in sorted(rejected, key=lambda reject: reject.line):
        cells = [reject.fields.get(column, "") for column in columns]
        write(as_line([str(reject.line), reject.reason, *cells]))


class _Reader:
    """Turns the records of one file into rows, and remembers which addresses it has seen."""

    def __init__(
        self, header: list[str], defaults: Preferences, service: Service | None, catalogue: Catalogue | None
    ) -> None:
        self.header, self.defaults, self.service, self.catalogue = header, defaults, service, catalogue
        self.seen: dict[str, int] = {}

    def read(self, record: Record) -> Row | Rejected:
        fields = as_fields(self.header, record.cells)
        try:
            check_encoding(record.cells)
            _check_shape(self.header, record.cells, record.trouble)
            check_surplus(fields)
            return self._unseen(self._row(record.line, fields))
        except SubscriberError as error:
            return Rejected(record.line, fields, str(error))

    def _row(self, line: int, fields: dict[str, str]) -> Row:
        meant = values(fields)
        if self.service is None:
            return _row(line, fields, meant, self.defaults)
        meaning = foreign.meaning(self.service, meant, self.catalogue)
        row = _row(line, meaning.fields, meaning.fields, self.defaults)
        return replace(row, original=fields, meaning=meaning)

    def _unseen(self, row: Row) -> Row:
        first = self.seen.setdefault(identity(row.email), row.line)
        if first != row.line:
            raise InvalidPreference(
                "email", row.email, f"line {first} has this address already: keep one of the two"
            )
        return row


def _check_shape(header: Sequence[str], cells: Sequence[str], trouble: str) -> None:
    if trouble:
        raise InvalidPreference("line", cells[0], f"its quotes do not pair up on this line ({trouble})")
    if len(cells) != len(header):
        cure = f"the header has {len(header)}: put a cell that holds the delimiter into quotes"
        raise InvalidPreference("number of cells", len(cells), cure)


def _row(line: int, fields: dict[str, str], meant: dict[str, str], defaults: Preferences) -> Row:
    email = normalise(meant["email"])
    status, preferences = _status(meant.get("status", "")), parse(meant, defaults)
    paused_until = parse_paused_until(meant.get("paused_until", ""), preferences.timezone)
    examples = read_items(list(_items(meant["examples"]))) if "examples" in meant else None
    return Row(line, fields, email, status, preferences, paused_until, choices(meant), examples)


def _status(text: str) -> Status | None:
    word = text.strip().lower()
    if word and word not in set(Status):
        raise InvalidPreference("status", text, f"give one of {', '.join(Status)}, or leave it empty")
    return Status(word) if word else None


def _items(cell: str) -> Iterator[str]:
    return (item for item in cell.split(";") if item.strip())


def _item(name: str, weight: float) -> str:
    return name if weight == 1 and "=" not in name else f"{name}={str(weight).removesuffix('.0')}"

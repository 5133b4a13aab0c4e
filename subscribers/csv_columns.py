"""The columns of a CSV file: whose they are, whether they can be used, and the cells under their names."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import count, zip_longest

from subscribers import foreign
from subscribers.errors import InvalidPreference
from subscribers.foreign import Service

COLUMNS = (
    *("email", "name", "status", "topics", "keywords", "authors", "cadence", "hour", "timezone", "size"),
    *("categories", "orgs", "mutes", "weekdays", "paused_until", "examples"),
)
# What `rejected_csv` puts before the original columns: a corrected file can be read again as it is.
REPORT_COLUMNS = ("line", "reason")
# Where `rejected_csv` keeps the cells that the header has no name for.
_SURPLUS = re.compile(r"column [0-9]+", re.ASCII)
OURS = "newsletter"  # the format that we write ourselves
_OTHERS = "; exports of listmonk, Mailchimp, Substack and Buttondown are known by their own columns"


def service_of(names: Sequence[str], wanted: str) -> Service | None:
    """The service that made a file with these columns, or the one `wanted`; None for our own format."""
    if wanted:
        return None if wanted.strip().lower() == OURS else foreign.called(wanted)
    return foreign.recognised(name.lower() for name in names)


def our_header(names: Sequence[str], text: str) -> list[str]:
    """Our columns in lower case; InvalidPreference names one that is not ours, comes twice or is missing."""
    names = [name.lower() for name in names]
    known = (*COLUMNS, *REPORT_COLUMNS)
    for name in names:
        if "\t" in name:
            raise InvalidPreference("column", name, "tabs part its cells: save the file as CSV, with commas")
        if name not in known and not _SURPLUS.fullmatch(name):
            near = get_close_matches(name, COLUMNS, n=1, cutoff=0.65)
            hint = f"did you mean {near[0]}?" if near else f"the columns are {','.join(COLUMNS)}"
            raise InvalidPreference("column", name, f"it is none of ours; {hint}{_OTHERS}")
        if names.count(name) > 1:
            raise InvalidPreference("column", name, "it is there twice: take one away")
    if "email" not in names:
        raise InvalidPreference("column", text.strip(), "the first line has to name the columns, email among them")
    return list(names)


def their_header(names: Sequence[str], service: Service) -> list[str]:
    """The names as they stand there; those that come twice or are empty get their number."""
    if not {name.lower() for name in names} & set(foreign.EMAILS):
        cure = f"a file of {service.title} has a column {' or '.join(foreign.EMAILS)}: look whether it is one"
        raise InvalidPreference("format", service.name, cure)
    lower = [name.lower() for name in names]
    return [
        name if name and lower.index(name.lower()) == place else f"{name or 'unnamed'} ({place + 1})"
        for place, name in enumerate(names)
    ]


def as_fields(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The cells of one record by column, those of an earlier report left out, surplus ones in "column N"."""
    named = zip_longest(header, cells[: len(header)], fillvalue="")
    found = {name: cell for name, cell in named if name.lower() not in REPORT_COLUMNS}
    free = (name for number in count(len(header) + 1) if (name := f"column {number}") not in header)
    return found | dict(zip(free, cells[len(header) :], strict=False))


def check_surplus(fields: Mapping[str, str]) -> None:
    """Refuse a cell that no column has a name for, unless it is empty."""
    for name, cell in fields.items():
        if cell.strip() and _SURPLUS.fullmatch(name):
            raise InvalidPreference(name, cell, "move it to the column where it belongs, or empty the cell")

"""Take a CSV of orders apart, as spreadsheets write it.

Excel and its like put a byte order mark first, write UTF-16, separate by semicolons or tabs where the comma is the decimal sign,
say so in a line `sep=;`, and leave empty lines, empty columns and separators at the ends. Old ones end lines with CR alone. All of
that is read. A header that names a column which no order has, or misses one that every order needs, makes the whole file be
refused at once: each of its rows would be, one by one.
"""

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from domain.field_error import FieldError
from domain.refusals import Invalid, Unreadable
from services.input.field_errors import shown_name

COLUMNS: Final = (
    "order_id",
    "customer_id",
    "email",
    "product_id",
    "quantity",
    "payment.payment_method",
    "payment.currency",
    "payment.amount_cents",
    "ship_to.name",
    "ship_to.street1",
    "ship_to.street2",
    "ship_to.city",
    "ship_to.state",
    "ship_to.postal_code",
    "ship_to.country",
)
"""All fields of an order in the short form. The template has them in this order."""

TEMPLATE: Final = "\ufeff" + ",".join(COLUMNS) + "\r\n"
"""A file to fill in, with the byte order mark by which Excel knows UTF-8."""

_NEEDED: Final = (
    "customer_id",
    "email",
    "product_id",
    "quantity",
    "payment.payment_method",
    "ship_to.name",
    "ship_to.street1",
    "ship_to.country",
)
_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEP_LINE: Final = r'"?sep=(.)"?'
_NOTHING: Final = " \t\r\n,;|\"'"

# Cells are text; the models want numbers, and take no text for one.
_WHOLE: Final = "[0-9]{1,15}"
_NUMBERS: Final = frozenset({"quantity", "payment.amount_cents"})


def csv_documents(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each row that is not blank as the JSON of an order, with the number of its first line in the file.

    Raises:
        Invalid: The header is not understood.
        Unreadable: A row cannot be taken apart.
    """
    lines = list(io.StringIO(text, newline=""))
    first = _first_line(lines, 0)
    separator = None
    if first < len(lines) and (stated := re.fullmatch(_SEP_LINE, lines[first].rstrip("\r\n"), re.IGNORECASE)):
        separator = stated[1]
        first = _first_line(lines, first + 1)
    if first == len(lines):
        return
    delimiter = separator or _delimiter(lines[first])
    rows = _records(lines[first:], delimiter, skipped=first)
    line, cells = next(rows)
    header = _header(cells, delimiter, line)
    for line, cells in rows:
        if any(cell.strip() for cell in cells):
            yield line, _document(header, cells)


def _first_line(lines: Sequence[str], start: int) -> int:
    return next((number for number in range(start, len(lines)) if lines[number].strip(_NOTHING)), len(lines))


def _delimiter(header: str) -> str:
    """Return the separator by which most of the header are columns of an order."""
    import csv

    def understood(delimiter: str) -> int:
        try:
            cells = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:
            return 0
        return sum(_name(cell) in COLUMNS for cell in cells)

    return max(_DELIMITERS, key=understood)


def _records(lines: Sequence[str], delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    import csv  # here: hardly a cold start is for a batch

    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            yield line, cells
            line = skipped + reader.line_num + 1
    except csv.Error:
        detail = f"The row that begins in line {line} of the CSV cannot be taken apart: check its quotes."
        error = FieldError(field=f"line {line}", rule="not_csv", message=detail)
        raise Unreadable("not_csv", detail, [error]) from None


def _name(cell: str) -> str:
    return cell.strip().lower()


def _header(cells: Sequence[str], delimiter: str, line: int) -> list[str]:
    """Return the names of the columns; empty ones stand for columns without a name. Raises Invalid."""
    header = [_name(cell) for cell in cells]
    problems = list(_header_problems(header, _DELIMITERS.get(delimiter, f"'{delimiter}'"), line))
    if problems:
        raise Invalid(problems)
    return header


def _header_problems(header: Sequence[str], separated_by: str, line: int) -> Iterator[FieldError]:
    seen: set[str] = set()
    for number, name in enumerate(header, start=1):
        if name in seen:
            message = "Two columns have the same name: each may stand there once"
            yield FieldError(
                field="header", rule="duplicate_column", message=f"{message} (line {line}, column {number})"
            )
        elif name and name not in COLUMNS:
            problem = (
                f"Line {line}, column {number}, '{shown_name(name)}', is no column of an order (read as separated by"
            )
            yield FieldError(field="header", rule="unknown_column", message=f"{problem} {separated_by})")
        if name:
            seen.add(name)
    for name in _NEEDED:
        if name not in seen:
            yield FieldError(field="header", rule="missing_column", message=f"Every order needs the column '{name}'")


def _document(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    """Return a row as the JSON of an order: column `ship_to.city` is its `{"ship_to": {"city": …}}`; empty cells are left out."""
    document: dict[str, Any] = {}
    for position, cell in enumerate(cells):
        text = cell.strip()
        if text:
            name = (header[position] if position < len(header) else "") or f"column_{position + 1}"
            parent, _, last = name.rpartition(".")
            inner = document.setdefault(parent, {}) if parent else document
            inner[last] = int(text) if name in _NUMBERS and re.fullmatch(_WHOLE, text) else text
    return document

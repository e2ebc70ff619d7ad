"""Answer rows as a CSV file (RFC 4180) that a spreadsheet reads without running anything in it."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

import azure.functions as func

from console.web.rendering import HEADERS

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> func.HttpResponse:
    """Return the file. name: under which a browser saves it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    # The mark says UTF-8 to spreadsheets, which would take their system's encoding without it.
    return func.HttpResponse("\ufeff" + text.getvalue(), mimetype="text/csv", charset="utf-8", headers=headers)


def _cell(value: object) -> object:
    """Return a cell. A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    is_formula = isinstance(value, str) and value.startswith(_FORMULA_STARTS)
    return f"'{value}" if is_formula else "" if value is None else value

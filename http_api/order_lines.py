"""Read a file of orders, JSON Lines or CSV. Each line stands for itself: what is wrong with one is that line's result.

As everywhere, nothing is kept of a line before it was searched for card numbers.
"""

import csv
import io
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from domain.order import OrderRequest
from domain.order_batch import MOST_LINES, BatchLine, LineOutcome, LineResult, batch_order_id
from http_api.problems import FieldError, Problem, invalid
from http_api.request_body import json_object, refuse_card_numbers, validated

CSV: Final = "text/csv"
JSON_LINES: Final = "application/x-ndjson"

# Cells are text; the models want numbers, and take no text for one.
_WHOLE: Final = re.compile("[0-9]{1,15}")
_NUMBERS: Final = frozenset({"quantity", "payment.amount_cents"})


def read_lines(text: str, media_type: str, batch_id: str) -> tuple[list[BatchLine], list[LineResult]]:
    """The orders of a file, and the results of the lines that are none.

    Raises Problem: 400 for a CSV that cannot be taken apart, 413 for too many lines, 422 for a file without any.
    """
    orders: list[BatchLine] = []
    rejected: list[LineResult] = []
    # Spreadsheets put a byte order mark before the first column.
    for line, document in _documents(text.removeprefix("\ufeff"), media_type):
        if len(orders) + len(rejected) == MOST_LINES:
            detail = f"A batch may have {MOST_LINES} lines at most."
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_lines", detail)
        try:
            orders.append(_order(line, document, batch_id))
        except Problem as problem:
            rejected.append(_rejected(line, problem))
    if not orders and not rejected:
        raise invalid([FieldError(field="body", rule="empty", message="There is no line in it")])
    return orders, rejected


def read_order(text: str) -> OrderRequest:
    """One order as a JSON object. Raises Problem."""
    return _request(json_object(text))


def _order(line: int, document: str | dict[str, Any], batch_id: str) -> BatchLine:
    request = _request(json_object(document) if isinstance(document, str) else document)
    return BatchLine(line=line, order_id=request.order_id or batch_order_id(batch_id, line), request=request)


def _request(document: dict[str, Any]) -> OrderRequest:
    refuse_card_numbers(document)
    return validated(OrderRequest, document)


def _rejected(line: int, problem: Problem) -> LineResult:
    return LineResult(
        line=line,
        outcome=LineOutcome.REJECTED,
        reason_code=problem.code,
        message=problem.detail[:500],
        errors=problem.errors,
    )


def _documents(text: str, media_type: str) -> Iterator[tuple[int, str | dict[str, Any]]]:
    """Each line that is not blank, by its number in the file."""
    if media_type == CSV:
        yield from _csv_documents(text)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _csv_documents(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _document(header, cells)
    except csv.Error:
        detail = f"Line {reader.line_num} of the CSV cannot be taken apart: look at its quotes."
        raise Problem(HTTPStatus.BAD_REQUEST, "not_csv", detail) from None


def _check_header(header: list[str]) -> None:
    groups = {name[: name.rindex(".")] for name in header if "." in name}
    if len(set(header)) != len(header) or groups & set(header):
        message = "Two columns say the same: each name may stand there once, and not both for a whole and for its parts"
        raise invalid([FieldError(field="header", rule="duplicate_column", message=message)])


def _document(header: list[str], cells: list[str]) -> dict[str, Any]:
    """A row as the JSON of an order: the column `ship_to.city` is its `{"ship_to": {"city": …}}`. An empty cell is left out."""
    document: dict[str, Any] = {}
    for position, cell in enumerate(cells):
        name = header[position] if position < len(header) else f"column_{position + 1}"
        text = cell.strip()
        if text:
            parent, _, last = name.rpartition(".")
            inner = document.setdefault(parent, {}) if parent else document
            inner[last] = int(text) if name in _NUMBERS and _WHOLE.fullmatch(text) else text
    return document

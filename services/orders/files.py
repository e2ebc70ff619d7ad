"""Read a file of orders, JSON Lines or CSV. Each line stands for itself: what is wrong with one is that line's result.

As everywhere, nothing is kept of a line before it was searched for card numbers.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from domain.orders.batch import MAX_BATCH_LINES, BatchLine, LineOutcome, LineResult, batch_order_id
from domain.orders.order import OrderRequest
from domain.refusals import Invalid, RequestRefused, TooLarge
from services.input.documents import MAX_BODY_BYTES, json_object, refuse_card_numbers, validated
from services.orders.csv_documents import csv_documents

CSV: Final = "text/csv"
JSON_LINES: Final = "application/x-ndjson"

_LINE_END: Final = r"\r\n|\n|\r"


def read_lines(text: str, media_type: str, batch_id: str) -> tuple[list[BatchLine], list[LineResult]]:
    """Return the orders of a file, and the results of the lines that are none.

    Raises:
        Unreadable: A CSV cannot be taken apart.
        TooLarge: There are too many lines.
        Invalid: The header is not understood, or there is no line.
    """
    orders: list[BatchLine] = []
    rejected: list[LineResult] = []
    for line, document in _documents(text.removeprefix("\ufeff"), media_type):
        if len(orders) + len(rejected) == MAX_BATCH_LINES:
            detail = f"A batch may have {MAX_BATCH_LINES} lines at most."
            raise TooLarge("too_many_lines", detail)
        try:
            orders.append(_order(line, document, batch_id))
        except RequestRefused as refusal:
            rejected.append(_rejected(line, refusal))
    if not orders and not rejected:
        raise Invalid.of_field("body", "empty", "There is no line in it")
    return orders, rejected


def _order(line: int, document: str | dict[str, Any], batch_id: str) -> BatchLine:
    if isinstance(document, str) and len(document) > MAX_BODY_BYTES:
        raise Invalid.of_field("body", "line_too_long", f"A line may have {MAX_BODY_BYTES} characters at most")
    request = _request(json_object(document) if isinstance(document, str) else document)
    return BatchLine(line=line, order_id=request.order_id or batch_order_id(batch_id, line), request=request)


def _request(document: dict[str, Any]) -> OrderRequest:
    refuse_card_numbers(document)
    return validated(OrderRequest, document)


def _rejected(line: int, refusal: RequestRefused) -> LineResult:
    return LineResult(
        line=line,
        outcome=LineOutcome.REJECTED,
        reason_code=refusal.code,
        message=refusal.detail[:500],
        errors=refusal.errors,
    )


def _documents(text: str, media_type: str) -> Iterator[tuple[int, str | dict[str, Any]]]:
    """Each line that is not blank, by its number in the file."""
    if media_type == CSV:
        yield from csv_documents(text)
        return
    # CR alone, too: within a line of JSON it is a blank at most.
    for number, line in enumerate(re.split(_LINE_END, text), start=1):
        if line.strip():
            yield number, line

"""Make a report's document of its rows, piece by piece, so that no report has to be held as a whole."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

from adapters.rendering.texts import render
from domain.reports.report import ReportFormat, ReportRequest, ReportRow, ReportTotals, csv_cell

CONTENT_TYPES: Final = {ReportFormat.CSV: "text/csv; charset=utf-8", ReportFormat.HTML: "text/html; charset=utf-8"}
_COLUMNS: Final = tuple(ReportRow.model_fields)


def document(request: ReportRequest, parts: Iterable[Sequence[ReportRow]]) -> Iterator[bytes]:
    """Yield the bytes of the document. parts: rows, read as they are needed."""
    return _csv(parts) if request.format is ReportFormat.CSV else _html(request, parts)


def _csv(parts: Iterable[Sequence[ReportRow]]) -> Iterator[bytes]:
    yield _lines([_COLUMNS])
    for rows in parts:
        yield _lines([csv_cell(value) for value in row.to_wire().values()] for row in rows)


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _html(request: ReportRequest, parts: Iterable[Sequence[ReportRow]]) -> Iterator[bytes]:
    totals = ReportTotals()
    for rows in parts:
        totals.add(rows)
    yield render("report.html", request=request, totals=totals).encode()

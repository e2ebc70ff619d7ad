"""Texts of customers in a report are neither markup nor formulas."""

import csv
from typing import Any

import pytest

from adapters.rendering.report_document import document
from domain.reports.report import ReportRequest, ReportRow
from tests.support.orders import NOON


def made(form: str, **changes: Any) -> str:
    row = ReportRow.model_validate(
        {
            "order_id": "o-1",
            "placed_at": NOON,
            "customer_id": "ada",
            "status": "completed",
            "currency": "usd",
            "total_cents": 100,
            "updated_at": NOON,
            **changes,
        }
    )
    request = ReportRequest.model_validate({"placed_from": NOON, "placed_to": NOON.replace(day=2), "format": form})
    return b"".join(document(request, [[row]])).decode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_begins_a_formula(start):
    hostile = f'{start}HYPERLINK("http://evil.example","x")'
    (line,) = csv.DictReader(made("csv", customer_id=hostile).splitlines(keepends=True))
    assert line["customer_id"] == f"'{hostile}"


def test_no_text_of_a_caller_is_markup():
    page = made("html", customer_id="<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


def test_a_page_loads_nothing_from_anywhere():
    page = made("html")
    assert "default-src 'none'" in page
    assert "http:" not in page
    assert "https:" not in page

"""The document of a report: charts whose bars are as long as the figures beside them say."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from playwright.async_api import expect

from domain.orders.order import OrderProgress, OrderStatus
from services.container import services
from tests.browser.conftest import NewPage
from tests.browser.readable import faults
from tests.support.orders import NOON, placed_order
from tests.support.shop import Shop

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]
LONG_NAME = "a.very-long.name_without_a_space_in_it_as_they_come_from_programs"[:64]


def enter(order_id: str, day: int, status: OrderStatus, **changes: object) -> None:
    services().order_repository.accept(
        placed_order(order_id, placed_at=NOON + timedelta(days=day), **changes), fingerprint="f"
    )
    services().order_repository.record(OrderProgress(order_id=order_id, status=status, message="so it is"))


async def document(desk: Shop) -> bytes:
    """Ask for the report of all that was entered, and collect it."""
    period = {"placed_from": NOON.isoformat(), "placed_to": (NOON + timedelta(days=9)).isoformat()}
    assert (await desk.post("reports", {"id": "r-1", "format": "html", **period})).status == 202
    await desk.host.run_until_idle()
    answer = await desk.get("reports/r-1")
    assert answer.status == 200, answer.text
    return (await asyncio.to_thread(requests.get, answer.json()["detail"]["url"], timeout=60)).content


async def test_a_report_shows_charts_that_match_the_orders_and_is_readable_for_all(
    desk: Shop, new_page: NewPage, tmp_path: Path
):
    enter("a", 0, OrderStatus.COMPLETED)
    enter("b", 1, OrderStatus.COMPLETED, customer_id=LONG_NAME)
    enter("c", 1, OrderStatus.COMPLETED)
    enter("d", 1, OrderStatus.REJECTED)
    file = tmp_path / "report.html"
    file.write_bytes(await document(desk))
    page = await new_page()
    await page.goto(file.as_uri())
    charts = {}
    for title in ("Orders by status", "Orders by day", "Sales by day in USD"):
        rows = page.locator("h2", has_text=title).locator("+ table tr")
        charts[title] = await rows.evaluate_all(
            """rows => rows.map(row => [
                 row.cells[0].innerText, row.cells[1].innerText, row.querySelector('rect').getBoundingClientRect().width
                 / row.querySelector('svg').getBoundingClientRect().width])"""
        )
    whole, half, third = (pytest.approx(part, abs=0.01) for part in (1, 1 / 2, 1 / 3))
    assert charts == {
        "Orders by status": [["completed", "3", whole], ["rejected", "1", third]],
        "Orders by day": [["2026-03-01", "1", third], ["2026-03-02", "3", whole]],
        "Sales by day in USD": [["2026-03-01", "20.00 USD", half], ["2026-03-02", "40.00 USD", whole]],
    }
    await expect(page.get_by_role("row", name=f"{LONG_NAME} 20.00 USD")).to_be_visible()
    await expect(page.get_by_role("row", name="ada 40.00 USD")).to_be_visible()
    assert await faults(page) == []

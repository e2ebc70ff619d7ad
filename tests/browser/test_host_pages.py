"""The pages of local_host: what runs, and one instance with its history."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import SHORT_HOSTILE, TIMEOUT_MS, NewPage
from tests.browser.readable import faults
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]


async def order(desk: Shop, order_id: str, **changes: object) -> None:
    assert (await desk.post("orders", order_request(order_id=order_id, **changes))).status == 202
    await desk.host.run_until_idle()


async def reach(bars: Locator) -> list[tuple[float, float]]:
    """Where each bar begins and ends on the screen, from the left edge of its row's picture."""
    found: list[tuple[float, float]] = await bars.evaluate_all(
        """lines => lines.map(line => {
          const [box, row] = [line.getBoundingClientRect(), line.ownerSVGElement.getBoundingClientRect()];
          return [(box.left - row.left) / row.width, (box.right - row.left) / row.width];
        })"""
    )
    return found


async def test_the_home_page_lists_running_instances_and_shows_a_placed_order(desk: Shop, new_page: NewPage):
    await desk.stock("mug", 5)
    page = await new_page()
    await page.goto(desk.host.origin)
    await expect(page.get_by_role("row", name="process_order orchestration")).to_have_count(1)
    await expect(page.get_by_role("row", name="place_order http POST")).to_contain_text(
        f"{desk.host.origin}/api/orders"
    )
    await expect(page.get_by_role("listitem")).to_have_text(["none yet"])
    await order(desk, "o-1")
    await page.reload()
    await expect(page.get_by_role("listitem")).to_have_text(["Completed 1"])
    await expect(page.get_by_role("row", name="o-1 process_order Completed")).to_have_count(1)
    for name in ("instances", "entities", "functions"):
        path = await page.get_by_role("link", name=name, exact=True).get_attribute("href")
        answer = await page.request.get(f"{desk.host.origin}{path}", timeout=TIMEOUT_MS)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")


async def test_an_instance_shows_its_status_and_its_history_as_a_picture(desk: Shop, new_page: NewPage):
    await desk.stock("lamp", 5, unit_price_cents=200_000)
    await order(desk, "big", lines=[{"product_id": "lamp", "quantity": 1}])
    await desk.host.advance(hours=9)
    page = await new_page()
    await page.goto(desk.host.origin)
    await page.get_by_role("link", name="big").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("big")
    await expect(page.get_by_text("process_order: Running")).to_be_visible()
    await expect(page.locator("pre").first).to_contain_text('"quantity": 1')
    rows = page.get_by_role("listitem")
    escalation, reminder = await reach(rows.filter(has_text="timer of").locator("line"))
    (open_wait,) = await reach(rows.filter(has_text="timer set for").locator("line"))
    # Four hours until the next approver is asked, and as many until both are reminded; the last wait goes on.
    assert escalation == pytest.approx([0, 0.45], abs=0.03)
    assert reminder == pytest.approx([0.45, 0.9], abs=0.03)
    assert open_wait[0] == pytest.approx(0.9, abs=0.03)
    await expect(rows.locator("line")).to_have_count(await rows.count())
    assert (await rows.first.inner_text()).startswith("+0.000 s")
    await page.get_by_role("link", name="All instances").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Instances")
    await page.get_by_role("link", name="This host").click()
    await expect(page.get_by_role("heading", name="Functions")).to_be_visible()


async def test_an_instance_is_searched_for_and_suspended_with_a_second_click(desk: Shop, new_page: NewPage):
    await desk.stock("lamp", 5, unit_price_cents=200_000)
    await order(desk, "big", lines=[{"product_id": "lamp", "quantity": 1}])
    await order(desk, "other", lines=[{"product_id": "lamp", "quantity": 1}])
    page = await new_page()
    await page.goto(f"{desk.host.origin}/admin/instances")
    await page.get_by_label("Part of the id").fill("BI")
    await page.get_by_label("Status").select_option("Running")
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("link", name="big").click()
    await page.locator("summary", has_text="Suspend").click()
    await page.get_by_label("Reason").and_(page.locator(":visible")).fill("counting")
    await page.get_by_role("button", name="Suspend").click()
    await desk.host.run_until_idle()
    await page.reload()
    await expect(page.get_by_text("process_order: Suspended")).to_be_visible()
    await expect(page.locator("summary", has_text="Resume")).to_be_visible()


async def test_what_customers_typed_is_text_on_the_page_of_an_instance(desk: Shop, new_page: NewPage):
    await desk.stock("mug", 5)
    await order(desk, "o-1", ship_to={**ADDRESS, "name": SHORT_HOSTILE})
    page = await new_page()
    await page.goto(f"{desk.host.origin}/admin/instances/o-1")
    await expect(page.locator("pre").first).to_contain_text(SHORT_HOSTILE)
    await page.goto(f"{desk.host.origin}/admin/instances/%3Cimg%20src=x%20onerror=%22window.ran=1%22%3E")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("There is no instance <img src=x")
    assert await page.evaluate("window.ran") is None


async def test_the_pages_of_the_host_are_readable_for_all(desk: Shop, new_page: NewPage):
    await desk.stock("mug", 5)
    await order(desk, "o-1")
    await order(desk, "o-2", payment={"payment_method": "pm_card_chargeDeclined"})
    page = await new_page()
    for path in ("/", "/admin/instances", "/admin/instances/o-1", "/admin/instances/o-2", "/admin/instances/unknown"):
        await page.goto(desk.host.origin + path)
        assert await faults(page) == [], path

"""The console in a browser: read by every role, at two widths and in the dark, acted in by two persons at once."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from tests.browser.accessible import violations
from tests.browser.conftest import HOSTILE, SHORT_HOSTILE, NewPage
from tests.browser.readable import faults
from tests.integration.console.test_sign_in import ENTRA, principal
from tests.support.expenses import claim
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
WRITES_IMAGES: Final = os.environ.get("WRITE_SCREENSHOTS") == "1"
DESKTOP: Final[Any] = {"width": 1200, "height": 800}
OPERATOR: Final = "operator,approver,auditor,catalogue_manager"


async def open_as(new_page: NewPage, desk: Shop, roles: str, *, name: str = "grace", **options: Any) -> Page:
    headers = {"X-Local-Caller": name, "X-Local-Roles": roles}
    return await new_page(
        base_url=f"{desk.host.origin}/console/", viewport=DESKTOP, extra_http_headers=headers, **options
    )


async def picture(page: Page, name: str) -> None:
    """Write a picture for the documentation, when the run is to (`make screenshots`)."""
    if WRITES_IMAGES:
        await page.set_viewport_size(DESKTOP)
        await page.emulate_media(color_scheme="light")
        await page.screenshot(path=IMAGES / f"console-{name}.png")


@pytest_asyncio.fixture(name="busy", loop_scope="session")
async def _busy(desk: Shop) -> Shop:
    """Return a shop with an order of each kind. Every free text of them is markup."""
    for product_id, price in (("mug", 1_000), ("piano", 600_000)):
        details = {"name": f"{product_id} {SHORT_HOSTILE}", "unit_price_cents": price}
        await desk.put(f"products/{product_id}", details)
        await desk.post(f"inventory/{product_id}/restock", {"quantity": 9})
    await desk.host.run_until_idle()
    ship_to = {**ADDRESS, "name": SHORT_HOSTILE, "street1": SHORT_HOSTILE}
    await desk.post("orders", order_request(order_id="done-1", ship_to=ship_to))
    for order_id in ("large-1", "large-2"):
        lines = [{"product_id": "piano", "quantity": 1}]
        await desk.post("orders", order_request(order_id=order_id, lines=lines, ship_to=ship_to))
    await desk.host.run_until_idle()
    await desk.post("orders/large-2/cancellation", {"requested_by": "ada", "reason": HOSTILE})
    await desk.post("expenses", claim(items=[{**claim()["items"][0], "description": SHORT_HOSTILE}]))
    desk.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    desk.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    await desk.post("orders", order_request(order_id="stuck-1", ship_to=ship_to))
    await desk.host.advance(hours=8)
    return desk


async def test_every_page_is_readable_for_all_and_takes_no_text_for_markup(busy: Shop, new_page: NewPage):
    page = await open_as(new_page, busy, OPERATOR)
    dead_letter = (await busy.get("dead-letters")).json()["dead_letters"][0]["dead_letter_id"]
    await busy.post(f"dead-letters/{dead_letter}/resolve", {"resolved_by": "x", "reason": HOSTILE})
    shown = {
        "orders": "Orders",
        "orders?by=product&q=none": "Orders",
        "orders/done-1": "Order done-1 completed",
        "orders/large-1": "Order large-1 awaiting approval",
        "orders/large-2": "Order large-2 cancelled",
        "orders/stuck-1": None,
        "approvals": "Approvals",
        "dead-letters": "Dead letters",
        "dead-letters?state=resolved": "Dead letters",
        f"dead-letters/{dead_letter}": None,
        f"dead-letter-progress?ids={dead_letter}": None,
        f"orders?q={SHORT_HOSTILE}": "Orders",
        "stock": "Stock",
        "stock/mug": None,
        "catalogue": "Catalogue",
        "catalogue/mug": None,
        "audit": "Audit log",
        "workflows": "Workflows",
        "workflows/shipment_tracking/done-1": None,
        "health": "Health",
        "none": "Not found",
    }
    for path, heading in shown.items():
        await page.set_viewport_size(DESKTOP)
        await page.goto(path)
        if heading is not None:
            await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        for details in await page.locator("details.action").all():
            await details.evaluate("each => each.open = true")
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await violations(page) == [], (path, scheme)
        assert await faults(page) == [], path
        assert await violations(page) == [], path
        assert await page.evaluate("window.ran") is None, path


async def test_what_is_wrong_in_a_form_is_said_at_its_field_for_all_to_read(busy: Shop, new_page: NewPage):
    page = await open_as(new_page, busy, "catalogue_manager")
    await page.goto("catalogue/mug")
    await page.locator("summary", has_text="Edit").click()
    await page.get_by_label("Customs tariff number").fill("69")
    await page.get_by_label("Country of origin").fill("pt")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The product is not saved")
    field = page.get_by_label("Customs tariff number")
    await expect(field).to_have_accessible_description(re.compile("Must be a customs tariff number"))
    await expect(field).to_have_value("69")
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await violations(page) == [], scheme
    assert await faults(page) == []
    await field.fill("6912.00")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The product is saved.")).to_be_visible()


async def test_a_storefront_reads_that_the_console_is_not_for_it(busy: Shop, new_page: NewPage):
    page = await open_as(new_page, busy, "storefront", name="web shop")
    for path in ("", "orders", "orders/done-1"):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 403, path
        await expect(page.get_by_role("heading", level=1)).to_have_text("Not yours to do")
        await expect(page.get_by_text("This needs the role approver or")).to_be_visible()
        await expect(page.get_by_role("navigation")).to_have_count(0)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await violations(page) == [], (path, scheme)
        assert await faults(page) == [], path


@asynccontextmanager
async def platform(origin: str) -> AsyncIterator[str]:
    """Yield the address of what stands before the app in Azure, as far as a browser sees it: sessions, and who has one."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/.auth/login/aad":
            signed_in = web.HTTPFound(request.query["post_login_redirect_uri"])
            signed_in.set_cookie("AppServiceAuthSession", "ada")
            raise signed_in
        passed = {name: text for name, text in request.headers.items() if not name.lower().startswith("x-ms-")}
        known = principal("auditor") if "AppServiceAuthSession" in request.cookies else {}
        address = f"{origin}{request.path_qs}"
        async with session.request(request.method, address, headers={**passed, **known}, allow_redirects=False) as got:
            kept = {name: got.headers[name] for name in ("Content-Type", "Location") if name in got.headers}
            return web.Response(status=got.status, body=await got.read(), headers=kept)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with ClientSession() as session, TestServer(app) as server:
        yield str(server.make_url("/"))


async def test_a_browser_without_a_session_signs_in_and_comes_back(
    busy: Shop, new_page: NewPage, monkeypatch: pytest.MonkeyPatch
):
    for name, value in ENTRA.items():
        monkeypatch.setenv(name, value)
    async with platform(busy.host.origin) as address:
        page = await new_page(viewport=DESKTOP)
        await page.goto(f"{address}console/orders/done-1")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Order done-1 completed")
        await expect(page.get_by_text("ada@shop.example")).to_be_visible()
        assert page.url == f"{address}console/orders/done-1"


async def test_an_order_that_changes_is_shown_as_it_is_unless_the_page_is_hidden(busy: Shop, new_page: NewPage):
    page = await open_as(new_page, busy, OPERATOR)
    await page.clock.install()
    await page.goto("orders/large-1")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Order large-1 awaiting approval")
    await page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await busy.post("orders/large-1/cancellation", {"requested_by": "ada"})
    await busy.host.run_until_idle()
    await page.clock.fast_forward("00:30")
    assert asked == []
    await page.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    await page.clock.fast_forward("00:06")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Order large-1 cancelled")


async def test_of_two_approvers_at_once_the_second_reads_that_it_is_too_late(busy: Shop, new_page: NewPage):
    first = await open_as(new_page, busy, "approver", java_script_enabled=False)
    second = await open_as(new_page, busy, "approver", name="hedy")
    for each in (first, second):
        await each.goto("approvals")
        await each.get_by_role("link", name="large-1").click()
        await each.locator("summary", has_text="Decide").focus()
        await each.keyboard.press("Enter")
        await expect(each.get_by_text("The first decision counts")).to_be_visible()
        await expect(each.get_by_text("Cancel", exact=True)).to_have_count(0)
    await first.get_by_label("Comment for the shop (optional)").fill(HOSTILE)
    await first.get_by_role("button", name="Approve").click()
    await expect(first.get_by_text("The decision is recorded.")).to_be_visible()
    await second.get_by_role("button", name="Reject").click()
    await expect(second.get_by_role("heading", level=1)).to_have_text("Another change came first")
    await busy.host.run_until_idle()
    await second.get_by_role("link", name="Back").click()
    await expect(second.get_by_text("grace", exact=True).first).to_be_visible()
    assert await second.evaluate("window.ran") is None


async def test_a_phone_in_the_dark_finds_an_order_and_replays_what_is_open(busy: Shop, new_page: NewPage):
    page = await open_as(new_page, busy, "operator", color_scheme="dark")
    await page.set_viewport_size({"width": 375, "height": 700})
    await page.goto("")
    await page.get_by_label("Search").fill("stuck-1")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="cancel payment").click()
    busy.sandbox.clear_faults()
    await page.locator("summary", has_text="Replay").click()
    await page.get_by_role("button", name="Replay").click()
    await expect(page.get_by_text(re.compile("Closed: [01] of 1"))).to_be_visible()
    await busy.host.advance(minutes=5)
    await expect(page.get_by_text("Closed: 1 of 1")).to_be_visible()


async def test_pictures_for_the_documentation(desk: Shop, new_page: NewPage):
    if not WRITES_IMAGES:
        pytest.skip("make screenshots writes them")
    await desk.stock("mug", 50)
    await desk.stock("piano", 5, unit_price_cents=600_000)
    desk.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    for number in range(6):
        desk.sandbox.fault(operation="payment_intents.capture", kind="refuse", next=1) if number == 3 else None
        product = "piano" if number == 4 else "mug"
        lines = [{"product_id": product, "quantity": 1 + number % 2}]
        await desk.post("orders", order_request(order_id=f"web-10{number}", customer_id=f"c-{number}", lines=lines))
        await desk.host.run_until_idle()
    await desk.host.advance(hours=8)
    page = await open_as(new_page, desk, "operator,approver")
    for name, path in (("orders", "orders"), ("order", "orders/web-103"), ("dead-letters", "dead-letters")):
        await page.goto(path)
        await page.wait_for_load_state("networkidle")
        await picture(page, name)

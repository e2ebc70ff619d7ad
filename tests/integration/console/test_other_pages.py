"""Workflows and health in the console."""

from tests.integration.console.pages import APPROVER, OPERATOR, visit
from tests.integration.console.test_order_page import has_text
from tests.support.order_requests import order_request
from tests.support.shop import Shop


async def test_open_runs_are_listed_and_each_shows_its_course(shop: Shop):
    assert has_text(await visit(shop, "workflows", roles=OPERATOR), "No run is open.")
    claim = {
        "employee_id": "ada",
        "items": [{"category": "meals", "amount_cents": 1, "currency": "usd", "spent_on": "2026-03-01"}],
    }
    answer = await shop.post("expenses", {"id": "ex-1", "email": "ada@example.com", **claim})
    page = await visit(shop, "workflows", roles="auditor")
    assert (answer.status, has_text(page, "ex-1", "expense approval")) == (202, True), answer.text
    run = await visit(shop, "workflows/expense_approval/ex-1", roles=OPERATOR)
    assert (run.status, has_text(run, "expense approval ex-1", "Course")) == (200, True)
    found = await visit(shop, "workflows", roles=OPERATOR, workflow="expense_approval", id="ex-1")
    assert found.headers["Location"] == "/console/workflows/expense_approval/ex-1"
    assert (await visit(shop, "workflows/expense_approval/none", roles=OPERATOR)).status == 404


async def test_health_shows_checks_and_what_the_books_do_not_agree_on(shop: Shop):
    await shop.stock("mug", 5)
    await shop.post("orders", order_request(order_id="o-1"))
    await shop.host.run_until_idle()
    await shop.post("reconciliation/payments")
    page = await visit(shop, "health", roles=OPERATOR)
    assert has_text(page, "storageok", "task hubok", "New orders", "0 differences", "0 open")
    assert (await visit(shop, "health", roles=APPROVER)).status == 403

"""What waits for a person: approvals, and dead letters with their replays and resolutions."""

import re

import pytest

from local_host.testing import Answer
from tests.integration.console.pages import APPROVER, OPERATOR, send, visit
from tests.integration.console.test_order_page import has_text
from tests.support.books import open_dead_letters
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings


@pytest.fixture
async def stuck(shop: Shop) -> Shop:
    """Return a shop whose orders `o-1` and `o-2` need attention: their payments could not be given back."""
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    for order_id in ("o-1", "o-2"):
        await shop.post("orders", order_request(order_id=order_id))
    await shop.host.advance(hours=8)
    return shop


def chosen_of(page: Answer) -> list[str]:
    return re.findall(r'name="id" value="([^"]+)"', page.text)


async def test_approvals_wait_oldest_first(shop: Shop):
    await shop.stock("piano", 5, unit_price_cents=600_000)
    for order_id in ("o-1", "o-2"):
        lines = [{"product_id": "piano", "quantity": 1}]
        await shop.post("orders", order_request(order_id=order_id, lines=lines))
    await shop.host.run_until_idle()
    page = await visit(shop, "approvals", roles=APPROVER)
    assert re.findall(r'<td><a href="/console/orders/([^"]+)"', page.text) == ["o-1", "o-2"]
    assert has_text(page, "6,000.00 USD", "ago")
    await send(shop, "orders/o-1/decide", roles=APPROVER, decision="rejected")
    await shop.host.run_until_idle()
    page = await visit(shop, "approvals", roles=APPROVER)
    assert re.findall(r'<td><a href="/console/orders/([^"]+)"', page.text) == ["o-2"]


async def test_the_first_of_two_approvals_is_shown(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    change_settings(monkeypatch, SECOND_APPROVAL_LIMIT_CENTS="700000")
    await shop.stock("piano", 5, unit_price_cents=600_000)
    for count in (1, 2):
        lines = [{"product_id": "piano", "quantity": count}]
        await shop.post("orders", order_request(order_id=f"o-{count}", lines=lines))
    await shop.host.run_until_idle()
    assert has_text(await visit(shop, "orders/o-2", roles=APPROVER), "0 of 2", "Two have to approve")
    answer = await send(shop, "orders/o-2/decide", roles=APPROVER, who="grace <b>", decision="approved")
    assert answer.headers["Location"].endswith("done=first_approval")
    assert has_text(await visit(shop, "orders/o-2", roles=APPROVER), "awaiting approval", "1 of 2, by grace &lt;b&gt;")
    assert has_text(await visit(shop, "approvals", roles=APPROVER), "1 of 2, by grace &lt;b&gt;", "0 of 1")


async def test_many_dead_letters_are_replayed_at_once_and_their_progress_is_shown(stuck: Shop):
    page = await visit(stuck, "dead-letters", roles=OPERATOR)
    ids = chosen_of(page)
    assert len(ids) == 2
    assert has_text(
        page, "A replay looks the payment up at the provider", "no answer, whatever was tried", "seconds ago"
    )
    stuck.sandbox.clear_faults()
    begun = await send(stuck, "dead-letters/replay", roles=OPERATOR, id=ids)
    assert begun.status == 303
    again = await send(stuck, "dead-letters/replay", roles=OPERATOR, who="hedy", id=ids)
    progress = again.headers["Location"].removeprefix("/console/")
    assert has_text(await visit(stuck, progress, roles=OPERATOR), "another operator was faster")
    await stuck.host.advance(minutes=5)
    ended = await visit(stuck, begun.headers["Location"].removeprefix("/console/"), roles=OPERATOR)
    assert has_text(ended, "Closed: 2 of 2", "replayed")
    assert "another operator" not in ended.text
    assert has_text(await visit(stuck, "dead-letters", roles=OPERATOR), "There is none in this state.")


async def test_a_dead_letter_is_resolved_with_a_reason_under_the_operators_name(stuck: Shop):
    (first, second) = chosen_of(await visit(stuck, "dead-letters", roles=OPERATOR))
    missing = await send(stuck, "dead-letters/resolve", roles=OPERATOR, id=first)
    assert (missing.status, has_text(missing, "reason")) == (422, True)
    assert (
        await send(stuck, "dead-letters/resolve", roles=OPERATOR, id=first, reason="paid <b>back</b>")
    ).status == 303
    page = await visit(stuck, f"dead-letters/{first}", roles="auditor")
    assert has_text(page, "cancel payment: resolved", "grace", "paid &lt;b&gt;back&lt;/b&gt;")
    assert [each["dead_letter_id"] for each in await open_dead_letters(stuck)] == [second]


async def test_only_operators_act_on_dead_letters_and_only_on_some(stuck: Shop):
    page = await visit(stuck, "dead-letters", roles="auditor")
    assert (page.status, chosen_of(page), "<button" in page.text) == (200, [], False)
    assert (await visit(stuck, "dead-letters", roles=APPROVER)).status == 403
    assert (await send(stuck, "dead-letters/replay", roles="auditor", id="x")).status == 403
    assert (await send(stuck, "dead-letters/replay", roles=OPERATOR)).status == 422
    many = [f"d-{number}" for number in range(26)]
    assert (await send(stuck, "dead-letters/replay", roles=OPERATOR, id=many)).status == 422
    assert len(await open_dead_letters(stuck)) == 2

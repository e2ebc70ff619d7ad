"""Drills of docs/operating.md: what goes wrong, what the operator sees of it, and that nothing is lost by it.

The clock is moved, so an hour takes a moment. Alerts run on what the app itself has written.
"""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from domain.workflows.decision_link import DecisionLink
from sandbox.testing import Sandbox
from services.container import services
from tests.integration.drills.throttled_storage import throttled
from tests.integration.drills.watch import Watch, watching
from tests.integration.infra.recorded_rows import rows_found
from tests.invariants.worker_deaths import recover_at_once
from tests.support.books import assert_balanced, finish, open_dead_letters
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings, running_shop, use_settings

ORDERS: Final = tuple(f"a-{number}" for number in range(6))
WANTED: Final = {order_id: {"mug": 2} for order_id in ORDERS}
STOCK: Final = {"mug": 50}


@pytest.fixture
async def watch(shop: Shop) -> AsyncIterator[Watch]:
    await shop.stock("mug", STOCK["mug"])
    with watching(shop.host.clock) as watched:
        yield watched


async def place(shop: Shop, order_id: str, watch: Watch | None = None) -> int:
    answer = await shop.post("orders", order_request(order_id=order_id))
    if watch is not None:
        watch.answered("orders", answer)
    return answer.status


async def assert_all_completed(shop: Shop) -> None:
    await finish(shop)
    shown = await assert_balanced(shop, STOCK, WANTED)
    assert {order["status"] for order in shown.values()} == {"completed"}
    assert await open_dead_letters(shop) == []


async def test_payment_provider_is_down_for_an_hour(shop: Shop, watch: Watch) -> None:
    shop.sandbox.fault(operation="payment_intents.create", kind="status", status=503)
    early, late = ORDERS[:5], ORDERS[5:]
    for order_id in early:
        assert await place(shop, order_id) == 202
    await shop.host.run_until_idle()
    [seen] = watch.sees("provider_errors")
    assert seen["provider"] == "payments"
    await shop.host.advance(minutes=50)
    assert watch.sees("slo_orders_slow_burn"), "orders are late"
    await shop.host.advance(minutes=5)
    for order_id in late:
        assert await place(shop, order_id) == 202
    await shop.host.advance(minutes=5)
    shop.sandbox.clear_faults()
    await finish(shop)
    shown = await assert_balanced(shop, STOCK, WANTED)
    # A step is tried for ten minutes. No money is held for what waited longer; what came later has lost nothing but time.
    assert {shown[order_id]["status"] for order_id in early} == {"failed"}
    assert {shown[order_id]["status"] for order_id in late} == {"completed"}
    assert await open_dead_letters(shop) == []
    await shop.host.advance(hours=1)
    assert watch.sees("provider_errors") == [], "the alert resolves itself"
    assert watch.sees("needs_attention") == []


async def test_storage_is_throttled(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> None:
    [endpoint] = re.findall(r"TableEndpoint=([^;]+)", storage_connection)
    with throttled(endpoint) as door:
        use_settings(monkeypatch, storage_connection.replace(endpoint, door.url), sandbox)
        async with running_shop(sandbox) as shop:
            await shop.stock("mug", STOCK["mug"])
            with watching(shop.host.clock) as watch:
                door.is_busy = True
                assert {await place(shop, order_id, watch) for order_id in ORDERS} == {503}
                assert watch.sees("slo_api_fast_burn")
                door.is_busy = False
                assert [await place(shop, order_id, watch) for order_id in ORDERS] == [202] * len(ORDERS)
                await assert_all_completed(shop)
                await shop.host.advance(hours=2)
                assert watch.sees("slo_api_fast_burn") == []
    assert door.sent_away >= len(ORDERS)


async def test_a_flood_of_poison_messages(shop: Shop, watch: Watch) -> None:
    for number in range(40):
        await shop.host.run("take_in_queued_order", f'{{"no order": {number}}}')
    for order_id in ORDERS:  # among them, the orders of honest systems
        await shop.host.run("take_in_queued_order", json.dumps(order_request(order_id=order_id)))
    seen = watch.sees("poison_messages")
    assert {row["queue"] for row in seen} == {"orders-in-poison"}, "one alert for the queue, not one for each message"
    assert len(seen) == 40
    await assert_all_completed(shop)
    await shop.host.advance(hours=1)
    assert watch.sees("poison_messages") == []


async def test_an_instance_is_dead(shop: Shop, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    recover_at_once(monkeypatch)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    for order_id in ORDERS:
        await place(shop, order_id)
    await shop.host.run_until_idle()
    await shop.host.operations.terminate("a-0")
    await shop.host.run_until_idle()
    shop.sandbox.clear_faults()
    await shop.host.run("recover_runs")
    [seen] = watch.sees("needs_attention")
    assert seen["orderId"] == "a-0"
    letters = await open_dead_letters(shop)
    assert {row["id"] for row in watch.sees("dead_letters")} == {letter["dead_letter_id"] for letter in letters}
    assert (await shop.post("orders/a-0/settlement")).status in (200, 202)
    await finish(shop)
    shown = await assert_balanced(shop, STOCK, WANTED)
    assert sorted(order["status"] for order in shown.values()) == ["completed"] * 5 + ["failed"]
    assert watch.sees("needs_attention") == []
    assert watch.sees("dead_letters") == []


async def test_a_key_has_leaked_and_is_changed(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox
) -> None:
    use_settings(monkeypatch, storage_connection, sandbox, EASYPOST_WEBHOOK_SECRET="leaked", LINK_SECRET="leaked")
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", STOCK["mug"])
        with watching(shop.host.clock) as watch:
            for order_id in ORDERS:
                await place(shop, order_id)
            assert await webhook(shop, watch, "leaked") == 200
            change_settings(monkeypatch, EASYPOST_WEBHOOK_SECRET="changed")
            assert {await webhook(shop, watch, "leaked") for _ in range(3)} == {401}
            assert watch.sees("failing_webhooks"), "use of the old one is seen"
            assert await webhook(shop, watch, "changed") == 200
            await assert_links_outlive_a_change(shop, monkeypatch)
            await assert_all_completed(shop)
            assert "leaked" not in watch.text()
            assert "changed" not in watch.text()


async def assert_links_outlive_a_change(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links that were sent before work until the old secret is taken away, and then those of the new one alone."""

    async def shown(token: str) -> bool:
        answer = await shop.get("decisions", token=token)
        return answer.status != 403

    before = link_to_decide()
    change_settings(monkeypatch, LINK_SECRET="changed,leaked")
    during = link_to_decide()
    assert (await shown(before), await shown(during)) == (True, True)
    change_settings(monkeypatch, LINK_SECRET="changed")
    assert (await shown(before), await shown(during)) == (False, True)


def link_to_decide() -> str:
    """Return the token of a link to an order's approval, as a mail would have it now."""
    expires_at = datetime.now(UTC) + timedelta(days=1)
    link = DecisionLink(
        workflow="process_order", key="a-0", wait_id="w-1", approver="ann@example.com", expires_at=expires_at
    )
    return services().decision_links.token(link)


async def webhook(shop: Shop, watch: Watch, secret: str) -> int:
    body = json.dumps({"description": "tracker.updated", "result": {"tracking_code": "none"}}).encode()
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hmac-Signature": f"hmac-sha256-hex={signed}", "Content-Type": "application/json"}
    answer = await shop.post("webhooks/carriers/easypost", data=body, headers=headers)
    watch.answered("webhooks/carriers/easypost", answer)
    return answer.status


async def test_a_region_is_lost(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    use_settings(monkeypatch, storage_connection, sandbox)
    replicated = tmp_path / "hub.db"
    async with running_shop(sandbox, state=replicated, redelivers_late=True) as shop:
        await shop.stock("mug", STOCK["mug"])
        sandbox.fault(operation="shipments.create", kind="status", status=503)
        for order_id in ORDERS:
            await place(shop, order_id)
        await shop.host.run_until_idle()  # money is held, and no parcel is announced: then the region is gone
    assert rows_found("host_silent"), "the alert on a host that sends nothing"
    sandbox.clear_faults()
    async with running_shop(sandbox, state=replicated, redelivers_late=True) as shop:  # elsewhere, on the copies
        with watching(shop.host.clock) as watch:
            assert (await shop.get("health")).status == 200
            await shop.host.run("recover_runs")
            await assert_all_completed(shop)
            assert watch.sees("needs_attention") == []
    assert len(sandbox.payments()) == len(ORDERS)

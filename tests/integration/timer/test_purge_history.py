from datetime import timedelta

import azure.durable_functions as df

from local_host.app.binding_value import durable_client_value
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from triggers.timer.purge_history import purge_completed


async def test_an_old_completed_order_is_purged_from_the_hub_and_stays_in_the_repository(shop: Shop, monkeypatch):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="old"))
    await shop.host.run_until_idle()
    await shop.host.run("purge_history")
    assert await in_hub(shop, "old"), "it is not old yet"
    await purge_as_of(shop, days=31)
    assert not await in_hub(shop, "old")
    shown = await shop.get("orders/old")
    assert (shown.status, shown.json()["status"]) == (200, "completed")


async def test_what_did_not_complete_stays(shop: Shop):
    await shop.stock("mug", 10, unit_price_cents=60_000)
    await shop.post("orders", order_request(order_id="waiting"))
    await shop.post("orders", order_request(order_id="stopped"))
    await shop.host.run_until_idle()
    await shop.host.operations.terminate("stopped", "test")
    await shop.host.run_until_idle()
    await purge_as_of(shop, days=31)
    assert await in_hub(shop, "waiting")
    assert await in_hub(shop, "stopped")


async def purge_as_of(shop: Shop, *, days: int) -> None:
    """As if the schedule ran that much later."""
    client = df.DurableOrchestrationClient(durable_client_value(shop.host.origin, "Tests", {}))
    await purge_completed(client, shop.host.clock.now() + timedelta(days=days))


async def in_hub(shop: Shop, order_id: str) -> bool:
    answer = await shop.host.http.get(f"/runtime/webhooks/durabletask/instances/{order_id}")
    return answer.status != 404

"""What could not be compensated: dead-lettered when its order can be closed, tried again by an operator, closed honestly."""

import pytest

from tests.support.books import assert_balanced, finish, open_dead_letters
from tests.support.order_requests import order_request
from tests.support.shop import Shop


async def replay_all(shop: Shop) -> None:
    for dead_letter in await open_dead_letters(shop):
        assert (await shop.post(f"dead-letters/{dead_letter['dead_letter_id']}/replay")).status == 202
    await finish(shop)
    await shop.host.advance(hours=7)


async def place_unfinishable(shop: Shop) -> None:
    """Place an order that fails at its last step, and whose label cannot be cancelled at first."""
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    shop.sandbox.fault(operation="shipments.refund", kind="refuse", next=1)
    assert (await shop.post("orders", order_request(order_id="a-1"))).status == 202
    await shop.host.run_until_idle()


async def assert_nothing_is_open(shop: Shop) -> None:
    orders = await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}})
    assert (orders["a-1"]["status"], await open_dead_letters(shop)) == ("failed", [])


async def test_a_replay_while_the_order_is_still_being_compensated_leaves_nothing_open(shop: Shop):
    shop.sandbox.fault(operation="payment_intents.cancel", kind="drop_before", next=5)
    await place_unfinishable(shop)
    assert (await shop.get("orders/a-1")).status == 202, "the payment is still to be compensated"
    await replay_all(shop)
    await replay_all(shop)
    await assert_nothing_is_open(shop)


@pytest.mark.parametrize("activity", ["close_dead_letter", "close_run"])
async def test_a_replay_is_closed_although_the_storage_fails_meanwhile(shop: Shop, activity: str):
    for attempt in (1, 2):
        shop.host.fail_activity(activity, attempt=attempt, error=OSError("no storage"))
    await place_unfinishable(shop)
    await finish(shop)
    assert (await shop.get("orders/a-1")).json()["status"] == "needs_attention"
    await replay_all(shop)
    await assert_nothing_is_open(shop)

from datetime import timedelta

from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.support.stock import reserve

SCHEDULE = "expire_reservations"
RUN_OUT = timedelta(minutes=-1)


async def stock_of(shop: Shop, product_id: str) -> tuple[int, int]:
    body = (await shop.get(f"inventory/{product_id}")).json()
    return body["available"], body["reserved"]


async def place_waiting_order(shop: Shop) -> None:
    """Place the order `big-1`, which waits for an approval."""
    await shop.stock("piano", 5, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()


async def test_goods_orphaned_reservation_come_back_when_their_time_is_over(shop: Shop):
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "ghost", quantity=3, lasts=RUN_OUT)
    assert await stock_of(shop, "mug") == (7, 3)
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (10, 0)


async def test_a_reservation_keeps_its_goods_until_its_time_is_over(shop: Shop):
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "ghost", quantity=3)
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (7, 3)


async def test_an_order_on_its_way_keeps_its_goods_however_long_it_takes(shop: Shop):
    await place_waiting_order(shop)
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "big-1", quantity=3, lasts=RUN_OUT)
    await reserve(shop, "mug", "ghost", quantity=1, lasts=RUN_OUT)
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (7, 3)


async def test_an_order_that_was_terminated_gives_its_goods_back(shop: Shop):
    await place_waiting_order(shop)
    await shop.stock("mug", 10)
    await reserve(shop, "mug", "big-1", quantity=3, lasts=RUN_OUT)
    await shop.host.operations.terminate("big-1")
    await shop.host.run_until_idle()
    await shop.host.run(SCHEDULE)
    assert await stock_of(shop, "mug") == (10, 0)

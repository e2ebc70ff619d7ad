from tests.support.order_requests import order_request
from tests.support.shop import Shop


async def test_an_order_is_accepted_processed_and_shown(shop: Shop):
    await shop.stock("mug", 10)
    placed = await shop.post("orders", order_request(order_id="a-1"))
    assert placed.status == 202, placed
    await shop.host.until_idle()
    shown = await shop.get("orders/a-1")
    assert shown.status == 200
    assert shown.body["status"] == "completed"

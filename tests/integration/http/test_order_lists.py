"""Lists of orders, over HTTP: newest first, by every filter, page by page."""

from typing import Any

import pytest

from tests.support.order_requests import order_request
from tests.support.shop import Shop


async def listed(shop: Shop, **filters: str) -> list[str]:
    answer = await shop.get("orders", **filters)
    assert answer.status == 200, answer
    return [order["order_id"] for order in answer.json()["orders"]]


async def place(shop: Shop, order_id: str, **changes: Any) -> None:
    answer = await shop.post("orders", order_request(order_id=order_id, **changes))
    assert answer.status == 202, answer


async def test_orders_are_listed_newest_first_by_customer_status_and_time(shop: Shop):
    await shop.stock("mug", 10)
    await place(shop, "a-1")
    await place(shop, "a-2", customer_id="eve")
    await place(shop, "a-3", lines=[{"product_id": "mug", "quantity": 99}])
    await shop.host.run_until_idle()
    placed = (await shop.get("orders", customer_id="eve")).json()["orders"][0]["placed_at"]
    assert await listed(shop) == ["a-3", "a-2", "a-1"]
    assert await listed(shop, customer_id="eve") == ["a-2"]
    assert await listed(shop, status="rejected") == ["a-3"]
    assert await listed(shop, placed_from=placed) == ["a-3", "a-2"]
    assert await listed(shop, placed_to=placed) == ["a-1"]
    assert await listed(shop, status="completed", customer_id="ada") == ["a-1"]


async def test_an_order_is_found_by_what_its_customer_its_carrier_and_its_bank_know(shop: Shop):
    await shop.stock("mug", 10)
    await shop.stock("tea", 10)
    await place(shop, "a-1", email="Ada.Byron@Example.com")
    await place(shop, "a-2", email="eve@example.com", lines=[{"product_id": "tea", "quantity": 1}])
    await shop.host.run_until_idle()
    assert (
        await listed(shop, email="ada.byron@example.com")
        == await listed(shop, email="ADA.BYRON@EXAMPLE.COM")
        == ["a-1"]
    )
    assert await listed(shop, product_id="tea") == ["a-2"]
    steps = {step["step"]: step["reference"] for step in (await shop.get("orders/a-2")).json()["steps"]}
    payment, code = steps["authorise_payment"], steps["buy_label"]
    assert await listed(shop, payment_id=payment) == ["a-2"]
    assert await listed(shop, tracking_code=code) == await listed(shop, tracking_code=code.lower()) == ["a-2"]
    assert await listed(shop, payment_id=payment, product_id="mug") == []
    assert await listed(shop, product_id="tea", email="eve@example.com", status="completed") == ["a-2"]
    assert await listed(shop, email="unknown@example.com") == []


async def test_a_list_goes_on_where_its_page_ended_though_orders_come_and_change(shop: Shop):
    await shop.stock("mug", 100)
    for number in range(5):
        await place(shop, f"a-{number}")
    page = (await shop.get("orders", limit="2")).json()
    found = [order["order_id"] for order in page["orders"]]
    await place(shop, "newer")
    await shop.host.run_until_idle()
    while page["next_cursor"] is not None:
        page = (await shop.get("orders", limit="2", cursor=page["next_cursor"])).json()
        found += [order["order_id"] for order in page["orders"]]
    assert found == [f"a-{number}" for number in (4, 3, 2, 1, 0)]


async def test_a_list_shows_no_address_and_no_payment_method(shop: Shop):
    await shop.stock("mug", 10)
    await place(shop, "a-1")
    (order,) = (await shop.get("orders")).json()["orders"]
    assert set(order) == {
        "order_id",
        "customer_id",
        "status",
        "total_cents",
        "currency",
        "placed_at",
        "updated_at",
    }


@pytest.mark.parametrize("cursor", ["nonsense", "e30", "bm90IGpzb24"])
async def test_a_foreign_cursor_is_a_422(shop: Shop, cursor):
    refused = await shop.get("orders", cursor=cursor)
    assert refused.status == 422
    assert refused.json()["errors"][0]["field"] == "cursor"


async def test_a_cursor_of_another_filter_is_a_422(shop: Shop):
    await shop.stock("mug", 10)
    for order_id in ("a-1", "a-2"):
        await place(shop, order_id)
    cursor = (await shop.get("orders", limit="1", customer_id="ada")).json()["next_cursor"]
    assert await listed(shop, customer_id="ada", cursor=cursor) == ["a-1"]
    refused = await shop.get("orders", customer_id="eve", cursor=cursor)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "ada"),
        ("product_id", "mug/tea"),
        ("tracking_code", "EZ 1"),
        ("payment_id", "pi 1"),
        ("status", "gone"),
        ("placed_from", "yesterday"),
        ("customer_id", "?"),
        ("customer", "ada"),
    ],
)
async def test_a_filter_of_another_form_is_a_422_that_names_it(shop: Shop, name, value):
    refused = await shop.get("orders", **{name: value})
    assert refused.status == 422
    assert [error["field"] for error in refused.json()["errors"]] == [name]

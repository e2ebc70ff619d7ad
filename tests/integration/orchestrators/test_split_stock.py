"""A product whose stock is split: orders reserve in their own shard, which gets what it is short of from the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.catalogue.shards import shard_of
from domain.ids import INVENTORY_ENTITY, stock_key
from domain.inventory.requests import GiveRequest, ReleaseRequest
from domain.inventory.stock import MAX_SETTLEMENTS
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.support.stock import signal

SHARDS = 3


async def split(shop: Shop, shards: int) -> None:
    details = {"name": "Mug", "unit_price_cents": 1_000, "stock_shards": shards}
    assert (await shop.put("products/mug", details)).status == 200


async def place(shop: Shop, order_id: str, quantity: int = 1) -> None:
    body = order_request(order_id=order_id, lines=[{"product_id": "mug", "quantity": quantity}])
    assert (await shop.post("orders", body)).status == 202


async def shard(shop: Shop, number: int) -> dict[str, Any]:
    path = f"/runtime/webhooks/durabletask/entities/{INVENTORY_ENTITY}/{stock_key('mug', number)}"
    answer = await shop.host.http.get(path)
    return answer.json() if answer.status == 200 else {"available": 0, "sold": 0}


def orders_of_shard(number: int, count: int) -> list[str]:
    ids = (f"o-{n}" for n in range(1_000))
    return [order_id for order_id in ids if shard_of(order_id, "mug", SHARDS) == number][:count]


async def test_orders_of_every_shard_sell_the_stock_to_the_last_unit_and_no_more(shop: Shop):
    await shop.stock("mug", 9)
    await split(shop, SHARDS)
    wanted = {f"o-{number}": {"mug": 2} for number in range(6)}
    for order_id in wanted:
        await place(shop, order_id, 2)
    await finish(shop)
    orders = await assert_balanced(shop, {"mug": 9}, wanted)
    ends = sorted(order["reason_code"] or order["status"] for order in orders.values())
    assert ends == ["completed"] * 4 + ["out_of_stock"] * 2
    assert (await shard(shop, 1))["sold"] or (await shard(shop, 2))["sold"], "not all were sold by the first shard"
    assert (await shop.get("reconciliation")).json()["drift"] == []


async def test_an_order_that_was_placed_before_a_split_or_a_merge_keeps_its_shard(shop: Shop):
    await shop.stock("mug", 4)
    first, second = orders_of_shard(1, 1) + orders_of_shard(2, 1)
    await split(shop, SHARDS)
    await place(shop, first, 2)
    await split(shop, 1)
    await place(shop, second, 2)
    await finish(shop)
    await assert_balanced(shop, {"mug": 4}, {first: {"mug": 2}, second: {"mug": 2}})
    assert (await shop.get("inventory/mug")).json()["sold"] == 4
    assert [(await shard(shop, number))["sold"] for number in range(SHARDS)] == [2, 2, 0]


async def test_a_merged_product_gives_its_units_back_to_the_first_shard_in_a_few_runs_of_the_timer(shop: Shop):
    await shop.stock("mug", 8)
    await split(shop, SHARDS)
    (order_id,) = orders_of_shard(1, 1)
    await place(shop, order_id)
    await finish(shop)
    await split(shop, 1)
    for _ in range(3):
        assert (await shop.get("inventory/mug")).json()["available"] == 7
        await shop.host.run("expire_reservations")
        await shop.host.run_until_idle()
    assert [(await shard(shop, number))["available"] for number in (0, 1)] == [7, 0]


async def test_a_transfer_that_an_instance_died_over_is_carried_on_by_the_timer(shop: Shop):
    await shop.stock("mug", 8, stock_shards=SHARDS)
    await signal(shop, "mug", "give", GiveRequest(to="mug.1", wanted=8))
    assert (await shop.get("inventory/mug")).json()["available"] == 8, "units on their way are not lost"
    await shop.host.run("expire_reservations")
    await shop.host.run_until_idle()
    assert ((await shard(shop, 1))["available"], (await shard(shop, 0))["available"]) == (8, 0)
    await shop.host.run("expire_reservations")
    await shop.host.run_until_idle()
    assert (await shard(shop, 0))["sent"]["mug.1"]["quantity"] == 0


async def test_an_order_that_many_later_ones_have_overtaken_is_reserved_by_what_its_record_shows(shop: Shop):
    await shop.stock("mug", 9)
    later = datetime.now(UTC) + timedelta(hours=1)
    for number in range(MAX_SETTLEMENTS + 1):
        request = ReleaseRequest(order_id=f"later-{number}", now=later, placed_at=later)
        await signal(shop, "mug", "release", request)
    await place(shop, "slow")
    await finish(shop)
    order = (await assert_balanced(shop, {"mug": 9}, {"slow": {"mug": 1}}))["slow"]
    assert order["status"] == "completed"
    assert [entry["step"] for entry in order["steps"]].count("reserve_inventory") == 1

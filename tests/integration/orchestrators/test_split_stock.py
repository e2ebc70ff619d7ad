"""A product whose stock is split: orders reserve in their own shard, which gets what it is short of from the others."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.catalogue.shards import shard_of
from domain.ids import INVENTORY_ENTITY, stock_key
from domain.inventory import stock
from domain.inventory.requests import GiveRequest, ReleaseRequest, ReserveRequest
from domain.inventory.stock import MAX_SETTLEMENTS
from local_host.testing import Activity
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.support.stock import send, signal

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


async def test_a_correction_that_only_the_whole_product_allows_says_how_to_make_it(shop: Shop):
    await shop.stock("mug", 8, stock_shards=SHARDS)
    (order_id,) = orders_of_shard(1, 1)
    await place(shop, order_id)
    await finish(shop)
    correction = {"delta": -7, "reason": "counted", "key": "count-1"}
    refused = await shop.post("inventory/mug/adjustment", correction)
    assert (refused.status, refused.json()["code"]) == (409, "below_zero")
    assert "set its stock_shards to 1" in refused.json()["detail"]
    none_has = await shop.post("inventory/mug/adjustment", {**correction, "delta": -8})
    assert "stock_shards" not in none_has.json()["detail"]
    await split(shop, 1)
    for _ in range(3):
        await shop.host.run("expire_reservations")
        await shop.host.run_until_idle()
    assert (await shop.post("inventory/mug/adjustment", correction)).status == 202
    await shop.host.run_until_idle()
    assert (await shop.get("inventory/mug")).json()["available"] == 0


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


@dataclass
class Rush:
    """Others that end, and that are asked for a proof, during every look-up of the order `slow`.

    Attributes:
        ending: How many end during one.
        asked: How many are asked for a proof during one.
        look_ups: How many look-ups there were.
        last: The last look-up during which anything happens.
    """

    shop: Shop
    ending: int
    asked: int = 0
    last: int = 999
    look_ups: int = 0

    async def begin(self) -> None:
        """Have the stock forget orders that were placed after `slow` is."""
        await self._others()
        await self.shop.host.run_until_idle()
        self.shop.host.wrap_activity("look_up_order", self._look_up)

    async def _look_up(self, value: Any, act: Activity) -> Any:
        self.look_ups += 1
        answer = await act(value)
        if self.look_ups <= self.last:
            await self._others()
        return answer

    async def _others(self) -> None:
        now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
        for number in range(self.ending):
            name = f"later-{self.look_ups}-{number}"
            await send(self.shop, "mug", "release", ReleaseRequest(order_id=name, now=later, placed_at=later))
        for number in range(self.asked):
            name = f"asked-{self.look_ups}-{number}"
            request = ReserveRequest(order_id=name, quantity=1, expires_at=later, now=now, placed_at=now)
            await send(self.shop, "mug", "reserve", request)


async def test_an_order_that_many_later_ones_overtake_again_and_again_is_reserved_by_one_proof(shop: Shop):
    await shop.stock("mug", 9)
    rush = Rush(shop, ending=MAX_SETTLEMENTS + 1)
    await rush.begin()
    await place(shop, "slow")
    await finish(shop)
    order = (await assert_balanced(shop, {"mug": 9}, {"slow": {"mug": 1}}))["slow"]
    assert (order["status"], rush.look_ups) == ("completed", 1)
    assert [entry["step"] for entry in order["steps"]].count("reserve_inventory") == 1


@pytest.mark.parametrize(("unlucky", "end"), [(9, "completed"), (999, "failed")])
async def test_an_order_whose_proofs_come_too_late_is_tried_later_and_later_and_never_rejected(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, unlucky: int, end: str
):
    monkeypatch.setattr(stock, "MAX_SETTLEMENTS", 1)
    monkeypatch.setattr(stock, "MAX_IN_QUESTION", 1)
    await shop.stock("mug", 9)
    rush = Rush(shop, ending=2, asked=1, last=unlucky)
    await rush.begin()
    await place(shop, "slow")
    await shop.host.run_until_idle()
    step = (await shop.get("orders/slow")).json()["step"]
    assert (step["name"], step["last_error"]) == ("reserve_inventory", "settlement_forgotten")
    assert step["next_attempt_at"] is not None
    await finish(shop)
    order = (await assert_balanced(shop, {"mug": 9}, {"slow": {"mug": 1}}))["slow"]
    assert order["status"] == end
    assert min(unlucky, 10) < rush.look_ups < 30, "as often as a step is tried"


async def test_an_order_that_waits_for_its_next_proof_can_be_cancelled(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stock, "MAX_SETTLEMENTS", 1)
    monkeypatch.setattr(stock, "MAX_IN_QUESTION", 1)
    await shop.stock("mug", 9)
    await Rush(shop, ending=2, asked=1).begin()
    await place(shop, "slow")
    await shop.host.run_until_idle()
    assert (await shop.post("orders/slow/cancellation", {"requested_by": "ada"})).status == 202
    await shop.host.run_until_idle()
    order = (await assert_balanced(shop, {"mug": 9}, {"slow": {"mug": 1}}))["slow"]
    assert order["status"] == "cancelled"

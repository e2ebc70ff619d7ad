"""Backorders of a split product are filled with units of other shards while what moves those dies, and no unit is lost."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from domain.ids import INVENTORY_ENTITY, stock_key
from domain.inventory.requests import CommitRequest, GiveRequest
from domain.inventory.stock import Stock
from domain.inventory.transfers import merged
from tests.invariants.process_crashes import crashes_during
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.stock import signal

KEYS = [stock_key("mug", number) for number in range(3)]
FIRST_UNITS = 12
MAX_RUNS = 30
"""Of the timer, until there is nothing left to do for it."""

_ENTITIES = f"/runtime/webhooks/durabletask/entities/{INVENTORY_ENTITY}"


@dataclass
class Shelf:
    """The product's shards, and what was ever put on them."""

    shop: Shop
    chance: random.Random
    units: int = FIRST_UNITS
    backorders: list[str] = field(default_factory=list)

    async def spread(self) -> None:
        """Leave units in every shard."""
        for key in KEYS[1:]:
            await signal(self.shop, KEYS[0], "give", GiveRequest(to=key, wanted=4))
            await self.run_timer()

    async def add_backorder(self) -> None:
        """Sell more than one shard has to a paid order without a reservation, and put more units on the shelf."""
        now, key = datetime.now(UTC), self.chance.choice(KEYS)
        self.backorders.append(f"o-{len(self.backorders)}")
        wanted = (await self.shards())[key].available + self.chance.randint(1, 3)
        request = CommitRequest(order_id=self.backorders[-1], quantity=wanted, placed_at=now, now=now)
        await signal(self.shop, key, "commit", request)
        delivered = self.chance.randint(1, 3)
        assert (await self.shop.post("inventory/mug/restock", {"quantity": delivered})).status == 202
        await self.shop.host.run_until_idle()
        self.units += delivered

    async def run_timer(self) -> None:
        for _ in range(3):
            await self.shop.host.run("expire_reservations")
            await self.shop.host.run_until_idle()

    async def shards(self) -> dict[str, Stock]:
        answers = {key: await self.shop.host.http.get(f"{_ENTITIES}/{key}") for key in KEYS}
        states = {key: Stock.from_state(answer.json()) for key, answer in answers.items() if answer.status == 200}
        return {key: stock for key, stock in states.items() if stock is not None}

    async def assert_no_unit_is_lost(self) -> Stock:
        stock = merged(await self.shards())
        assert stock.available + stock.sold == self.units, stock
        return stock

    async def assert_filled(self) -> None:
        """Let the timer run until it changes nothing: every backorder is sold that all available units suffice for."""
        before = None
        for _ in range(MAX_RUNS):
            await self.run_timer()
            shards = await self.shards()
            if shards == before:
                break
            before = shards
        stock = await self.assert_no_unit_is_lost()
        assert all(units > stock.available for units in stock.backordered.values()), shards
        assert len(stock.backordered) < len(self.backorders), "none was filled"
        drift = (await self.shop.get("reconciliation")).json()["drift"]
        assert {each["order_id"] for each in drift} == set(stock.backordered)


@pytest.fixture
async def shelf(monkeypatch, storage_connection, sandbox, tmp_path) -> AsyncIterator[Shelf]:
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox, state=tmp_path / "hub.db", redelivers_late=True) as shop:
        await shop.stock("mug", FIRST_UNITS, stock_shards=len(KEYS))
        shelf = Shelf(shop, random.Random(7))
        await shelf.spread()
        yield shelf


@pytest.mark.timeout(600)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_backorders_are_filled_whatever_commit_the_host_dies_at(shelf: Shelf, after: bool):
    lives = 0
    for commit in count(1):
        await shelf.add_backorder()
        lives += 1
        if not await crashes_during(shelf.shop, commit, shelf.run_timer(), after=after):
            break
        await shelf.assert_no_unit_is_lost()
    assert lives > 2, "nothing died"
    await shelf.assert_filled()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("during", ["entity", "function"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_backorders_are_filled_whatever_the_worker_dies_over(shelf: Shelf, during: Any, when: Any):
    for number in range(1, 5):
        await shelf.add_backorder()
        shelf.shop.host.kill_worker(during=during, nth=number if during == "entity" else 1, when=when)
        await shelf.run_timer()
        await shelf.assert_no_unit_is_lost()
    assert shelf.shop.host.worker_deaths > 2, "nothing died"
    await shelf.assert_filled()


async def test_a_backorder_of_a_shard_that_is_no_longer_used_gets_the_units_of_several_others(shelf: Shelf):
    details = {"name": "Mug", "unit_price_cents": 1_000, "stock_shards": 1}
    assert (await shelf.shop.put("products/mug", details)).status == 200
    now, shards = datetime.now(UTC), await shelf.shards()
    request = CommitRequest(order_id="late", quantity=FIRST_UNITS, placed_at=now, now=now)
    assert request.quantity > max(stock.available for stock in shards.values())
    await signal(shelf.shop, KEYS[2], "commit", request)
    await shelf.run_timer()
    assert (await shelf.shards())[KEYS[2]].sold == FIRST_UNITS
    assert (await shelf.shop.get("reconciliation")).json()["drift"] == []

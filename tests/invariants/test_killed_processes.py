"""Real processes, killed with SIGKILL at random moments while orders run: every order ends, and the books balance.

PROOF_KILLED_ORDERS says how many orders to run, every second one of a product whose stock is split; for each twenty of them the
host is killed twice and the sandbox once. The default run, of 40, lets the orders in before anything dies: one whose process dies
between its row and its start waits a minute or two for the recovery timer.
"""

import asyncio
import os
import random
from collections.abc import Iterator

import pytest

from tests.invariants.customers import KINDS, look_after, place_all
from tests.invariants.order_cases import ORDER_CASES, stock_shelf_outside
from tests.invariants.outside import Outside, the_outside
from tests.invariants.processes import Reborn
from tests.invariants.progress import Progress, reporting
from tests.invariants.split_product import PRODUCT, SHARDS, buying_split, imbalances
from tests.support.books import assert_balanced
from tests.support.integrity import integrity_of

GIVEN = os.environ.get("PROOF_KILLED_ORDERS")
ORDERS = int(GIVEN or 40)
SHELF = {"mug": 2 * ORDERS, "piano": ORDERS, PRODUCT: 2 * ORDERS}
"""Enough for every order, whatever they are."""

END_TIMEOUT_S = 600 + ORDERS * 2
"""Enough for an order whose process died before it started it: the recovery timer takes it up after a minute or two."""


@pytest.fixture
def progress() -> Iterator[Progress]:
    with reporting("orders of killed processes") as counting:
        yield counting


@pytest.mark.timeout(END_TIMEOUT_S * 2)
async def test_every_order_survives_the_death_of_the_host_and_of_the_providers(
    tmp_path, storage_connection, progress: Progress
):
    chance = random.Random(20)
    cases = {f"order-{number}": ORDER_CASES[chance.choice(KINDS)] for number in range(ORDERS)}
    cases |= {order_id: buying_split(case) for order_id, case in list(cases.items())[::2]}
    async with the_outside(tmp_path, storage_connection) as shop:
        await stock_shelf_outside(shop, SHELF, {PRODUCT: SHARDS})
        victims = [shop.host, shop.host, shop.provider] * (ORDERS // 20)
        async with asyncio.timeout(END_TIMEOUT_S):
            placing = asyncio.create_task(place_all(shop, cases))
            if GIVEN is None:
                await placing
            killing = asyncio.create_task(kill_at_random(chance, shop, victims, progress))
            await asyncio.gather(*(look_after(shop, *each, progress) for each in cases.items()))
            await asyncio.gather(placing, shop.go_home())
            deaths = await killing
        ended = await assert_balanced(shop, SHELF, {order_id: case.wanted for order_id, case in cases.items()})
        ends = {order_id: (order["status"], order["reason_code"]) for order_id, order in ended.items()}
        assert ends == {order_id: (case.status, case.reason) for order_id, case in cases.items()}
        assert await imbalances(shop, SHELF[PRODUCT]) == []
    assert deaths >= len(victims) // 3, "a quick host may have ended all orders before the rest"
    assert integrity_of(shop.host.state) == integrity_of(shop.provider.state) == "ok"


async def kill_at_random(chance: random.Random, shop: Outside, victims: list[Reborn], progress: Progress) -> int:
    """One after the other, each when the customers have got some more answers. Gives how many it came to."""
    for deaths, victim in enumerate(victims):
        if not await shop.until_answers(chance.randrange(3, 20)):
            return deaths
        await asyncio.to_thread(victim.kill)
        await asyncio.to_thread(victim.start)
        progress.count(kills=1)
    return len(victims)

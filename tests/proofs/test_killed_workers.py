"""The host's worker process, killed with SIGKILL at random moments while orders run: every order ends, and the books balance.

Part of `make prove` alone: an order whose run has died waits for a recovery timer, which runs once a minute.
"""

import asyncio
import os
import random
import sys

import pytest

from tests.proofs.outside import Outside, the_outside
from tests.proofs.progress import Progress, telling
from tests.proofs.stories import STORIES, stock_shelf_outside
from tests.proofs.test_killed_processes import KINDS, look_after, place_all
from tests.support.books import assert_balanced

ORDERS = int(os.environ.get("PROOF_KILLED_ORDERS", "0")) // 3
KILLS = max(3, ORDERS // 10)
SHELF = {"mug": 2 * ORDERS, "piano": ORDERS}
PATIENCE_S = 600 + ORDERS * 4
"""Several restarts of one order, with their pauses."""


@pytest.mark.skipif(not ORDERS or sys.platform != "linux", reason="takes minutes; `make prove` runs it, on Linux")
@pytest.mark.timeout(PATIENCE_S * 2)
async def test_every_order_survives_the_death_of_the_workers(tmp_path, storage_connection):
    chance = random.Random(21)
    stories = {f"order-{number}": STORIES[chance.choice(KINDS)] for number in range(ORDERS)}
    with telling("orders of killed workers") as progress:
        async with the_outside(tmp_path, storage_connection) as shop:
            await stock_shelf_outside(shop, SHELF)
            async with asyncio.timeout(PATIENCE_S):
                killing = asyncio.create_task(kill_at_random(chance, shop, progress))
                await place_all(shop, stories)
                await asyncio.gather(*(look_after(shop, *each, progress) for each in stories.items()))
                await shop.go_home()
                deaths = await killing
            wanted = {order_id: story.wanted for order_id, story in stories.items()}
            ended = await assert_balanced(shop, SHELF, wanted)
    ends = {order_id: (order["status"], order["reason_code"]) for order_id, order in ended.items()}
    assert ends == {order_id: (story.status, story.reason) for order_id, story in stories.items()}
    assert deaths


async def kill_at_random(chance: random.Random, shop: Outside, progress: Progress) -> int:
    """One death after the other, each when the customers have got some more answers. Gives how many workers died."""
    deaths = 0
    for _ in range(KILLS):
        if not await shop.until_answers(chance.randrange(3, 20)):
            break
        deaths += await asyncio.to_thread(shop.host.kill_children)
        progress.count(kills=1)
    return deaths

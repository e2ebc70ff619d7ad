"""The host's worker process, killed with SIGKILL at random moments while orders run: every order ends, and the books balance.

The host goes on and fails what the worker had in hand, for good, as the platform does; the recovery timers bring it to its
end. After three deaths the host gives up and starts afresh. A third of PROOF_KILLED_ORDERS says how many orders to run, every
second one of a product whose stock is split; the worker is killed once for each six of them. Part of `make prove` alone: a run that
died is taken up a minute after its order was placed at the earliest.
"""

import asyncio
import os
import random
import sys
from collections.abc import Iterator
from contextlib import suppress

import aiohttp
import pytest

from tests.invariants.customers import KINDS, look_after, place_all
from tests.invariants.order_cases import ORDER_CASES, stock_shelf_outside
from tests.invariants.outside import Outside, the_outside
from tests.invariants.progress import Progress, reporting
from tests.invariants.split_product import PRODUCT, SHARDS, buying_split, imbalances
from tests.support.books import assert_balanced

ORDERS = int(os.environ.get("PROOF_KILLED_ORDERS", "0")) // 3
KILLS = ORDERS // 6
SHELF = {"mug": 2 * ORDERS, "piano": ORDERS, PRODUCT: 2 * ORDERS}
"""Enough for every order, whatever they are."""

END_TIMEOUT_S = 600 + ORDERS * 4
"""Several restarts of one order, with their pauses."""

RECOVERY_INTERVAL_S = 5
STARTED_AGAIN = "the platform has failed its instance; starting it again"


@pytest.fixture
def progress() -> Iterator[Progress]:
    with reporting("orders of killed workers") as counting:
        yield counting


@pytest.mark.skipif(not ORDERS or sys.platform != "linux", reason="takes minutes; `make prove` runs it, on Linux")
@pytest.mark.timeout(END_TIMEOUT_S * 2)
async def test_every_order_survives_the_death_of_its_worker(tmp_path, storage_connection, progress: Progress):
    chance = random.Random(21)
    cases = {f"order-{number}": ORDER_CASES[chance.choice(KINDS)] for number in range(ORDERS)}
    cases |= {order_id: buying_split(case) for order_id, case in list(cases.items())[::2]}
    async with the_outside(tmp_path, storage_connection) as shop:
        await stock_shelf_outside(shop, SHELF, {PRODUCT: SHARDS})
        async with asyncio.timeout(END_TIMEOUT_S):
            helping = [
                asyncio.create_task(kill_at_random(chance, shop, progress)),
                asyncio.create_task(run_recovery(shop)),
            ]
            placing = asyncio.create_task(place_all(shop, cases))
            await asyncio.gather(*(look_after(shop, *each, progress) for each in cases.items()))
            await asyncio.gather(placing, shop.go_home())
            await asyncio.gather(*helping)
        ended = await assert_balanced(shop, SHELF, {order_id: case.wanted for order_id, case in cases.items()})
        ends = {order_id: (order["status"], order["reason_code"]) for order_id, order in ended.items()}
        assert ends == {order_id: (case.status, case.reason) for order_id, case in cases.items()}
        assert await imbalances(shop, SHELF[PRODUCT]) == []
    log = "".join(path.read_text(errors="replace") for path in shop.host.logs)
    progress.count(recoveries=log.count(STARTED_AGAIN))
    assert log.count(STARTED_AGAIN) > 0, "no kill met an order in the middle of an episode"


async def kill_at_random(chance: random.Random, shop: Outside, progress: Progress) -> None:
    """One death after the other, each when the customers have got some more answers."""
    deaths = 0
    while deaths < KILLS and await shop.until_answers(chance.randrange(3, 20)):
        died = await asyncio.to_thread(shop.host.kill_children)
        deaths += died
        progress.count(kills=died)


async def run_recovery(shop: Outside) -> None:
    """Run the recovery timer by hand, so that the proof need not wait for its minute."""
    while not shop.is_over:
        await asyncio.sleep(RECOVERY_INTERVAL_S)
        with suppress(aiohttp.ClientError, TimeoutError):  # the host starts afresh
            await shop.http.post(f"{shop.host.url}/admin/functions/recover_runs", json={})

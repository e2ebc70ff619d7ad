"""The disk of the host's state is full: the app says so, and loses nothing that it has answered 202 to."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.invariants.chaos.machines import no_room, small_disk
from tests.invariants.order_cases import ORDER_CASES, stock_shelf_outside
from tests.invariants.outside import POLL_INTERVAL_S, Outside, the_outside
from tests.support.books import assert_balanced

ORDERS = 6
SHELF = {"mug": 100}


async def until_health(shop: Outside, check: str, status: str) -> None:
    while True:
        async with shop.http.get(f"{shop.host.url}/api/health") as answer:
            if (await answer.json())["checks"][check] == status:
                assert answer.status == (200 if status == "ok" else 503)
                return
        await asyncio.sleep(POLL_INTERVAL_S)


@asynccontextmanager
async def shop_on_a_small_disk(folder: Path, storage_connection: str) -> AsyncIterator[tuple[Outside, Path]]:
    with small_disk(folder / "disk") as disk:
        if disk is None:
            pytest.skip("this process may not mount a file system to fill")
        async with the_outside(folder, storage_connection, disk=disk) as shop:
            yield shop, disk


async def test_a_full_disk_is_reported_while_it_lasts(tmp_path: Path, storage_connection: str):
    async with shop_on_a_small_disk(tmp_path, storage_connection) as (shop, disk):
        await until_health(shop, "hub", "ok")
        with no_room(disk):
            await until_health(shop, "hub", "failed")
            async with shop.http.get(f"{shop.host.url}/api/health", params={"probe": "live"}) as alive:
                assert alive.status == 200
        await until_health(shop, "hub", "ok")


@pytest.mark.skipif(
    not os.environ.get("CHAOS_RESULTS"), reason="waits for the recovery of orders; `make chaos` runs it"
)
@pytest.mark.timeout(600)
async def test_a_full_disk_loses_no_accepted_order(tmp_path: Path, storage_connection: str):
    case = ORDER_CASES["completed"]
    accepted = []
    async with shop_on_a_small_disk(tmp_path, storage_connection) as (shop, disk), asyncio.timeout(200):
        await stock_shelf_outside(shop, SHELF)
        await until_health(shop, "hub", "ok")
        with no_room(disk):
            await until_health(shop, "hub", "failed")
            for number in range(ORDERS):
                body = case.body(f"full-{number}")
                async with shop.http.post(f"{shop.host.url}/api/orders", json=body) as answer:
                    assert answer.status in (202, 503), await answer.text()
                    accepted += [f"full-{number}"] * (answer.status == 202)
        for order_id in accepted:
            ended = await shop.until_ended(order_id)
            assert ended.json()["status"] == "completed", ended.text
        await assert_balanced(shop, SHELF, dict.fromkeys(accepted, case.wanted))
    assert accepted, "their rows are on another disk, so they can be accepted and started later"

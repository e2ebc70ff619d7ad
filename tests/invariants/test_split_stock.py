"""A split product whose orders fetch units from other shards, while everything dies or happens twice.

The orders are in all shards, and the stock is for most of them: the last ones find units here and there, or none.
"""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from services.recovery import runs
from tests.invariants.order_cases import ORDER_CASES, play
from tests.invariants.process_crashes import crashes_during
from tests.support.books import assert_balanced, finish
from tests.support.shop import Shop, running_shop, use_settings

SHARDS = 3
CASE = ORDER_CASES["completed"]
MIN_LIVES = 5


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox, tmp_path) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    monkeypatch.setattr(runs, "ORPHANED_AFTER", runs.ORPHANED_AFTER * 0)
    async with running_shop(sandbox, state=tmp_path / "hub.db", redelivers_late=True) as running:
        yield running


@pytest.mark.timeout(600)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_orders_and_transfers_survive_a_crash_at_any_commit(shop: Shop, after: bool):
    units = 9
    await shop.stock("mug", units, stock_shards=SHARDS)
    placed = {}
    for commit in count(2 if after else 1, 2):  # every second one: the other half of the lives would add little
        order_id = f"o-{commit}"
        placed[order_id] = CASE.wanted
        died = await crashes_during(shop, commit, play(shop, order_id, CASE), after=after)
        await shop.host.run("recover_runs")
        await play(shop, order_id, CASE)
        if not died:
            break
    assert len(placed) >= MIN_LIVES
    await shop.host.run("expire_reservations")
    ended = await assert_balanced(shop, {"mug": units}, placed)
    ends = [order["reason_code"] or order["status"] for order in ended.values()]
    assert set(ends) <= {"completed", "out_of_stock"}, ends
    assert ends.count("completed") == min(units // 2, len(placed)), "no unit is lost on its way"


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")  # the SDK notices, and takes one
@pytest.mark.parametrize("at_once", [False, True])
async def test_orders_and_transfers_that_happen_twice_sell_each_unit_once(shop: Shop, at_once: bool):
    shop.host.run_everything_twice(at_once=at_once)
    units, wanted = 13, {f"o-{number}": {"mug": 2} for number in range(8)}
    await shop.stock("mug", units, stock_shards=SHARDS)
    for order_id in wanted:
        assert (await shop.post("orders", CASE.body(order_id))).status == 202
    await finish(shop)
    ended = await assert_balanced(shop, {"mug": units}, wanted)
    assert sum(order["status"] == "completed" for order in ended.values()) == units // 2

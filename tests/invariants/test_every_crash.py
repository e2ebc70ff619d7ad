"""The host dies at every single commit of an order's run, and the order ends as if nothing had been.

Before a commit: what the step did in the world has happened, and the host does not know it. After one: the host knows, and
its caller never got the answer.
"""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from services.recovery import runs
from tests.invariants.order_cases import ORDER_CASES, SHELF, OrderCase, order_faults, play, stock_shelf
from tests.invariants.process_crashes import crashes_during
from tests.support.books import assert_balanced
from tests.support.shop import Shop, running_shop, use_settings

MIN_COMMITS = 5
"""Of any of these orders; fewer would mean that the store was not asked."""


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox, tmp_path) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    # What a dead process entered and never started counts as lost at once, so that no test has to wait for it.
    monkeypatch.setattr(runs, "ORPHANED_AFTER", runs.ORPHANED_AFTER * 0)
    async with running_shop(sandbox, state=tmp_path / "hub.db", redelivers_late=True) as running:
        await stock_shelf(running)
        yield running


@pytest.mark.timeout(600)  # two lives for each commit: minutes, where the machine is busy with something else
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ["completed_several_lines", "authorisation_expired", "cancelled_while_waiting"])
async def test_an_order_survives_a_crash_at_any_commit(shop: Shop, name: str, after: bool):
    case, placed = ORDER_CASES[name], {}
    for commit in count(1):
        order_id = f"{name}-{commit}"
        placed[order_id] = case.wanted
        order_faults(shop.sandbox, order_id, case)
        died = await crashes_during(shop, commit, play(shop, order_id, case), after=after)
        await shop.host.run("recover_runs")
        await play(shop, order_id, case)
        if not died:
            break
    await assert_all_ended(shop, placed, case)
    assert len(placed) > MIN_COMMITS


async def assert_all_ended(shop: Shop, placed: dict[str, dict[str, int]], case: OrderCase) -> None:
    ended = await assert_balanced(shop, SHELF, placed)
    assert {(order["status"], order["reason_code"]) for order in ended.values()} == {(case.status, case.reason)}


async def test_an_order_whose_process_died_between_its_row_and_its_start_is_started_once(shop: Shop):
    case = ORDER_CASES["completed"]

    async def place() -> None:
        assert (await shop.post("orders", case.body("lost"))).status == 202

    assert await crashes_during(shop, 1, place(), after=False)
    assert (await shop.get("orders/lost")).json()["runtimeStatus"] == "Pending"
    for _ in range(3):
        await place()
        await shop.host.run("recover_runs")
    await assert_all_ended(shop, {"lost": dict(case.wanted)}, case)
    assert len(shop.sandbox.calls("lost", "payment_intents.create")) == 1

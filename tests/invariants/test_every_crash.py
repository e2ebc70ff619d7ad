"""The host dies at every single commit of an order's run, and the order ends as if nothing had been.

Before a commit: what the step did in the world has happened, and the host does not know it. After one: the host knows, and
whoever waited for it was never told.
"""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from tests.invariants.lives import dies_during
from tests.invariants.stories import SHELF, STORIES, Story, order_faults, stock_shelf, tell
from tests.support.books import assert_balanced
from tests.support.shop import Shop, running_shop, use_settings
from triggers.timer import start_orphaned_orders as start_orphaned_orders

MIN_COMMITS = 5
"""Of any of these orders; fewer would mean that the store was not asked."""


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox, tmp_path) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    # What a dead process entered and never started counts as lost at once, so that no test has to wait for it.
    monkeypatch.setattr(start_orphaned_orders, "LOST_AFTER", start_orphaned_orders.LOST_AFTER * 0)
    async with running_shop(sandbox, state=tmp_path / "hub.db", redelivers_late=True) as running:
        await stock_shelf(running)
        yield running


@pytest.mark.timeout(600)  # two lives for each commit: minutes, where the machine is busy with something else
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ["completed_several_lines", "authorisation_expired", "cancelled_while_waiting"])
async def test_an_order_survives_a_crash_at_any_commit(shop: Shop, name: str, after: bool):
    story, told = STORIES[name], {}
    for commit in count(1):
        order_id = f"{name}-{commit}"
        told[order_id] = story.wanted
        order_faults(shop.sandbox, order_id, story)
        died = await dies_during(shop, commit, tell(shop, order_id, story), after=after)
        await shop.host.run("start_orphaned_orders")
        await tell(shop, order_id, story)
        if not died:
            break
    await assert_all_ended(shop, told, story)
    assert len(told) > MIN_COMMITS


async def assert_all_ended(shop: Shop, told: dict[str, dict[str, int]], story: Story) -> None:
    ended = await assert_balanced(shop, SHELF, told)
    assert {(order["status"], order["reason_code"]) for order in ended.values()} == {(story.status, story.reason)}


async def test_an_order_whose_process_died_between_its_row_and_its_start_is_started_once(shop: Shop):
    story = STORIES["completed"]

    async def place() -> None:
        assert (await shop.post("orders", story.body("lost"))).status == 202

    assert await dies_during(shop, 1, place(), after=False)
    assert (await shop.get("orders/lost")).json()["runtimeStatus"] == "Pending"
    for _ in range(3):
        await place()
        await shop.host.run("start_orphaned_orders")
    await assert_all_ended(shop, {"lost": dict(story.wanted)}, story)
    assert len(shop.sandbox.calls("lost", "payment_intents.create")) == 1

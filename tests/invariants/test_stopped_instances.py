"""An order whose instance is terminated or purged while an activity is under way: money, stock and parcels balance in the end."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from tests.invariants.order_cases import ORDER_CASES, SHELF, stock_shelf
from tests.invariants.turns import first_commands
from tests.invariants.worker_deaths import recover, recover_at_once
from tests.support.books import assert_balanced, finish, open_dead_letters
from tests.support.shop import Shop, running_shop, use_settings

ORDER = "a-1"
TURNS = [("completed", "take_in_turn", nth, steps) for nth in (1, 2) for steps in (0, 1, 2)]
ALONE = (
    ("completed", "record_run"),
    *(("authorisation_expired", step) for step in ("settle_course", "cancel_shipping", "cancel_payment", "record_run")),
)
STOPS = TURNS + [(case, activity, 1, steps) for case, activity in ALONE for steps in (0, 1)]
"""A case, an activity, which call of it, and how many of its steps it takes before the stop."""


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        await stock_shelf(running)
        yield running


@pytest.mark.parametrize("how", ["terminated", "purged"])
@pytest.mark.parametrize(("case", "activity", "nth", "steps"), STOPS)
async def test_an_order_is_settled_whose_instance_was_stopped_at_any_step(
    shop: Shop, case: str, activity: str, nth: int, steps: int, how: str
):
    calls = count(1)

    async def act(value: Any, call: Any) -> Any:
        if next(calls) != nth:
            return await call(value)
        answer = None
        if steps:
            answer = await call(first_commands(value, steps) if "commands" in value else value)
        await shop.host.operations.terminate(ORDER)
        return await call(value) if answer is None else answer

    shop.host.wrap_activity(activity, act)
    await shop.post("orders", ORDER_CASES[case].body(ORDER))
    await shop.host.run_until_idle()
    shop.host.restore_activity(activity)
    assert (await shop.host.status(ORDER)).runtime_status == "Terminated"
    if how == "purged":
        assert await shop.host.operations.purge(ORDER) == 1
    await recover(shop)
    await finish(shop)
    await recover(shop)
    for dead_letter in await open_dead_letters(shop):
        assert (await shop.post(f"dead-letters/{dead_letter['dead_letter_id']}/replay")).status == 202
    await shop.host.advance(minutes=1)
    assert await open_dead_letters(shop) == []
    (order,) = (await assert_balanced(shop, SHELF, {ORDER: ORDER_CASES[case].wanted})).values()
    allowed = {ORDER_CASES[case].status, "failed"} if how == "terminated" else {ORDER_CASES[case].status}
    assert order["status"] in allowed

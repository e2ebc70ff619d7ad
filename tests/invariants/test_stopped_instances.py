"""An order whose instance is terminated or purged while an activity is under way: money, stock and parcels balance in the end."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.invariants.order_cases import ORDER_CASES, SHELF, stock_shelf
from tests.invariants.worker_deaths import recover, recover_at_once
from tests.support.books import assert_balanced, finish, open_dead_letters
from tests.support.shop import Shop, running_shop, use_settings

ORDER = "a-1"
FORWARD = ("authorise_payment", "create_shipment", "buy_label", "capture_payment", "record_run")
BACKWARD = ("settle_course", "cancel_shipping", "cancel_payment", "record_run")
STEPS = [("completed", step) for step in FORWARD] + [("authorisation_expired", step) for step in BACKWARD]


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        await stock_shelf(running)
        yield running


@pytest.mark.parametrize("how", ["terminated", "purged"])
@pytest.mark.parametrize("acted", [False, True], ids=["before it acts", "after it has acted"])
@pytest.mark.parametrize(("case", "step"), STEPS)
async def test_an_order_is_settled_whose_instance_was_stopped_at_any_step(
    shop: Shop, case: str, step: str, acted: bool, how: str
):
    async def act(value: Any, call: Any) -> Any:
        if not acted:
            await shop.host.operations.terminate(ORDER)
        answer = await call(value)
        if acted:
            await shop.host.operations.terminate(ORDER)
        return answer

    shop.host.wrap_activity(step, act)
    await shop.post("orders", ORDER_CASES[case].body(ORDER))
    await shop.host.run_until_idle()
    shop.host.restore_activity(step)
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

"""Every function run twice and every message delivered twice: the end is the same, and so are money, stock and parcels.

The platform promises "at least once". Here it is always twice: one run after the other, or both at the same time, as when a
process that counts as dead still lives.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.shipping.tracking import MAX_SILENCE
from services.shipping.silence import poll_silent
from tests.invariants.order_cases import ORDER_CASES, SHELF, order_faults, play, stock_shelf
from tests.support.books import assert_balanced
from tests.support.shop import running_shop, use_settings


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")  # the SDK notices, and takes one
@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("capture", ["after_shipping", "immediate"])
async def test_every_kind_of_order_ends_as_without_it(monkeypatch, storage_connection, sandbox, at_once, capture):
    use_settings(monkeypatch, storage_connection, sandbox, PAYMENT_CAPTURE=capture)
    cases = {name: case for name, case in ORDER_CASES.items() if case.capture == capture}
    async with running_shop(sandbox) as shop:
        shop.host.run_everything_twice(at_once=at_once)
        await stock_shelf(shop)
        for name, case in cases.items():
            order_faults(sandbox, name, case)
            await play(shop, name, case)
        ended = await assert_balanced(shop, SHELF, {name: case.wanted for name, case in cases.items()})
        silent = datetime.now(UTC) + MAX_SILENCE + timedelta(minutes=1)
        await asyncio.gather(poll_silent(silent), poll_silent(silent))
        on_their_way = [name for name, order in ended.items() if order["status"] == "completed"]
        shown = [(await shop.get(f"orders/{name}")).json()["parcel"]["status"] for name in on_their_way]
        assert shown == ["unknown"] * len(on_their_way)
        assert await poll_silent(silent) == 0, "each is known once"
    ends = {name: (order["status"], order["reason_code"]) for name, order in ended.items()}
    assert ends == {name: (case.status, case.reason) for name, case in cases.items()}

"""A provider that says nothing in time and acts late: after the step was given up, after its compensation, after the order's end.

Nothing that acts late takes money, keeps a label or reopens an order.
"""

from functools import partial

import pytest

from adapters.easypost.carrier import EasyPostCarrier
from adapters.stripe.payments import StripePayments
from tests.invariants.test_every_fault import TABLE, replay_what_is_open
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings

ANSWER_TIMEOUT_S = 2
"""Instead of many seconds. What is slower for another reason, a busy machine, is asked again."""

ENDS = {
    "payment_intents.create": ("needs_attention", "failed"),
    "payment_intents.confirm": ("failed", "failed"),
    "payment_intents.capture": ("failed", "failed"),
    "shipments.create": ("completed", "completed"),
    "shipments.buy": ("completed", "completed"),
    "payment_intents.cancel": ("needs_attention", "rejected"),
    "refunds.create": ("needs_attention", "rejected"),
    "shipments.refund": ("rejected", "rejected"),
}
"""How the order ends while the call is still on its way, and once that has acted and an operator has replayed what is open.

As long as a call of Stripe's is on its way its key is in use, so it cannot be known; a parcel is announced and bought by its id.
"""


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adapters that do not wait long for an answer."""
    for adapter in (StripePayments, EasyPostCarrier):
        monkeypatch.setattr(adapter, "connect", partial(adapter.connect, answer_s=ANSWER_TIMEOUT_S))


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", TABLE)
async def test_what_acts_after_its_time_changes_nothing(monkeypatch, storage_connection, sandbox, name: str):
    operation = TABLE[name]
    use_settings(monkeypatch, storage_connection, sandbox, **operation.settings)
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        sandbox.fault(operation=name, kind="delay", delay_s=600, next=1)
        await shop.post("orders", order_request(order_id="a-1", **operation.changes))
        await finish(shop)
        before = await end_of(shop)
        sandbox.clear_faults()
        while not any(call["fault"] == "delay" for call in sandbox.calls(operation=name)):
            await shop.get("health")
        assert await end_of(shop) == before
        await replay_what_is_open(shop)
        assert (before, await end_of(shop)) == ENDS[name]


async def end_of(shop: Shop) -> str:
    """How the order has ended. Raises AssertionError unless the books balance."""
    return str((await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}}))["a-1"]["status"])

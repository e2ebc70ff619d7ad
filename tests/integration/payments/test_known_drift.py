"""A difference that is known, young or intended raises no alarm of its own."""

import asyncio

import pytest
from stripe import StripeClient

from domain.payments.reconciliation import OrderMoney
from services.durable.client import DurableClient
from services.payments import provider_comparison
from services.payments.order_money import order_money
from tests.integration.payments.drift import (
    RESOLUTION,
    UNDELIVERABLE,
    alarms,
    by_hand,
    finish_in_need_of_attention,
    only,
    place,
    run,
)
from tests.support.shop import Shop, change_settings


async def test_money_of_an_open_dead_letter_names_it_and_raises_no_alarm_of_its_own(shop: Shop, caplog):
    shop.sandbox.fault(operation="payment_intents.cancel", kind="refuse")
    await place(shop, ship_to=UNDELIVERABLE)
    await finish_in_need_of_attention(shop)
    drift = await only(shop)
    assert (drift["kind"], drift["order_status"]) == ("authorised_without_live_order", "needs_attention")
    assert drift["dead_letter_id"] == "a-1.cancel_payment"
    assert "/api/orders/a-1/settlement" in drift["next_action"]
    assert alarms(caplog) == []
    # The operator says that it is settled, which it is not.
    assert (await shop.post("dead-letters/a-1.cancel_payment/resolve", RESOLUTION)).status == 200
    drift = await only(shop)
    assert (drift["dead_letter_id"], drift["order_status"]) == (None, "rejected")
    assert [each["drift_id"] for each in alarms(caplog)] == [drift["drift_id"]]


async def test_what_is_younger_than_the_grace_is_looked_at_again_and_not_reported(
    monkeypatch, shop: Shop, account: StripeClient, caplog
):
    change_settings(monkeypatch, PAYMENT_RECONCILIATION_GRACE_S="3600")
    by_hand(account, "ghost", capture="manual")
    assert await run(shop) == []
    assert alarms(caplog) == []
    change_settings(monkeypatch, PAYMENT_RECONCILIATION_GRACE_S="0")
    assert (await only(shop))["order_id"] == "ghost"


async def test_what_is_settled_while_it_is_compared_is_no_difference(
    monkeypatch, shop: Shop, account: StripeClient, caplog
):
    payment_id = by_hand(account, "ghost", capture="manual")
    reads: list[str] = []

    async def after_a_cancellation(client: DurableClient, order_id: str) -> OrderMoney:
        if not reads:
            account.v1.payment_intents.cancel(payment_id)
        reads.append(order_id)
        return await order_money(client, order_id)

    monkeypatch.setattr(provider_comparison, "order_money", after_a_cancellation)
    assert await run(shop) == []
    assert reads == ["ghost", "ghost"]
    assert alarms(caplog) == []


async def test_an_intended_difference_is_resolved_until_more_money_moves(shop: Shop, account: StripeClient, caplog):
    payment_id = await place(shop)
    account.v1.refunds.create({"payment_intent": payment_id, "amount": 500})
    drift_id = (await only(shop))["drift_id"]
    for body in (RESOLUTION, {**RESOLUTION, "reason": "another one"}):
        answer = await shop.post(f"reconciliation/payments/{drift_id}/resolve", body)
        assert (answer.status, answer.json()) == (200, {"drift_id": drift_id, "resolution": RESOLUTION})
    assert (await shop.get("reconciliation/payments")).json()["drift"] == []
    caplog.clear()
    assert await run(shop) == []
    assert alarms(caplog) == []
    account.v1.refunds.create({"payment_intent": payment_id, "amount": 500})
    drift = await only(shop)
    assert (drift["refunded_cents"], drift["drift_id"] != drift_id) == (1_000, True)


async def test_resolutions_at_once_are_all_answered_with_the_first(shop: Shop, account: StripeClient):
    by_hand(account, "no-such-order", capture="manual")
    path = f"reconciliation/payments/{(await only(shop))['drift_id']}/resolve"
    bodies = [{**RESOLUTION, "resolved_by": f"operator {number}"} for number in range(8)]
    answers = await asyncio.gather(*(shop.post(path, body) for body in bodies))
    assert [answer.status for answer in answers] == [200] * len(bodies)
    assert len({answer.text for answer in answers}) == 1
    assert (await shop.post(path, RESOLUTION)).text == answers[0].text


@pytest.mark.parametrize("drift_id", ["a" * 40, "nothing"])
async def test_a_difference_that_is_not_there_is_not_resolved(shop: Shop, drift_id: str):
    assert (await shop.post(f"reconciliation/payments/{drift_id}/resolve", RESOLUTION)).status == 404

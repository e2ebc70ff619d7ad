import asyncio
from typing import Any

import pytest

from local_host.testing.http_client import Answer
from tests.support.order_requests import order_request
from tests.support.shop import Shop


async def stock_of(shop: Shop, product_id: str = "mug"):
    await shop.host.run_until_idle()
    answer = await shop.get(f"inventory/{product_id}")
    assert answer.status == 200, answer
    return answer.json()


async def test_goods_are_available_then_reserved_then_sold(shop: Shop):
    await shop.stock("piano", 5, unit_price_cents=500_000)
    before = {"product_id": "piano", "available": 5, "reserved": 0, "sold": 0, "reservations": 0, "backordered": 0}
    assert await stock_of(shop, "piano") == before
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 2}]))
    assert await stock_of(shop, "piano") == {**before, "available": 3, "reserved": 2, "reservations": 1}
    await shop.post("orders/big-1/approval", {"decision": "approved", "approver": "grace"})
    assert await stock_of(shop, "piano") == {**before, "available": 3, "sold": 2}


async def test_a_product_that_was_never_stocked_has_none(shop: Shop):
    await shop.put("products/mug", {"name": "Mug", "unit_price_cents": 1_000})
    assert (await stock_of(shop))["available"] == 0


async def test_a_delivery_counts_once_however_often_it_is_reported(shop: Shop):
    await shop.stock("mug", 1)
    for _ in range(3):
        answer = await shop.post("inventory/mug/restock", {"quantity": 10, "key": "delivery-7"})
        assert (answer.status, answer.json()["key"]) == (202, "delivery-7")
    again = await shop.post("inventory/mug/restock", {"quantity": 10}, headers={"Idempotency-Key": "delivery-7"})
    assert again.json()["key"] == "delivery-7"
    assert (await stock_of(shop))["available"] == 11


async def test_a_key_that_stands_for_another_movement_is_a_409(shop: Shop):
    await shop.stock("mug", 1)
    await shop.post("inventory/mug/restock", {"quantity": 10, "key": "delivery-7"})
    await shop.host.run_until_idle()
    for path, body in (("restock", {"quantity": 11}), ("adjustment", {"delta": 10, "reason": "found"})):
        refused = await shop.post(f"inventory/mug/{path}", {**body, "key": "delivery-7"})
        assert (refused.status, refused.json()["code"]) == (409, "key_reused")
    assert (await stock_of(shop))["available"] == 11


async def test_deliveries_without_a_key_each_count(shop: Shop):
    await shop.stock("mug", 1)
    first, second = [await shop.post("inventory/mug/restock", {"quantity": 10}) for _ in range(2)]
    assert first.json()["key"] != second.json()["key"]
    assert (await stock_of(shop))["available"] == 21


async def test_a_movement_can_be_looked_up_until_it_is_done(shop: Shop):
    await shop.stock("mug", 1)
    answer = await shop.post("inventory/mug/restock", {"quantity": 10})
    address = answer.headers["Location"]
    assert address == answer.json()["statusQueryGetUri"]
    assert address == f"{shop.host.origin}/api/inventory/mug/movements/{answer.json()['id']}"
    await shop.host.run_until_idle()
    status = await shop.host.http.get(address)
    assert (status.status, status.json()["state"], status.json()["reason_code"]) == (200, "done", None)


async def test_a_correction_that_was_accepted_and_has_become_impossible_says_so(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    await shop.stock("mug", 10)
    body = {"delta": -6, "reason": "broken"}
    accepted = await accepted_at_once(shop, body)
    statuses = [(await shop.host.http.get(answer.headers["Location"])) for answer in accepted]
    assert {status.status for status in statuses} == {200}
    refused = [status.json() for status in statuses if status.json()["state"] == "refused"]
    assert len(refused) == len(accepted) - 1, "one correction fits"
    assert {status["reason_code"] for status in refused} == {"below_zero"}
    assert (await stock_of(shop))["available"] == 4
    assert "adjust of mug is refused: below_zero" in caplog.text
    (loser, *_) = [answer.json() for answer in accepted if answer.json()["id"] == refused[0]["id"]]
    again = await shop.post("inventory/mug/adjustment", {**body, "key": loser["key"]})
    assert (again.status, again.json()["code"]) == (409, "below_zero"), "under its key it stays refused"


async def accepted_at_once(shop: Shop, body: dict[str, Any]) -> list[Answer]:
    """Return several accepted corrections, each of which saw the stock before the first had come to it.

    On a busy machine the first may be quicker than the rest, which are then refused at once; it is taken back, and tried again.
    """
    for _ in range(30):
        answers = await asyncio.gather(*(shop.post("inventory/mug/adjustment", body) for _ in range(12)))
        accepted = [answer for answer in answers if answer.status == 202]
        await shop.host.run_until_idle()
        if len(accepted) > 1:
            return accepted
        await shop.post("inventory/mug/adjustment", {**body, "delta": -body["delta"]})
        await shop.host.run_until_idle()
    raise AssertionError("no two corrections came at once")


@pytest.mark.parametrize("change_id", ["nothing", f"{'a' * 20}-{'b' * 20}-1700000000"])
async def test_a_movement_that_never_was_is_a_404(shop: Shop, change_id: str):
    await shop.stock("mug", 1)
    answer = await shop.get(f"inventory/mug/movements/{change_id}")
    assert (answer.status, answer.json()["code"]) == (404, "change_not_found")


@pytest.mark.parametrize(("delta", "left"), [(-4, 6), (5, 15)])
async def test_a_count_is_corrected_both_ways(shop: Shop, delta, left):
    await shop.stock("mug", 10)
    answer = await shop.post("inventory/mug/adjustment", {"delta": delta, "reason": "counted"})
    assert answer.status == 202
    assert (await stock_of(shop))["available"] == left


async def test_reserved_goods_cannot_be_corrected_away(shop: Shop):
    await shop.stock("piano", 5, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 4}]))
    await shop.host.run_until_idle()
    refused = await shop.post("inventory/piano/adjustment", {"delta": -2, "reason": "broken"})
    assert (refused.status, refused.json()["code"]) == (409, "below_zero")
    assert (await stock_of(shop, "piano"))["available"] == 1


async def test_a_correction_of_what_was_never_stocked_is_a_409(shop: Shop):
    await shop.put("products/mug", {"name": "Mug", "unit_price_cents": 1_000})
    refused = await shop.post("inventory/mug/adjustment", {"delta": 1, "reason": "found"})
    assert (refused.status, refused.json()["code"]) == (409, "unknown_product")


async def test_an_unknown_product_is_a_404_everywhere(shop: Shop):
    answers = [
        await shop.get("inventory/ufo"),
        await shop.post("inventory/ufo/restock", {"quantity": 1}),
        await shop.post("inventory/ufo/adjustment", {"delta": 1, "reason": "found"}),
    ]
    assert [(answer.status, answer.json()["code"]) for answer in answers] == [(404, "product_not_found")] * 3


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("restock", {"quantity": 0}, "quantity"),
        ("restock", {"quantity": -1}, "quantity"),
        ("restock", {"quantity": 1.5}, "quantity"),
        ("restock", {"quantity": 1_000_001}, "quantity"),
        ("restock", {"quantity": 1, "key": ""}, "key"),
        ("adjustment", {"delta": 1}, "reason"),
        ("adjustment", {"delta": "1", "reason": "found"}, "delta"),
        ("adjustment", {"delta": 1, "reason": "card 4242 4242 4242 4242"}, "reason"),
    ],
)
async def test_a_movement_of_another_form_is_refused_and_moves_nothing(shop: Shop, path, body, field):
    await shop.stock("mug", 10)
    refused = await shop.post(f"inventory/mug/{path}", body)
    assert refused.status == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert (await stock_of(shop))["available"] == 10


async def test_two_different_keys_for_one_movement_are_refused(shop: Shop):
    await shop.stock("mug", 10)
    refused = await shop.post("inventory/mug/restock", {"quantity": 1, "key": "a"}, headers={"Idempotency-Key": "b"})
    assert refused.status == 422
    assert (await stock_of(shop))["available"] == 10

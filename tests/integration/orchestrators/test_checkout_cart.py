"""From a cart to one order, however often and however badly timed checkout is pressed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.carts.cart import CART_ENTITY, checkout_id
from local_host.testing import Answer
from services.recovery.workflows import WorkflowRecovery
from services.retention.archiving import purge_instance
from tests.integration.timer.test_purge_history import client_of
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import ADDRESS
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.unreliable import failing, losing_answers

FIRST = checkout_id("ada", 1)


def press(**changes: Any) -> dict[str, Any]:
    return {
        "payment": {"payment_method": "pm_card_visa"},
        "ship_to": ADDRESS,
        "email": "ada@example.com",
        **changes,
    }


async def fill(shop: Shop, product_id: str = "mug", quantity: int = 2) -> None:
    assert (await shop.post("carts/ada/items", {"product_id": product_id, "quantity": quantity})).status == 202
    await shop.host.run_until_idle()


async def check_out(shop: Shop, **changes: Any) -> Answer:
    return await shop.post("carts/ada/checkout", press(**changes))


async def items(shop: Shop) -> dict[str, int]:
    cart = await shop.get("carts/ada")
    assert cart.status == 200
    return {line["product_id"]: line["quantity"] for line in cart.json()["items"]}


async def run_of(shop: Shop, run_id: str = FIRST) -> dict[str, Any]:
    await shop.host.run_until_idle()
    return dict((await shop.get(f"carts/ada/checkouts/{run_id}")).json())


async def test_a_cart_becomes_an_order_and_is_empty_then(shop: Shop):
    await shop.stock("mug", 10)
    await shop.stock("pen", 10)
    await fill(shop, "mug", 2)
    await fill(shop, "pen", 1)
    pressed = await check_out(shop)
    assert pressed.status == 202
    run = await run_of(shop)
    assert (run["status"], run["detail"]) == ("completed", {"order_id": FIRST})
    assert [entry["step"] for entry in run["steps"]] == ["begin_checkout", "accept_order", "finish_checkout"]
    assert await items(shop) == {}
    await finish(shop)
    shown = await assert_balanced(shop, {"mug": 10, "pen": 10}, {FIRST: {"mug": 2, "pen": 1}})
    assert shown[FIRST]["status"] == "completed"


async def test_many_presses_at_once_are_one_order(shop: Shop):
    await shop.stock("mug", 10)
    await fill(shop)
    answers = await asyncio.gather(*[check_out(shop) for _ in range(8)])
    assert {(answer.status, answer.json()["id"]) for answer in answers} == {(202, FIRST)}
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {FIRST: {"mug": 2}})


async def test_a_press_after_the_cart_was_emptied_is_still_the_same_checkout(shop: Shop):
    await shop.stock("mug", 10)
    await fill(shop)
    first = await check_out(shop)
    await finish(shop)
    late = await check_out(shop)
    assert (late.status, late.json()) == (202, first.json())
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {FIRST: {"mug": 2}})


async def test_the_next_cart_is_another_order(shop: Shop):
    await shop.stock("mug", 10)
    for number in (1, 2):
        await fill(shop)
        assert (await check_out(shop)).json()["id"] == checkout_id("ada", number)
        await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {checkout_id("ada", number): {"mug": 2} for number in (1, 2)})


async def test_an_empty_cart_is_refused(shop: Shop):
    answer = await check_out(shop)
    assert (answer.status, answer.json()["code"]) == (409, "cart_empty")
    await shop.stock("mug", 10)
    await fill(shop)
    await check_out(shop)
    await finish(shop)
    other = await check_out(shop, email="bob@example.com")
    assert (other.status, other.json()["code"]) == (409, "cart_empty")


async def test_what_is_added_during_a_checkout_stays_in_the_cart(shop: Shop):
    await shop.stock("mug", 10)
    await fill(shop)
    with failing(shop, "accept_order"):
        await check_out(shop)
        await shop.host.run_until_idle()
        await fill(shop, "mug", 1)
        for refused in (
            await shop.delete("carts/ada/items/mug"),
            await shop.delete("carts/ada"),
            await shop.put("carts/ada/items/mug", {"quantity": 9}),
            await check_out(shop, email="bob@example.com"),
        ):
            assert (refused.status, refused.json()["code"]) == (409, "checkout_under_way")
        assert await items(shop) == {"mug": 3}, "nothing leaves the cart before the order is accepted"
    await shop.host.advance(minutes=1)
    assert await items(shop) == {"mug": 1}
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {FIRST: {"mug": 2}})


async def test_an_acceptance_whose_answer_does_not_arrive_is_still_one_order(shop: Shop):
    await shop.stock("mug", 10)
    await fill(shop)
    with losing_answers(shop, "accept_order"):
        await check_out(shop)
        await shop.host.run_until_idle()
        assert await items(shop) == {"mug": 2}, "the cart waits until it is known"
    await shop.host.advance(minutes=1)
    await finish(shop)
    assert await items(shop) == {}
    await assert_balanced(shop, {"mug": 10}, {FIRST: {"mug": 2}})


async def test_a_checkout_whose_process_died_half_way_goes_on(monkeypatch, storage_connection, sandbox, tmp_path):
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox, state=tmp_path / "hub") as shop:
        with failing(shop, "accept_order"):
            await shop.stock("mug", 10)
            await fill(shop)
            await check_out(shop)
            await shop.host.run_until_idle()
        await shop.host.restart()
        await shop.host.advance(minutes=1)
        assert (await check_out(shop)).json()["id"] == FIRST
        await finish(shop)
        assert await items(shop) == {}
        await assert_balanced(shop, {"mug": 10}, {FIRST: {"mug": 2}})


async def test_a_cart_that_cannot_be_ordered_keeps_its_items_and_can_be_pressed_again(shop: Shop):
    await shop.stock("mug", 10)
    await fill(shop)
    await shop.put("products/mug", {"name": "Mug", "unit_price_cents": 1_000, "for_sale": False})
    assert (await check_out(shop)).status == 202
    run = await run_of(shop)
    assert (run["status"], run["reason_code"]) == ("rejected", "not_acceptable")
    assert run["detail"]["errors"][0]["rule"] == "unknown_product"
    assert await items(shop) == {"mug": 2}
    await shop.put("products/mug", {"name": "Mug", "unit_price_cents": 1_000})
    second = await check_out(shop)
    assert second.json()["id"] == checkout_id("ada", 2)
    await finish(shop)
    assert await items(shop) == {}
    await assert_balanced(shop, {"mug": 10}, {checkout_id("ada", 2): {"mug": 2}})


async def test_a_price_other_than_the_one_shown_is_not_charged(shop: Shop):
    await shop.stock("mug", 10)
    await fill(shop)
    await check_out(shop, payment={"payment_method": "pm_card_visa", "amount_cents": 1_999})
    run = await run_of(shop)
    assert (run["status"], run["detail"]["errors"][0]["rule"]) == ("rejected", "amount_differs")
    await finish(shop)
    assert shop.sandbox.payments() == []
    assert await items(shop) == {"mug": 2}


async def test_the_next_cart_of_a_customer_whose_cart_was_purged_is_no_repeat_of_an_old_order(shop: Shop):
    await shop.stock("mug", 10)
    for _ in range(2):
        await fill(shop)
        await check_out(shop)
        await finish(shop)
    await WorkflowRecovery().recover(client_of(shop), datetime.now(UTC) + timedelta(hours=1))
    assert await purge_instance(client_of(shop), f"@{CART_ENTITY}@ada")
    for number in (3, 4):
        await fill(shop)
        answers = [await check_out(shop), await check_out(shop)]
        assert [answer.json()["id"] for answer in answers] == [checkout_id("ada", number)] * 2
        await finish(shop)
        assert await items(shop) == {}
    await assert_balanced(shop, {"mug": 10}, {checkout_id("ada", number): {"mug": 2} for number in range(1, 5)})


async def test_two_customers_do_not_share_a_cart(shop: Shop):
    await shop.stock("mug", 10)
    await fill(shop)
    assert (await shop.get("carts/bob")).json()["items"] == []
    assert (await shop.get(f"carts/bob/checkouts/{checkout_id('bob', 1)}")).status == 404


async def test_a_checkout_is_shown_under_its_own_customer_only(shop: Shop):
    await shop.stock("mug", 10)
    await fill(shop)
    await check_out(shop)
    assert (await shop.get(f"carts/ada/checkouts/{FIRST}")).status in (200, 202)
    assert (await shop.get(f"carts/bob/checkouts/{FIRST}")).status == 404

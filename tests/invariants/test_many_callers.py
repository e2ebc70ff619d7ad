"""Many callers at once, each with a connection of their own, want the same order: it is taken in once."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import requests

from tests.support.books import assert_balanced, finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop

CALLERS = 64
KINDS = 8
END_TIMEOUT_S = 600


def wish(mugs: int) -> dict[str, Any]:
    return order_request(order_id="a-1", lines=[{"product_id": "mug", "quantity": mugs}])


async def send_at_once(shop: Shop, bodies: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Return for each body the status and the order's id or the reason."""
    gate = Barrier(len(bodies))

    def call(body: dict[str, Any]) -> tuple[int, str]:
        gate.wait(END_TIMEOUT_S)
        answer = requests.post(f"{shop.host.origin}/api/orders", json=body, timeout=END_TIMEOUT_S)
        body = answer.json()
        return answer.status_code, body.get("id") or body["code"]

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(len(bodies)) as callers:
        calls = [loop.run_in_executor(callers, call, body) for body in bodies]
        await asyncio.wait(calls)  # all of them: leaving the block would stop the loop that answers them
        return [each.result() for each in calls]


async def test_the_same_order_from_many_callers_at_once_is_one_order(shop: Shop):
    await shop.stock("mug", 100)
    answers = await send_at_once(shop, [wish(mugs=2)] * CALLERS)
    assert set(answers) == {(202, "a-1")}
    await finish(shop)
    await assert_balanced(shop, {"mug": 100}, {"a-1": {"mug": 2}})
    assert len(shop.sandbox.calls("a-1", "payment_intents.confirm")) == 1


async def test_of_many_orders_under_one_id_one_is_accepted_and_every_caller_gets_its_id(shop: Shop):
    await shop.stock("mug", 100)
    wanted = [1 + number % KINDS for number in range(CALLERS)]
    answers = await send_at_once(shop, [wish(mugs) for mugs in wanted])
    accepted = {mugs for mugs, answer in zip(wanted, answers, strict=True) if answer == (202, "a-1")}
    assert len(accepted) == 1, answers
    assert Counter(answers) == {(202, "a-1"): CALLERS // KINDS, (409, "order_id_taken"): CALLERS - CALLERS // KINDS}
    await finish(shop)
    await assert_balanced(shop, {"mug": 100}, {"a-1": {"mug": accepted.pop()}})
    assert len(shop.sandbox.calls("a-1", "payment_intents.confirm")) == 1

"""The cart over HTTP: what is said at once, and what the entity makes of it."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from local_host.testing.http_client import Answer
from tests.support.shop import Shop


async def items(shop: Shop) -> dict[str, int]:
    await shop.host.run_until_idle()
    return {line["product_id"]: line["quantity"] for line in (await shop.get("carts/ada")).json()["items"]}


async def test_a_new_cart_is_empty(shop: Shop):
    answer = await shop.get("carts/ada")
    assert (answer.status, answer.json()) == (200, {"customer_id": "ada", "items": [], "checkout_under_way": False})


async def test_items_are_added_changed_removed_and_cleared(shop: Shop):
    await shop.stock("mug", 1)
    await shop.stock("pen", 1)
    for product_id in ("mug", "pen"):
        added = await shop.post("carts/ada/items", {"product_id": product_id, "quantity": 2})
        assert added.status == 202
    assert await items(shop) == {"mug": 2, "pen": 2}
    assert (await shop.put("carts/ada/items/mug", {"quantity": 5})).status == 202
    assert await items(shop) == {"mug": 5, "pen": 2}
    assert (await shop.delete("carts/ada/items/mug")).status == 202
    assert await items(shop) == {"pen": 2}
    assert (await shop.delete("carts/ada")).status == 202
    assert await items(shop) == {}


async def test_an_addition_sent_twice_under_one_key_counts_once(shop: Shop):
    await shop.stock("mug", 1)
    for _ in range(3):
        await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 2}, headers={"Idempotency-Key": "click-1"})
    assert await items(shop) == {"mug": 2}


async def test_every_change_can_be_looked_up_until_it_is_made_or_refused(shop: Shop):
    await shop.stock("mug", 1)
    customer, accepted = await added_at_once(shop, {"product_id": "mug", "quantity": 6_000})
    accepted += [
        await shop.put(f"carts/{customer}/items/mug", {"quantity": 2}),
        await shop.delete(f"carts/{customer}/items/mug"),
        await shop.delete(f"carts/{customer}"),
    ]
    await shop.host.run_until_idle()
    statuses = [await shop.host.http.get(change.headers["Location"]) for change in accepted]
    assert {status.status for status in statuses} == {200}
    states = [(status.json()["state"], status.json()["reason_code"]) for status in statuses]
    assert states[-3:] == [("done", None)] * 3
    assert Counter(states[:-3]) == {("done", None): 1, ("refused", "too_many"): len(accepted) - 4}


async def added_at_once(shop: Shop, item: dict[str, Any]) -> tuple[str, list[Answer]]:
    """Return a customer with several accepted additions, each of which saw the cart before the first had come to it.

    On a busy machine the first may be quicker than the rest, which are then refused at once; so several carts are tried.
    """
    for number in range(30):
        customer = f"ada-{number}"
        answers = await asyncio.gather(*(shop.post(f"carts/{customer}/items", item) for _ in range(12)))
        accepted = [answer for answer in answers if answer.status == 202]
        await shop.host.run_until_idle()
        if len(accepted) > 1:
            return customer, accepted
    raise AssertionError("no two additions came at once")


async def test_a_key_that_stands_for_another_change_is_a_409(shop: Shop):
    await shop.stock("mug", 1)
    key = {"Idempotency-Key": "click-1"}
    await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 2}, headers=key)
    await shop.host.run_until_idle()
    refused = [
        await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 3}, headers=key),
        await shop.put("carts/ada/items/mug", {"quantity": 2}, headers=key),
    ]
    assert [(answer.status, answer.json()["code"]) for answer in refused] == [(409, "key_reused")] * 2
    assert await items(shop) == {"mug": 2}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"product_id": "nothing", "quantity": 1}, 422, "product_id"),
        ({"product_id": "mug", "quantity": 0}, 422, "quantity"),
        ({"product_id": "mug", "quantity": "2"}, 422, "quantity"),
        ({"product_id": "mug", "quantity": 1, "note": "4242 4242 4242 4242"}, 422, "note"),
    ],
)
async def test_what_cannot_be_added_is_named(shop: Shop, body: dict[str, Any], status: int, field: str):
    await shop.stock("mug", 1)
    answer = await shop.post("carts/ada/items", body)
    assert (answer.status, [error["field"] for error in answer.json()["errors"]]) == (status, [field])
    assert await items(shop) == {}


async def test_what_the_cart_does_not_allow_is_said_at_once(shop: Shop):
    await shop.stock("mug", 1)
    missing = await shop.put("carts/ada/items/mug", {"quantity": 1})
    assert (missing.status, missing.json()["code"]) == (409, "not_in_cart")
    await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 10_000})
    await shop.host.run_until_idle()
    more = await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 1})
    assert (more.status, more.json()["code"]) == (409, "too_many")

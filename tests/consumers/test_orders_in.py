"""Orders that come by queue: the same rules as over HTTP, once however often a message is delivered."""

import json

import pytest

from adapters.compose import order_book
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop


async def arrive(shop: Shop, text: str) -> None:
    """A message comes from the queue."""
    await shop.host.run_once(shop.app.functions["take_in_queued_order"], text)
    await shop.host.until_idle()


async def test_a_message_becomes_an_order_once_however_often_it_is_delivered(shop: Shop):
    await shop.stock("mug", 10)
    for _ in range(2):
        await arrive(shop, json.dumps(order_request(order_id="a-1")))
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}})


async def test_an_order_without_an_id_is_known_by_its_message(shop: Shop):
    await shop.stock("mug", 10)
    await arrive(shop, json.dumps(order_request()))
    (row,) = order_book().list().items
    assert row.order_id.startswith("key-")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not JSON", "not valid JSON"),
        (json.dumps(order_request(email=None)), "email: Field required"),
        (json.dumps(order_request(lines=[{"product_id": "unknown", "quantity": 1}])), "does not sell"),
        (json.dumps(order_request(customer_id="4242 4242 4242 4242")), "card number"),
    ],
)
async def test_a_message_that_is_no_order_is_refused_with_its_reason_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture, body: str, reason: str
):
    await arrive(shop, body)
    assert reason in caplog.text
    assert "MessageRefused" in caplog.text
    assert "4242" not in caplog.text
    assert order_book().list().items == []

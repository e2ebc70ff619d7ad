"""Orders that come by queue: the same rules as over HTTP, once however often a message is delivered."""

import json
import re

import pytest

from adapters.azure_storage.storage import create_queue
from domain.orders.intake import RefusedMessage
from services.container import services
from tests.support.books import assert_balanced, finish
from tests.support.card_traces import traces_in
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings


async def arrive(shop: Shop, text: str) -> None:
    """Deliver a message of the queue."""
    await shop.host.run("take_in_queued_order", text)


async def test_a_message_becomes_an_order_once_however_often_it_is_delivered(shop: Shop):
    await shop.stock("mug", 10)
    for _ in range(2):
        await arrive(shop, json.dumps(order_request(order_id="a-1")))
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not JSON", "not valid JSON"),
        (json.dumps(order_request(email=None)), "email: Field required"),
        (json.dumps(order_request(order_id="a-1", lines=[{"product_id": "unknown", "quantity": 1}])), "does not sell"),
        (json.dumps(order_request(customer_id="4242 4242 4242 4242")), "card number"),
        ("4242 4242 4242 4242", "not valid JSON"),
    ],
)
async def test_a_message_that_is_no_order_ends_in_the_poison_queue_with_its_reason(
    shop: Shop, caplog: pytest.LogCaptureFixture, body: str, reason: str
):
    await arrive(shop, body)
    (refused,) = refused_messages()
    assert reason in "; ".join([refused.reason, *(f"{error.field}: {error.message}" for error in refused.errors)])
    assert refused.message == (None if "4242" in body else body)
    assert f"refused ({refused.reason_code})" in caplog.text
    assert not traces_in(caplog.text + refused.model_dump_json())
    assert services().order_repository.list().items == []


async def test_a_corrected_message_is_taken_in(shop: Shop):
    await shop.stock("mug", 10)
    await arrive(shop, json.dumps(order_request(order_id="a-1", email=None)))
    (refused,) = refused_messages()
    await arrive(shop, json.dumps(json.loads(str(refused.message)) | {"email": "ada@example.com"}))
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}})


async def test_a_message_that_storage_keeps_from_being_entered_is_left_to_the_host(
    monkeypatch, storage_connection, sandbox, caplog: pytest.LogCaptureFixture
):
    gone = re.sub(r"TableEndpoint=[^;]+", "TableEndpoint=http://127.0.0.1:1/gone", storage_connection)
    use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=gone)
    async with running_shop(sandbox) as shop:
        await arrive(shop, json.dumps(order_request(order_id="a-1")))
    assert "StorageUnavailable" in caplog.text
    create_queue(services().storage.queue("orders-in-poison"))
    assert refused_messages() == []


def refused_messages() -> list[RefusedMessage]:
    queue = services().storage.queue("orders-in-poison")
    return [RefusedMessage.model_validate_json(message.content) for message in queue.peek_messages(max_messages=32)]


async def test_a_message_without_an_order_id_is_poison_because_a_repeat_could_not_be_recognised(shop: Shop):
    await shop.stock("mug", 10)
    await arrive(shop, json.dumps(order_request()))
    (refused,) = refused_messages()
    assert [(error.field, error.rule) for error in refused.errors] == [("order_id", "missing")]
    assert json.loads(str(refused.message)) == order_request()
    assert services().order_repository.list().items == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (r'{"customer_id": "4242\u00a04242\u00a04242\u00a04242"}', "invalid_request"),
        (r'{"customer_id": 42424242424242420e-1}', "invalid_request"),
        (r'{"a": 1, "a": "4242\u00a04242\u00a04242\u00a04242"}', "not_json"),
    ],
)
async def test_no_spelling_of_a_card_number_is_stored(shop: Shop, body: str, code: str):
    await arrive(shop, body)
    (refused,) = refused_messages()
    assert (refused.reason_code, refused.message) == (code, None)


async def test_a_message_that_is_too_long_to_be_stored_leaves_its_reason(shop: Shop):
    await arrive(shop, '"' * 40_000)  # each is two characters in the JSON around it
    (refused,) = refused_messages()
    assert (refused.reason_code, refused.message) == ("not_json", None)

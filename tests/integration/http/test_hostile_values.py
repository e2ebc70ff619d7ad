"""Values at the ends of what a type can hold are the caller's mistakes: a 4xx that names the field, never an outage."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from domain.ids import digest_id
from local_host.testing import Answer
from tests.integration.http.test_paths_and_queries import BODIES, filled, operations, parameters
from tests.support.api import openapi_document
from tests.support.expenses import claim
from tests.support.order_requests import order_request
from tests.support.shop import Shop

HALF_A_CHARACTER = "\ud800"
VALID: dict[str, dict[str, Any]] = {
    **BODIES,
    "place_order": order_request(),
    "claim_expenses": claim(),
    "request_report": {"placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z"},
    "restock_many": {"lines": [{"product_id": "mug", "quantity": 1}]},
    "start_file_batch": {"container": "incoming", "prefix": "2026/"},
    "onboard_user": {
        "name": "Ada",
        "email": "ada@example.com",
        "country": "us",
        "postal_code": "94107",
        "birth_date": "1990-12-10",
        "accepts_terms": True,
    },
}
# Where the ids of other operations would be refused before the rest of the request is read.
KEYS = {
    "approve_instance": {"instance_id": "o-1"},
    "get_cart_checkout": {"customer_id": "ada", "id": f"cart-{digest_id('ada')}-1"},
}
WRONG_TEXTS = {"NUL": "a\0b", "half a character": HALF_A_CHARACTER, "a control character": "a\x1bb", "DEL": "a\x7fb"}
MOMENTS = ("placed_from", "placed_to", "failed_since", "failed_before")
WRONG_MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:60Z",
    "0000-01-01T00:00:00Z",
)


def texts(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of every text of a body."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(item, str):
            yield (*place, key)
        yield from texts(item, (*place, key))


def replaced(body: Any, place: tuple[str | int, ...], value: str) -> Any:
    copy = json.loads(json.dumps(body))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy


def named(place: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).lstrip(".")


WITH_BODIES = [
    pytest.param(method, path, operation["operationId"], id=operation["operationId"])
    for method, path, operation in operations()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
]
WITH_QUERIES = [
    pytest.param(
        method, path, operation["operationId"], parameter, id=f"{operation['operationId']}-{parameter['name']}"
    )
    for method, path, operation in operations()
    for parameter in operation["parameters"]
    if parameter["in"] == "query" and operation["security"]
]


@pytest.mark.parametrize(("method", "path", "operation_id"), WITH_BODIES)
async def test_a_text_that_no_text_can_be_is_named_wherever_it_stands(
    shop: Shop, method: str, path: str, operation_id: str
):
    if operation_id == "receive_carrier_webhook":  # an unsigned body is not read
        return
    await shop.stock("mug", 5)
    body, address = VALID[operation_id], filled(path, **KEYS.get(operation_id, {}))[1:]
    send = shop.put if method == "PUT" else shop.post
    for place in texts(body):
        wrong = {**WRONG_TEXTS, **(dict.fromkeys(WRONG_MOMENTS) if place[-1] in MOMENTS else {})}
        for kind, text in wrong.items():
            answer = await send(address, replaced(body, place, text or kind))
            if operation_id == "onboard_user" and answer.status == 202:  # its run applies the rules
                assert await end_of(shop, answer) == "rejected", (place, kind)
                continue
            # An id of the path that nothing has comes first.
            assert answer.status == 404 or answer.status == 422, (place, kind, answer.text)
            if answer.status == 422:
                assert named(place) in {error["field"] for error in answer.json()["errors"]}, (kind, answer.text)


async def end_of(shop: Shop, started: Answer) -> str:
    await shop.host.run_until_idle()
    return str((await shop.get(f"onboarding/{started.json()['id']}")).json()["status"])


def cursors() -> Iterator[str]:
    tokens: list[Any] = [
        HALF_A_CHARACTER,
        {"PartitionKey": HALF_A_CHARACTER, "RowKey": "x"},
        {"NextPartitionKey": "\0"},
    ]
    tokens += [
        [],
        0,
        None,
        True,
        {},
        [[]],
        {"PartitionKey": [], "RowKey": {}},
        {"PartitionKey": "p", "RowKey": "\0"},
        1e308,
    ]
    for token in tokens:
        yield base64.urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip("=")
    for raw in (b"\xff", b'"\xed\xa0\x80"', b"[" * 1_400, b"1" * 1_400, b"NaN"):
        yield base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize(("method", "path", "operation_id", "parameter"), WITH_QUERIES)
async def test_a_parameter_beyond_its_type_is_named(
    shop: Shop, method: str, path: str, operation_id: str, parameter: dict[str, Any]
):
    await shop.stock("mug", 5)
    name = parameter["name"]
    address = f"/api{filled(path, **KEYS.get(operation_id, {}))}"
    wrong = ["a\0b", "\x1b", "\x7f"]
    if parameter["schema"].get("format") == "date-time":
        wrong += WRONG_MOMENTS
    if name == "cursor":
        wrong += cursors()
    for value in wrong:
        answer = await shop.host.http.request(method, f"{address}?{name}={quote(value)}", json=VALID.get(operation_id))
        assert answer.status == 422, (value, answer.status, answer.text)
        assert {error["field"] for error in answer.json()["errors"]} == {name}, value
    # Not UTF-8 in a URL: the platform decodes it to replacement characters.
    answer = await shop.host.http.request(method, f"{address}?{name}=%ED%A0%80", json=VALID.get(operation_id))
    assert answer.status == 422, answer.text


def test_the_bodies_are_of_every_operation_that_takes_one():
    taking = {param.values[2] for param in WITH_BODIES} - {"receive_carrier_webhook"}
    assert taking <= set(VALID)
    assert len(WITH_QUERIES) >= 8
    assert openapi_document()["paths"]


async def test_no_answer_of_any_operation_may_be_kept_or_taken_for_another_type(shop: Shop):
    await shop.stock("mug", 5)
    for method, path, operation in operations():
        name = operation["operationId"]
        for address in (
            f"/api{filled(path)}",
            f"/api{filled(path, **dict.fromkeys(parameters(operation, 'path'), 'none'))}",
        ):
            answer = await shop.host.http.request(method, address, json=VALID.get(name))
            headers = answer.headers.get("Cache-Control"), answer.headers.get("X-Content-Type-Options")
            assert headers == ("no-store", "nosniff"), (name, answer.status)

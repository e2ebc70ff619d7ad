"""What is wrong in a path or a query is repeated nowhere: in no answer, no header, no log; and nothing of it is stored.

The Functions host logs the path of every request, before the app is called. So no caller may ever come to put a card number there:
no id that an answer hands out, and no id that a caller may choose, can hold one.
"""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from local_host.testing import Answer
from tests.integration.http.test_keys import open_routes
from tests.support.api import openapi_document
from tests.support.card_traces import CARD_TRACE, traces_in
from tests.support.order_requests import ADDRESS
from tests.support.shop import Shop
from tests.support.storage_contents import kept_in

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

# As they stand in a URL.
CARDS = {
    "digits": "4242424242424242",
    "American Express": "378282246310005",
    "blanks": "4242%204242%204242%204242",
    "dashes": "4242-4242-4242-4242",
    "dots": "4242.4242.4242.4242",
    "plus signs": "4242+4242+4242+4242",
    "no-break spaces": quote("4242\u00a04242\u00a04242\u00a04242"),
    "escaped digits": "".join(f"%{ord(digit):02X}" for digit in "4242424242424242"),
    "escaped twice": "4242%25204242%25204242%25204242",
    "digits escaped twice": "".join(f"%25{ord(digit):02X}" for digit in "4242424242424242"),
    "full-width digits": quote("4242424242424242".translate(FULL_WIDTH)),
    "within an id": "order-4242424242424242-a",
    "within longer text": "my%20card%20is%204242%204242%204242%204242%20thanks",
    "with its expiry and code": "4242424242424242-12-27-123",
}
MALFORMED = {
    "markup": "%3Cb%3Ezq7%3C%2Fb%3E",
    "a blank": "zq7%20zq7",
    "too long": "zq7" * 200,
    "a new line": "zq7%0D%0ASet-Cookie:%20zq7=1",
    "NUL": "zq7%00",
    "no UTF-8": "zq7%FF",
    "dots": "..%2F..%2Fzq7",
    "a quote": "zq7'%20or%20'1'%3D'1",
}
CARD_TRACES = (CARD_TRACE, "378282246310005", "４２４２", "%34%32", "%EF%BC%94")

VALID = {
    "customer_id": "ada",
    "dead_letter_id": "a-1.compensate",
    "id": "x-1",
    "instance_id": "expense_approval.x-1",
    "order_id": "a-1",
    "product_id": "mug",
    "workflow": "report",
}
BODIES: dict[str, dict[str, Any]] = {
    "decide_approval": {"decision": "approved", "approver": "grace"},
    "approve_instance": {"decision": "approved", "approver": "grace"},
    "cancel_order": {"requested_by": "ada", "reason": "changed my mind"},
    "withdraw_expenses": {"requested_by": "ada"},
    "put_product": {"name": "Mug", "unit_price_cents": 1_000},
    "restock_inventory": {"quantity": 1},
    "adjust_inventory": {"delta": 1, "reason": "counted"},
    "recover_failed_runs": {
        "action": "start_again",
        "requested_by": "grace",
        "workflow": "report",
        "failed_since": "2026-01-01T00:00:00Z",
        "failed_before": "2026-02-01T00:00:00Z",
    },
    "resolve_dead_letter": {"resolved_by": "grace", "reason": "refunded by hand"},
    "erase_customer": {"requested_by": "grace"},
    "export_customer": {"requested_by": "grace"},
    "resolve_payment_drift": {"resolved_by": "grace", "reason": "refunded by hand"},
    "record_invoice_payment": {"amount_cents": 1_000, "currency": "usd", "recorded_by": "grace", "reference": "7"},
    "add_cart_item": {"product_id": "mug", "quantity": 1},
    "change_cart_item": {"quantity": 1},
    "check_out_cart": {
        "payment": {"payment_method": "pm_card_visa"},
        "ship_to": ADDRESS,
        "email": "ada@example.com",
    },
}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, described in openapi_document()["paths"].items():
        for method, operation in described.items():
            yield method.upper(), path, operation


def parameters(operation: dict[str, Any], place: str) -> list[str]:
    return [each["name"] for each in operation["parameters"] if each["in"] == place]


def filled(path: str, **values: str) -> str:
    for name, value in {**VALID, **values}.items():
        path = path.replace(f"{{{name}}}", value)
    return path


IN_PATHS = [
    pytest.param(method, path, name, operation["operationId"], id=f"{operation['operationId']}-{name}")
    for method, path, operation in operations()
    for name in parameters(operation, "path")
]
EVERYWHERE = [
    pytest.param(method, path, operation, id=operation["operationId"]) for method, path, operation in operations()
]


class Caller:
    """Sends URLs as they are: a client library would tidy up their escapes."""

    def __init__(self, shop: Shop, session: aiohttp.ClientSession) -> None:
        self._shop = shop
        self._session = session

    async def send(self, method: str, path: str, body: Any = None) -> Answer:
        url = URL(self._shop.host.origin + path, encoded=True)
        async with self._session.request(method, url, json=body, allow_redirects=False) as response:
            return Answer(response.status, response.headers, await response.read())


@pytest.fixture
async def caller(shop: Shop, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Caller]:
    await shop.stock("mug", 5)
    caplog.set_level(logging.DEBUG)
    # The client's own lines are none of ours.
    logging.getLogger("asyncio").setLevel(logging.INFO)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Caller(shop, session)


def repeated(answer: Answer, logs: str, traces: tuple[str, ...]) -> list[str]:
    said = f"{answer.body.decode('utf-8', 'replace')}\n{dict(answer.headers)}\n{logs}"
    return traces_in(said, traces)


async def stored(shop: Shop, connection: str) -> str:
    """Everything in the storage account and in the task hub."""
    found = "\n".join(f"{place}: {text}" for place, text in kept_in(connection))
    for listing in ("instances?showInput=true", "entities?fetchState=true"):
        found += (await shop.host.http.get(f"/runtime/webhooks/durabletask/{listing}")).text
    assert "mug" in found, "nothing is stored, so nothing was searched"
    return found


@pytest.mark.parametrize(("method", "path", "name", "operation_id"), IN_PATHS)
async def test_a_card_number_in_any_path_is_refused_repeated_nowhere_and_not_stored(
    shop: Shop,
    caller: Caller,
    storage_connection: str,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    name: str,
    operation_id: str,
):
    for spelling, card in CARDS.items():
        answer = await caller.send(method, f"/api{filled(path, **{name: card})}", BODIES.get(operation_id))
        assert answer.status in (404, 422), (spelling, answer)
        assert repeated(answer, caplog.text, CARD_TRACES) == [], (spelling, answer)
    await shop.host.run_until_idle()
    kept = await stored(shop, storage_connection)
    assert traces_in(kept, CARD_TRACES) == []
    assert traces_in(caplog.text, CARD_TRACES) == []


@pytest.mark.parametrize(("method", "path", "name", "operation_id"), IN_PATHS)
async def test_a_malformed_id_is_refused_and_repeated_nowhere(
    caller: Caller, caplog: pytest.LogCaptureFixture, method: str, path: str, name: str, operation_id: str
):
    for kind, value in MALFORMED.items():
        answer = await caller.send(method, f"/api{filled(path, **{name: value})}", BODIES.get(operation_id))
        assert 400 <= answer.status < 500, (kind, answer)
        assert repeated(answer, caplog.text, ("zq7",)) == [], (kind, answer)


@pytest.mark.parametrize(("method", "path", "operation"), EVERYWHERE)
async def test_a_card_number_in_any_query_is_repeated_nowhere_and_not_stored(
    shop: Shop,
    caller: Caller,
    storage_connection: str,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    operation: dict[str, Any],
):
    for spelling, card in CARDS.items():
        queries = [f"{name}={card}" for name in parameters(operation, "query")]
        for query in (*queries, f"unknown={card}", f"{card}=1", card):
            answer = await caller.send(method, f"/api{filled(path)}?{query}", {})
            assert answer.status < 500, (query, answer)
            assert query not in queries or 400 <= answer.status < 500, (spelling, query, answer)
            assert repeated(answer, caplog.text, CARD_TRACES) == [], (spelling, query, answer)
    kept = await stored(shop, storage_connection)
    assert traces_in(kept, CARD_TRACES) == []


@pytest.mark.parametrize(
    "path",
    [
        "/{}",
        "/runtime/webhooks/durabletask/instances/{}",
        "/runtime/webhooks/durabletask/entities/cart/{}",
        "/admin/functions/{}",
        "/api/{}",
        "/api/orders/a-1/{}",
        "/runtime/{}",
        "/%ZZ{}",
        "/api//{}/",
    ],
)
async def test_what_is_no_route_is_repeated_nowhere(caller: Caller, caplog: pytest.LogCaptureFixture, path: str):
    for value in (*CARDS.values(), *MALFORMED.values()):
        for method in ("GET", "POST", "PATCH", "QUERY"):
            answer = await caller.send(method, path.format(value))
            assert 400 <= answer.status < 500, (method, value, answer)
            assert repeated(answer, caplog.text, (*CARD_TRACES, "zq7")) == [], (method, value, answer)


def test_the_paths_of_open_routes_hold_nothing_of_a_caller():
    assert all("{" not in route for route in open_routes().values())

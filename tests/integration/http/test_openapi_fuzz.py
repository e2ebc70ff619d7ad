"""The OpenAPI document against the running app: random requests, right and wrong ones, get only answers that it describes.

Schemathesis makes the requests from the document and compares the answers with it.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scripts.http_file import FILE
from tests.integration.docs.test_http_file import read
from tests.integration.http.test_openapi import served
from tests.support.api import openapi_document
from tests.support.expenses import claim
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop

# Not among them: 405 for other methods, which the Functions host answers with 404; and keys, which no local host requires.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 20
SEED = 20261127

SCHEMA = schemathesis.openapi.from_dict(openapi_document())
OPERATIONS = {found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()}

Ids = dict[str, list[str]]


@pytest.fixture
async def filled(shop: Shop) -> tuple[Shop, Ids]:
    """Return a shop with one of everything, and the ids under which paths find it."""
    await shop.stock("mug", 100)
    await shop.stock("piano", 5, unit_price_cents=500_000)
    lines = b'{"order_id": "batched"}\n'
    batch = await shop.post("orders/batch", data=lines, headers={"Content-Type": "application/x-ndjson"})
    for customer in ("ada", "bob"):
        added = await shop.post(f"carts/{customer}/items", {"product_id": "mug", "quantity": 1})
    corrected = await shop.post("inventory/mug/adjustment", {"delta": 1, "reason": "found"})
    await shop.host.run_until_idle()
    checkout = {"payment": {"payment_method": "pm_card_visa"}, "ship_to": ADDRESS, "email": "bob@example.com"}
    checked_out = await shop.post("carts/bob/checkout", checkout)
    for path, body in started():
        answer = await shop.post(path, body)
        assert answer.status == 202, (path, answer.text)
    await shop.host.run_until_idle()
    assert (await shop.get("orders/done")).json()["status"] == "completed"
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    await shop.post("orders", order_request(order_id="stuck", ship_to={**ADDRESS, "street1": "1 Undeliverable Way"}))
    await shop.host.advance(hours=8)
    assert (await shop.get("orders/stuck")).json()["status"] == "needs_attention"
    return shop, {
        "change_id": [added.json()["id"], corrected.json()["id"]],
        "customer_id": ["ada", "bob", "none"],
        "dead_letter_id": ["stuck.cancel_payment"],
        "drift_id": ["a" * 40],
        "invoice_number": ["ada-000001"],
        "id": ["x-1", "done", batch.json()["id"], checked_out.json()["id"]],
        "instance_id": ["expense_approval.x-1"],
        "order_id": ["done", "stuck", "waiting"],
        "product_id": ["mug", "piano"],
        "workflow": ["report", "expense_approval"],
    }


def started() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "orders", order_request(order_id="done")
    yield "orders", order_request(order_id="waiting", lines=[{"product_id": "piano", "quantity": 1}])
    yield "expenses", claim(id="x-1")
    yield "reports", {"id": "x-1", "placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z"}
    yield "restocks", {"id": "x-1", "lines": [{"product_id": "mug", "quantity": 1}]}
    yield "file-batches", {"id": "x-1", "container": "incoming", "prefix": ""}
    newcomer = {"name": "Ada", "email": "ada@example.com", "country": "us", "postal_code": "94107"}
    yield "onboarding", {"id": "x-1", "birth_date": "1990-12-10", "accepts_terms": True, **newcomer}


def test_every_operation_is_tried():
    assert set(OPERATIONS) == {name for _, _, name in served()}


def random_requests(operation: Any, known: Ids, api: str) -> Callable[[], None]:
    """Return what sends them and compares the answers."""

    def cases(**ids: Any) -> st.SearchStrategy[Case[Any]]:
        both = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        return st.one_of([operation.as_strategy(mode, **ids) for mode in both])

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def send_all(data: st.DataObject) -> None:
        ids = {each.name: data.draw(st.sampled_from(known[each.name])) for each in operation.path_parameters}
        is_known = ids and data.draw(st.booleans())
        case = data.draw(cases(path_parameters=ids) if is_known else cases())
        case.call_and_validate(base_url=api, checks=CHECKS)

    return send_all


# A shop serves the operations of a tag one after the other, as filling one takes a second.
@pytest.mark.parametrize("tag", [each["name"] for each in openapi_document()["tags"]])
async def test_every_answer_to_a_random_request_is_documented(filled: tuple[Shop, Ids], tag: str):
    shop, known = filled
    for operation in OPERATIONS.values():
        if tag in (operation.tags or ()):
            await asyncio.to_thread(random_requests(operation, known, f"{shop.host.origin}/api"))


async def test_every_answer_to_a_request_as_in_the_documentation_is_documented(filled: tuple[Shop, Ids]):
    shop, _ = filled
    for name, method, path, headers, body in read(FILE.read_text(encoding="utf-8")):
        address = f"{shop.host.origin}{path}"
        answer = await asyncio.to_thread(
            requests.request, method, address, data=body or None, headers=headers, timeout=120
        )
        OPERATIONS[name].validate_response(answer)
        await shop.host.run_until_idle()

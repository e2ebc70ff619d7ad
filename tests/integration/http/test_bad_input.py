"""Whatever is wrong with an order's request: a problem that names field and rule, and nothing else happens."""

import json
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop

CARD = "4242424242424242"


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A request and its answer. unspoken: a text of it that must appear nowhere."""

    body: Any
    status: int = 422
    errors: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    unspoken: str | None = None


def lines(*quantities: Any) -> list[dict[str, Any]]:
    return [{"product_id": f"p-{index}", "quantity": quantity} for index, quantity in enumerate(quantities)]


def one_line(quantity: Any, rule: str) -> Bad:
    return Bad(
        body=order_request(lines=[{"product_id": "mug", "quantity": quantity}]), errors=(("lines[0].quantity", rule),)
    )


def paying(**changes: Any) -> dict[str, Any]:
    return order_request(payment={"payment_method": "pm_card_visa", **changes})


TABLE: dict[str, Bad] = {
    "unknown product": Bad(
        body=order_request(lines=[{"product_id": "mug", "quantity": 1}, {"product_id": "ufo-77", "quantity": 1}]),
        errors=(("lines[1].product_id", "unknown_product"),),
        unspoken="ufo-77",
    ),
    "unknown product, short form": Bad(
        body=order_request(lines=None, product_id="ufo-77", quantity=1),
        errors=(("product_id", "unknown_product"),),
        unspoken="ufo-77",
    ),
    "product no longer sold": Bad(
        body=order_request(lines=[{"product_id": "withdrawn", "quantity": 1}]),
        errors=(("lines[0].product_id", "unknown_product"),),
    ),
    "zero": one_line(0, "greater_than_equal"),
    "negative": one_line(-1, "greater_than_equal"),
    "fraction": one_line(1.5, "int_type"),
    "whole number with a point": one_line(2.0, "int_type"),
    "huge": one_line(10**30, "less_than_equal"),
    "beyond all floats": Bad(
        body=json.dumps(order_request(lines=[{"product_id": "mug", "quantity": 1}])).replace("1}", "1e999}").encode(),
        errors=(("lines[0].quantity", "int_type"),),
    ),
    "text for a number": one_line("2", "int_type"),
    "true for a number": one_line(True, "int_type"),
    "no lines": Bad(body=order_request(lines=[]), errors=(("lines", "too_short"),)),
    "too many lines": Bad(body=order_request(lines=lines(*[1] * 51)), errors=(("lines", "too_long"),)),
    "same product twice": Bad(
        body=order_request(lines=[{"product_id": "mug", "quantity": 1}, {"product_id": "mug", "quantity": 2}]),
        errors=(("lines[1].product_id", "repeated_product"),),
    ),
    "neither form": Bad(body=order_request(lines=None), errors=(("product_id", "missing"), ("quantity", "missing"))),
    "half of the short form": Bad(body=order_request(lines=None, product_id="mug"), errors=(("quantity", "missing"),)),
    "both forms": Bad(
        body=order_request(product_id="mug", quantity=1),
        errors=(("product_id", "two_forms"), ("quantity", "two_forms")),
    ),
    "missing fields": Bad(
        body={},
        errors=tuple((name, "missing") for name in ("customer_id", "payment", "ship_to", "email")),
    ),
    "unknown field": Bad(
        body=order_request(colour="very-red"), errors=(("colour", "extra_forbidden"),), unspoken="very-red"
    ),
    "unknown field inside": Bad(
        body=order_request(ship_to={**ADDRESS, "planet": "Mars-9"}),
        errors=(("ship_to.planet", "extra_forbidden"),),
        unspoken="Mars-9",
    ),
    "number for a text": Bad(body=order_request(email=17), errors=(("email", "string_type"),)),
    "list for an object": Bad(body=order_request(ship_to=["here-and-there"]), errors=(("ship_to", "model_type"),)),
    "not an address": Bad(
        body=order_request(email="no-address"),
        errors=(("email", "string_pattern_mismatch"),),
        unspoken="no-address",
    ),
    "an id with a path in it": Bad(
        body=order_request(order_id="../../admin"),
        errors=(("order_id", "string_pattern_mismatch"),),
        unspoken="admin",
    ),
    "an id of another workflow": Bad(
        body=order_request(order_id="replay.a-1.x"), errors=(("order_id", "string_pattern_mismatch"),)
    ),
    "an id that names an entity": Bad(
        body=order_request(order_id="@inventory@mug"), errors=(("order_id", "string_pattern_mismatch"),)
    ),
    "a country by name": Bad(
        body=order_request(ship_to={**ADDRESS, "country": "Narnia"}),
        errors=(("ship_to.country", "string_pattern_mismatch"),),
        unspoken="Narnia",
    ),
    "another amount": Bad(
        body=paying(amount_cents=1_234_567), errors=(("payment.amount_cents", "amount_differs"),), unspoken="1234567"
    ),
    "amount in units": Bad(body=paying(amount_cents=20.0), errors=(("payment.amount_cents", "int_type"),)),
    "another currency": Bad(body=paying(currency="eur"), errors=(("payment.currency", "mixed_currencies"),)),
    "two currencies": Bad(
        body=order_request(lines=[{"product_id": "mug", "quantity": 1}, {"product_id": "tasse", "quantity": 1}]),
        errors=(("lines[1].product_id", "mixed_currencies"),),
    ),
    "too dear": Bad(
        body=order_request(lines=[{"product_id": "yacht", "quantity": 3}]), errors=(("lines", "amount_too_large"),)
    ),
    "a secret for a payment method": Bad(
        body=paying(payment_method="sk_live_51Hxyz"),
        errors=(("payment.payment_method", "string_pattern_mismatch"),),
        unspoken="sk_live",
    ),
    "not JSON": Bad(body=b"order_id=zebra", status=400, errors=(("body", "not_json"),), unspoken="zebra"),
    "nothing": Bad(body=b"", status=400, errors=(("body", "not_json"),)),
    "a list": Bad(body=b"[]", status=400, errors=(("body", "not_json"),)),
    "not a number": Bad(body=b'{"quantity": NaN}', status=400, errors=(("body", "not_json"),)),
    "a key twice": Bad(
        body=b'{"email": "first@x.org", "email": "second@x.org"}',
        status=400,
        errors=(("email", "duplicate_key"),),
        unspoken="x.org",
    ),
    "nested without end": Bad(body=b"[" * 60_000, status=400, errors=(("body", "not_json"),)),
    "another media type": Bad(
        body=order_request(),
        status=415,
        errors=(("Content-Type", "unsupported_media_type"),),
        headers={"Content-Type": "text/plain"},
    ),
    "a megabyte": Bad(
        body=b'{"email": "' + b"zebra" * 200_000 + b'"}',
        status=413,
        errors=(("body", "body_too_large"),),
        unspoken="zebra",
    ),
    "card number for a payment method": Bad(
        body=paying(payment_method=CARD), errors=(("payment.payment_method", "card_number"),), unspoken=CARD
    ),
    "card number in a text": Bad(
        body=order_request(ship_to={**ADDRESS, "street2": "4242 4242 4242 4242 exp 12/29"}),
        errors=(("ship_to.street2", "card_number"),),
        unspoken="4242 4242",
    ),
    "card number as a number": Bad(
        body=order_request(payment={"payment_method": "pm_card_visa", "amount_cents": int(CARD)}),
        errors=(("payment.amount_cents", "card_number"),),
        unspoken=CARD,
    ),
    "card number as a key": Bad(body=order_request(**{CARD: 1}), errors=(("body", "card_number"),), unspoken=CARD),
    "card number as the order's id": Bad(
        body=order_request(order_id=CARD), errors=(("order_id", "card_number"),), unspoken=CARD
    ),
    "card number as the key": Bad(
        body=order_request(),
        headers={"Idempotency-Key": CARD},
        errors=(("Idempotency-Key", "card_number"),),
        unspoken=CARD,
    ),
}


@pytest.fixture
async def stocked(shop: Shop) -> Shop:
    await shop.stock("mug", 100)
    await shop.stock("yacht", 100, unit_price_cents=50_000_000)
    await shop.put("products/tasse", {"name": "Tasse", "unit_price_cents": 900, "currency": "eur"})
    await shop.put("products/withdrawn", {"name": "Gone", "unit_price_cents": 900, "for_sale": False})
    return shop


@pytest.mark.parametrize("bad", TABLE.values(), ids=TABLE.keys())
async def test_bad_input_is_named_and_nothing_happens(stocked: Shop, bad: Bad, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    content = bad.body if isinstance(bad.body, bytes) else json.dumps(bad.body).encode()
    answer = await stocked.post("orders", data=content, headers={"Content-Type": "application/json", **bad.headers})

    assert answer.status == bad.status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == bad.status
    assert {(error["field"], error["rule"]) for error in answer.json()["errors"]} == set(bad.errors)
    assert all(error["message"] for error in answer.json()["errors"])
    await assert_nothing_happened(stocked)
    if bad.unspoken is not None:
        assert bad.unspoken not in json.dumps(answer.json())
        assert bad.unspoken not in caplog.text


async def assert_nothing_happened(shop: Shop) -> None:
    await shop.host.run_until_idle()
    instances = await shop.host.operations.list_instances()
    assert [each.instance_id for each in instances.items if not each.instance_id.startswith("@")] == []
    assert (await shop.get("orders")).json()["orders"] == []
    assert shop.sandbox.calls() == []
    assert (await shop.get("inventory/mug")).json()["reserved"] == 0


async def test_a_control_character_in_an_address_is_refused_with_the_rule_in_words(stocked: Shop):
    refused = await stocked.post("orders", order_request(ship_to={**ADDRESS, "name": "Ada\x1b[31m"}))
    assert refused.status == 422
    assert refused.json()["errors"] == [
        {
            "field": "ship_to.name",
            "rule": "string_pattern_mismatch",
            "message": "Must be one line of text, without control characters and not of blanks alone",
        }
    ]
    await assert_nothing_happened(stocked)

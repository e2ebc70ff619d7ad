"""What asks for a function key, where that is said, and that every address which an answer hands out takes one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from domain.identity import Role
from local_host.testing import Answer, app_index
from tests.support.api import openapi_document
from tests.support.order_requests import order_request
from tests.support.shop import ROOT, Shop
from triggers.http.support.operation import declared_operations

KEY = "a+key/of==the=platform"


def described() -> Iterator[tuple[str, dict[str, Any]]]:
    for operations in openapi_document()["paths"].values():
        for operation in operations.values():
            yield operation["operationId"], operation


def open_routes() -> dict[str, str]:
    """Return the routes that ask for no key, by the function that serves them."""
    return {
        function.name: function.trigger.fields["route"].removeprefix("api/")
        for function in app_index(ROOT).with_trigger("httpTrigger")
        if str(function.trigger.fields["authLevel"]).upper() == "ANONYMOUS"
    }


def test_every_operation_names_what_admits_to_it_and_its_401_and_an_open_one_neither():
    schemes = openapi_document()["components"]["securitySchemes"]
    tokens = {name for name, each in schemes.items() if (each["type"], each.get("scheme")) == ("http", "bearer")}
    keys = {(each["in"], each["name"]) for each in schemes.values() if each["type"] == "apiKey"}
    assert (len(tokens), keys, len(schemes)) == (1, {("header", "x-functions-key"), ("query", "code")}, 3)
    roles = {each.name: each.roles for each in declared_operations()}
    for operation_id, operation in described():
        is_open = operation_id in open_routes()
        # A key has a storefront's rights, so to what is none of a storefront's a token alone admits.
        admits = set() if is_open else set(schemes) if Role.STOREFRONT in roles[operation_id] else tokens
        assert {name for each in operation["security"] for name in each} == admits, operation_id
        assert all(len(each) == 1 for each in operation["security"]), "each admits by itself"
        # The tracking webhook has a 401 of its own, for a wrong signature.
        refusal = operation["responses"].get("401", {})
        assert (refusal == {"$ref": "#/components/responses/platform_401"}) is not is_open, operation_id
    meaning = openapi_document()["components"]["responses"]["platform_401"]["description"]
    assert "x-functions-key" in meaning
    assert "code" in meaning


def test_the_documentation_lists_every_route_that_needs_no_key():
    text = " ".join((ROOT / "docs" / "api.md").read_text(encoding="utf-8").split())
    (sentence,) = re.findall(r"In Azure every route except (.*?) needs a function key", text)
    assert set(re.findall(r"`/(?:api/)?(\S+)`", sentence)) == set(open_routes().values())


def addresses(body: Any) -> dict[str, str]:
    return {name: value for name, value in body.items() if name.endswith("Uri")}


def with_key(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}code={KEY}"


async def answers(shop: Shop) -> dict[str, Answer]:
    """One answer of each kind that hands out addresses."""
    await shop.stock("mug", 10)
    await shop.stock("piano", 10, unit_price_cents=500_000)
    big = order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}])
    newcomer: dict[str, Any] = {
        "id": "ob-1",
        "name": "Ada",
        "email": "ada@example.com",
        "country": "us",
        "postal_code": "94107",
    }
    newcomer |= {"birth_date": "1990-12-10", "accepts_terms": True}
    given = {
        "place_order": await shop.post("orders", big),
        "restock_inventory": await shop.post("inventory/mug/restock", {"quantity": 1}),
        "restock_many": await shop.post("restocks", {"id": "d-1", "lines": [{"product_id": "mug", "quantity": 1}]}),
        "add_cart_item": await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 1}),
        "start_onboarding": await shop.post("onboarding", newcomer),
        "start_report": await shop.post(
            "reports", {"id": "r-1", "placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z"}
        ),
    }
    await shop.host.run_until_idle()
    given["decide_approval"] = await shop.post("orders/big-1/approval", {"decision": "approved", "approver": "grace"})
    return given


async def test_every_address_that_is_handed_out_answers_as_before_with_a_key_appended(shop: Shop):
    seen = 0
    for name, given in (await answers(shop)).items():
        assert given.status == 202, (name, given.text)
        for field, handed_out in addresses(given.json()).items():
            assert "code=" not in handed_out
            address = handed_out.replace("{eventName}", "NoOneWaitsForThis")
            send = shop.host.http.get if field.endswith("GetUri") else shop.host.http.post
            options: dict[str, Any] = {} if field.endswith("GetUri") else {"json": {}}
            plain, keyed = await send(address, **options), await send(with_key(address), **options)
            assert keyed.status == plain.status, (name, field, plain.text, keyed.text)
            # 410: an event for an order that has ended meanwhile.
            assert plain.status in (200, 202, 410, 422), (name, field, plain.text)
            assert KEY not in keyed.text + str(dict(keyed.headers))
            seen += 1
    assert seen >= 12


async def test_an_event_raised_at_the_address_of_the_answer_decides_the_order(shop: Shop):
    await shop.stock("piano", 5, unit_price_cents=500_000)
    body = order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}])
    address = (await shop.post("orders", body)).json()["sendEventPostUri"]
    await shop.host.run_until_idle()
    raised = await shop.host.http.post(with_key(address.replace("{eventName}", "ApprovalDecision")), json="Approved")
    assert raised.status == 202
    await shop.host.run_until_idle()
    assert (await shop.get("orders/big-1")).json()["status"] == "completed"


@pytest.mark.parametrize("operation", ["place_order", "decide_approval", "cancel_order"])
def test_the_description_of_the_answer_says_which_keys_its_addresses_ask_for(operation: str):
    (answer,) = [each["responses"]["202"] for name, each in described() if name == operation]
    name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema = openapi_document()["components"]["schemas"][name]
    assert "x-functions-key" in schema["description"]
    assert "durabletask_extension" in schema["properties"]["sendEventPostUri"]["description"]

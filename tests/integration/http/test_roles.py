"""Every route held against every role, and against whose things it touches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.identity import EVERY_ROLE, Role
from local_host.testing import Answer
from scripts.roles_page import PAGE, roles_page
from tests.support.api import OPERATIONS
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.unit.http.requests import post
from triggers.http.support.callers import admitted
from triggers.http.support.operation import Operation
from triggers.http.support.problems import Problem

ROUTE_IDS = {
    "{change_id}": "change-1",
    "{customer_id}": "c-1",
    "{dead_letter_id}": "o-1.step",
    "{drift_id}": "drift-1",
    "{id}": "run-1",
    "{instance_id}": "o-1",
    "{invoice_number}": "c-1-000001",
    "{order_id}": "o-1",
    "{product_id}": "mug",
    "{workflow}": "report",
}


def path_of(operation: Operation) -> str:
    path = operation.route
    for name, value in ROUTE_IDS.items():
        path = path.replace(name, value)
    return path


async def call(shop: Shop, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await shop.host.http.request(method, f"/api/{path}", json=body, headers=named)


def as_role(role: Role, name: str = "ada@shop.example") -> dict[str, str]:
    return {"x_local_caller": name, "x_local_roles": role.value}


def refused(answer: Answer) -> bool:
    return answer.status == 403 and "role_missing" in answer.text


async def test_every_route_admits_its_roles_and_no_other(shop: Shop) -> None:
    for operation in OPERATIONS:
        for role in Role:
            answer = await call(shop, operation.method, path_of(operation), {}, **as_role(role), x_customer_id="c-1")
            expected = bool(operation.roles) and role not in operation.roles
            by_token = operation.name == "approve_instance" and role is not Role.APPROVER and answer.status == 403
            assert refused(answer) == expected or by_token, f"{operation.name} as {role}: {answer.status} {answer.text}"


def owned_requests() -> Iterator[tuple[str, str, Any]]:
    yield "GET", "orders/o-1", None
    yield "POST", "orders/o-1/cancellation", {}
    yield "GET", "shipments/o-1", None
    yield "GET", "carts/c-1", None
    yield "POST", "carts/c-1/items", {"product_id": "mug", "quantity": 1}
    yield "PUT", "carts/c-1/items/mug", {"quantity": 1}
    yield "DELETE", "carts/c-1/items/mug", None
    yield "DELETE", "carts/c-1", None
    yield "GET", "carts/c-1/changes/change-1", None
    yield "POST", "carts/c-1/checkout", {"payment": order_request()["payment"]}
    yield "GET", "carts/c-1/checkouts/cart-1", None
    yield "GET", "onboarding/c-1", None


NO_CUSTOMERS = {
    "approve_instance": "by the token of a mail, or as approver",
    "claim_expenses": "of an employee",
    "get_expenses": "held below against its claimant",
    "withdraw_expenses": "held below against its claimant",
    "get_inventory": "units alone",
    "get_openapi": "the document of the API",
    "get_order_template": "an empty form",
    "list_products": "what the shop sells",
    "get_product": "what the shop sells",
    "list_orders": "held below: it has the customer's alone",
    "place_order": "held below: for the customer alone",
    "onboard_user": "held below: for the customer alone",
}
"""What a storefront calls that is not found by the id of a customer's thing, and why."""


def test_each_route_of_storefronts_is_held_against_owners() -> None:
    for operation in OPERATIONS:
        path = path_of(operation)
        is_held = any((method, asked) == (operation.method, _of_c_1(path)) for method, asked, _ in owned_requests())
        is_open = Role.STOREFRONT not in operation.roles
        assert is_held + is_open + (operation.name in NO_CUSTOMERS) == 1, f"{operation.method} {path}"


def _of_c_1(path: str) -> str:
    """Return the path with the id that the thing of the customer has."""
    named = {
        "checkouts/run-1": "checkouts/cart-1",
        "onboarding/run-1": "onboarding/c-1",
        "shipments/run-1": "shipments/o-1",
    }
    return next((path.replace(made_up, known) for made_up, known in named.items() if made_up in path), path)


async def placed(shop: Shop, order_id: str, customer_id: str, **headers: str) -> Answer:
    body = order_request(order_id=order_id, customer_id=customer_id)
    return await call(shop, "POST", "orders", body, **{**as_role(Role.STOREFRONT), **headers})


async def test_a_storefront_reaches_what_is_of_its_customer_alone(shop: Shop) -> None:
    await shop.stock("mug", 50)
    assert (await placed(shop, "o-1", "c-1", x_customer_id="c-1")).status == 202
    other = await placed(shop, "o-2", "c-1", x_customer_id="c-2")
    assert (other.status, other.json()["code"]) == (403, "other_customer")
    storefront = as_role(Role.STOREFRONT)
    for method, path, body in owned_requests():
        stranger = await call(shop, method, path, body, **storefront, x_customer_id="c-2")
        assert stranger.status in (404, 422), f"{method} {path}: {stranger.status} {stranger.text}"
        unnamed = await call(shop, method, path, body, **storefront)
        assert unnamed.status in (403, 422), f"{method} {path}: {unnamed.status} {unnamed.text}"
    assert (await call(shop, "GET", "orders/o-1", **storefront, x_customer_id="c-1")).status in (200, 202)
    for customer, shown in (("c-1", ["o-1"]), ("c-2", [])):
        listed = await call(shop, "GET", "orders?customer_id=c-1", **storefront, x_customer_id=customer)
        assert [each["order_id"] for each in listed.json()["orders"]] == shown
    for customer, refused in (("c-1|", 404), ("c" * 5_000, 404), ("4242424242424242", 422)):
        assert (await call(shop, "GET", "orders", **storefront, x_customer_id=customer)).status == refused
    assert (await call(shop, "GET", "orders/o-1", **as_role(Role.AUDITOR))).status in (200, 202)


async def test_a_storefront_onboards_its_own_customer_alone(shop: Shop) -> None:
    person: dict[str, Any] = {"name": "Ada", "email": "ada@example.com", "country": "us", "postal_code": "94107"}
    person |= {"birth_date": "1990-12-10", "accepts_terms": True}
    storefront = as_role(Role.STOREFRONT)
    for body in (person | {"id": "c-2"}, person | {"id": "c-9"}):
        other = await call(shop, "POST", "onboarding", body, **storefront, x_customer_id="c-1")
        assert (other.status, other.json()["code"]) == (403, "other_customer")
    assert (await call(shop, "POST", "onboarding", person, **storefront)).json()["code"] == "customer_missing"
    for body in (person, person | {"id": "c-1"}):
        own = await call(shop, "POST", "onboarding", body, **storefront, x_customer_id="c-1")
        assert (own.status, own.json()["id"]) == (202, "c-1")
    for customer, found in (("c-1", True), ("c-2", False)):
        read = await call(shop, "GET", "onboarding/c-1", **storefront, x_customer_id=customer)
        assert (read.status in (200, 202)) is found


async def test_an_expense_claim_is_its_claimants_and_of_those_who_read_all(shop: Shop) -> None:
    item = {"category": "meals", "amount_cents": 1_200, "currency": "usd", "spent_on": "2026-03-01"}
    body = {"id": "run-1", "employee_id": "ada", "email": "ada@shop.example", "items": [item]}
    assert (await call(shop, "POST", "expenses", body, **as_role(Role.STOREFRONT))).status == 202
    for role in Role:
        reads_all = role in (Role.APPROVER, Role.OPERATOR, Role.AUDITOR)
        for name, is_claimant in (("ada@shop.example", True), ("eve@shop.example", False)):
            read = await call(shop, "GET", "expenses/run-1", **as_role(role, name))
            assert (read.status in (200, 202)) is (reads_all or is_claimant), (role, name)
            if not is_claimant:
                other = await call(shop, "POST", "expenses/run-1/withdrawal", {}, **as_role(role, name))
                assert (other.status, other.json()["code"]) == (403, "token_invalid"), role


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, None),
        ({"origin": "https://shop.example"}, None),
        ({}, None),
        ({"origin": "https://evil.example", "x-local-caller": "ada"}, None),
    ],
)
async def test_a_page_of_another_site_changes_nothing(headers: dict[str, str], status: int | None) -> None:
    request = post("orders/o-1/settlement", {}, headers=headers)
    try:
        await admitted(request, EVERY_ROLE)
        answered = None
    except Problem as problem:
        answered = problem.status
    assert answered == status


def test_the_documented_table_is_that_of_the_code() -> None:
    written = Path(PAGE).read_text(encoding="utf-8")
    assert written == roles_page(written, OPERATIONS), "run `python -m scripts.roles_page`"

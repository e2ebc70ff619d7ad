"""An order is processed once and to its end; whatever refuses it leaves no stock reserved and nothing paid."""

from typing import Any

import pytest

from tests.acceptance.caller import Answer, Caller
from tests.support.order_requests import ADDRESS, order_request

ABOVE_THE_THRESHOLD_CENTS = 200_000


def order_of(product: str, order_id: str, **changes: Any) -> dict[str, Any]:
    """Return an order of two units of a product."""
    return order_request(order_id=order_id, **{"lines": [{"product_id": product, "quantity": 2}], **changes})


def waiting_order(caller: Caller) -> tuple[str, Answer]:
    """Place an order that needs an approval; return its product and the answer once it waits."""
    product = caller.sell(units=2, unit_price_cents=ABOVE_THE_THRESHOLD_CENTS)
    accepted = caller.accepted("orders", order_of(product, caller.new_id()))
    caller.until(
        lambda: caller.get(accepted.headers["Location"]), lambda order: order.body["status"] == "awaiting_approval"
    )
    return product, accepted


def compensated(order: dict[str, Any]) -> bool:
    """Whether an order ended without success and without anything for an operator to settle."""
    return order["succeeded"] is False and order["status"] in {"rejected", "cancelled"}


def test_an_order_is_paid_and_shipped_and_its_stock_sold(caller):
    product, order_id = caller.sell(units=5), caller.new_id()
    accepted = caller.accepted("orders", order_of(product, order_id))
    assert accepted.body["order_id"] == order_id
    assert accepted.body["statusQueryGetUri"] == accepted.headers["Location"]

    order = caller.ended(accepted.headers["Location"])
    assert (order["order_id"], order["status"], order["succeeded"]) == (order_id, "completed", True)
    assert {step["outcome"] for step in order["steps"]} == {"done"}
    caller.until(lambda: caller.get(f"inventory/{product}"), lambda stock: stock.body["sold"] == 2)
    assert caller.stock(product) == (3, 0)
    assert order["parcel"]["state"] == "booked"
    assert order["links"]["watch"].endswith(f"/shipments/{order_id}/watch")


def test_the_same_order_again_is_the_same_order(caller):
    product = caller.sell(units=5)
    body = order_of(product, caller.new_id())
    first = caller.accepted("orders", body)
    again = caller.accepted("orders", body)
    assert again.body == first.body
    caller.ended(first.headers["Location"])
    assert caller.accepted("orders", body).body == first.body
    assert (
        caller.until(lambda: caller.get(f"inventory/{product}"), lambda stock: stock.body["sold"] > 0).body["sold"] == 2
    )


def test_another_order_under_a_taken_id_is_a_conflict(caller):
    product, order_id = caller.sell(units=5), caller.new_id()
    first = caller.accepted("orders", order_of(product, order_id))
    other = caller.post("orders", order_of(product, order_id, customer_id="bob"))
    assert other.problem() == (409, "application/problem+json")
    assert other.body["code"] == "order_id_taken"
    assert caller.ended(first.headers["Location"])["status"] == "completed"


def test_a_header_names_an_order_that_has_no_id(caller):
    body = order_request(lines=[{"product_id": caller.sell(units=5), "quantity": 1}])
    key = {"Idempotency-Key": caller.new_id()}
    assert caller.accepted("orders", body, headers=key).body == caller.accepted("orders", body, headers=key).body


def test_an_order_above_the_threshold_waits_and_is_completed_once_approved(caller):
    _, accepted = waiting_order(caller)
    decision = {"decision": "approved", "approver": "ann@example.com"}
    assert caller.post(accepted.body["approvalPostUri"], decision).status == 202
    second = caller.post(accepted.body["approvalPostUri"], decision | {"decision": "rejected"})
    assert second.problem() == (409, "application/problem+json")
    assert caller.ended(accepted.headers["Location"])["status"] == "completed"


def test_a_rejected_order_releases_its_stock(caller):
    product, accepted = waiting_order(caller)
    assert caller.stock(product) == (0, 2)
    decision = {"decision": "rejected", "approver": "ann@example.com", "comment": "Too much."}
    assert caller.post(accepted.body["approvalPostUri"], decision).status == 202
    order = caller.ended(accepted.headers["Location"])
    assert compensated(order)
    assert order["reason_code"] == "approval_rejected"
    assert caller.stock(product) == (2, 0)


def test_a_cancelled_order_releases_its_stock(caller):
    product, accepted = waiting_order(caller)
    cancellation = {"requested_by": "ada", "reason": "Changed my mind."}
    assert caller.post(accepted.body["cancellationPostUri"], cancellation).status == 202
    order = caller.ended(accepted.headers["Location"])
    assert compensated(order)
    assert order["status"] == "cancelled"
    assert caller.stock(product) == (2, 0)


def test_a_completed_order_cannot_be_cancelled(caller):
    accepted = caller.accepted("orders", order_of(caller.sell(units=2), caller.new_id()))
    caller.ended(accepted.headers["Location"])
    late = caller.post(accepted.body["cancellationPostUri"], {"requested_by": "ada", "reason": "Changed my mind."})
    assert late.problem() == (409, "application/problem+json")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lines": None}, "out_of_stock"),
        ({"payment": {"payment_method": "pm_card_chargeDeclined"}}, "payment_declined"),
        ({"ship_to": ADDRESS | {"street1": "UNDELIVERABLE"}}, "undeliverable"),
    ],
    ids=["more than there is", "declined card", "undeliverable address"],
)
def test_a_refused_order_says_why_and_keeps_nothing(caller, changes, reason):
    product = caller.sell(units=2)
    if "lines" in changes:
        changes = {"lines": [{"product_id": product, "quantity": 3}]}
    order = caller.ended(caller.accepted("orders", order_of(product, caller.new_id(), **changes)).headers["Location"])
    assert compensated(order)
    assert order["reason_code"] == reason
    caller.until(lambda: caller.get(f"inventory/{product}"), lambda stock: stock.body["reserved"] == 0)
    assert caller.stock(product) == (2, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"lines": []}, "lines"),
        ({"payment": {"payment_method": "4242424242424242"}}, "payment.payment_method"),
        ({"gift": True}, "gift"),
    ],
)
def test_a_bad_order_is_refused_with_field_and_rule_and_without_its_value(caller, changes, field):
    order_id = caller.new_id()
    refused = caller.post("orders", order_request(order_id=order_id) | changes)
    assert refused.problem() == (422, "application/problem+json")
    assert [name for name, rule in refused.broken_rules() if rule] == [field]
    assert "4242424242424242" not in refused.text
    assert caller.get(f"orders/{order_id}").status == 404


def test_a_body_that_is_no_json_is_refused(caller):
    refused = caller.post("orders", data="{", headers={"Content-Type": "application/json"})
    assert refused.problem() == (400, "application/problem+json")


def test_orders_are_listed_page_by_page(caller):
    product, customer = caller.sell(units=6), caller.new_id()
    placed = [
        caller.accepted("orders", order_of(product, caller.new_id(), customer_id=customer)).body["order_id"]
        for _ in range(3)
    ]
    first = caller.get("orders", params={"customer_id": customer, "limit": 2}).body
    rest = caller.get("orders", params={"customer_id": customer, "limit": 2, "cursor": first["next_cursor"]}).body
    assert {order["order_id"] for order in first["orders"] + rest["orders"]} == set(placed)
    assert (len(first["orders"]), rest["next_cursor"]) == (2, None)

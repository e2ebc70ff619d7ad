"""What operators and clients find beside the workflows: health, the API's description, the catalogue, dead letters, the balance."""

import pytest


def test_the_app_is_healthy(caller):
    assert caller.get("health").status == 200


def test_the_api_describes_itself(caller):
    document = caller.get("openapi.json")
    assert document.status == 200
    assert "/orders/{order_id}" in document.body["paths"]


def test_dead_letters_are_listed_by_state(caller):
    for state in ("open", "resolved"):
        listed = caller.get("dead-letters", params={"state": state})
        assert listed.status == 200
        assert {letter["state"] for letter in listed.body["dead_letters"]} <= {state}


def test_a_dead_letter_that_does_not_exist_is_not_found(caller):
    dead_letter = f"{caller.new_id()}.cancel_payment"
    assert caller.get(f"dead-letters/{dead_letter}").problem() == (404, "application/problem+json")
    assert caller.post(f"dead-letters/{dead_letter}/replay").problem() == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["dead-letters", "orders"])
def test_a_filter_of_a_list_is_checked(caller, path):
    refused = caller.get(path, params={"limit": "many"})
    assert refused.problem() == (422, "application/problem+json")
    assert {field for field, _ in refused.broken_rules()} == {"limit"}


def test_the_inventory_and_the_orders_agree(caller):
    assert caller.get("reconciliation").body["drift"] == []


def test_a_product_is_replaced_and_keeps_its_stock(caller):
    product = caller.sell(units=3)
    assert caller.put(f"products/{product}", {"name": "New name", "unit_price_cents": 100}).status == 200
    assert caller.get(f"products/{product}").body["name"] == "New name"
    assert caller.stock(product) == (3, 0)


def test_a_delivery_sent_twice_under_one_key_counts_once(caller):
    product = caller.sell(units=0)
    delivery = {"quantity": 4, "key": caller.new_id()}
    for _ in range(2):
        caller.accepted(f"inventory/{product}/restock", delivery)
    caller.until(lambda: caller.get(f"inventory/{product}"), lambda stock: stock.body.get("available", 0) >= 4)
    assert caller.stock(product) == (4, 0)


def test_payments_and_orders_agree(caller):
    for shown in (caller.post("reconciliation/payments"), caller.get("reconciliation/payments")):
        assert shown.status == 200
        assert shown.body["drift"] == []
        assert all(run["problem"] is None for run in shown.body["last_run"]["providers"])

"""The shopping cart through the SDK's own handle: batches as the extension sends them."""

from functools import partial
from typing import Any

from entities.shopping_cart import bp
from tests.unit.entities.batches import run_batch

run = partial(run_batch, bp, "ada")

NOW = "2026-01-01T00:00:00Z"


def addition(quantity: int, key: str) -> tuple[str, Any]:
    return "add", {"key": key, "requested_at": NOW, "product_id": "mug", "quantity": quantity}


def test_an_addition_and_two_presses_in_one_batch_freeze_one_order():
    begin = ("begin_checkout", {"number": 1})
    state, results = run(None, addition(2, "a"), begin, addition(1, "b"), begin, ("get", None))
    assert results[1]["lines"] == results[3]["lines"] == [{"product_id": "mug", "quantity": 2}]
    assert results[4] == state
    assert state is not None
    assert (state["items"], state["ordering"]) == ({"mug": 3}, {"mug": 2})


def test_a_malformed_request_is_refused_by_field_and_changes_nothing():
    before, _ = run(None, addition(2, "a"))
    after, results = run(
        before, ("add", {"key": "b", "requested_at": NOW, "product_id": "mug", "quantity": "lots"}), ("dance", {})
    )
    assert after == before
    assert [result["reason_code"] for result in results] == ["invalid_request", "unknown_operation"]
    assert "lots" not in results[0]["message"]

"""The inventory entity through the SDK's own handle: batches as the extension sends them."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from entities.inventory import bp
from tests.unit.entities.batches import run_batch

run = partial(run_batch, bp, "mug")

NOW = datetime(2026, 1, 1, tzinfo=UTC).isoformat()


def stocked(quantity: int) -> dict[str, Any]:
    state, _ = run(None, ("restock", {"key": "first", "requested_at": NOW, "quantity": quantity}))
    assert state is not None
    return state


def reserve(order_id: str, quantity: int) -> tuple[str, Any]:
    return "reserve", {"order_id": order_id, "quantity": quantity, "expires_at": NOW, "now": NOW}


def test_every_operation_of_a_batch_gets_its_own_answer():
    state, results = run(stocked(3), reserve("a", 2), reserve("b", 2), ("get", None), reserve("c", 1))
    assert [result.get("outcome") for result in results] == ["done", "refused", None, "done"]
    assert results[1]["reason_code"] == "out_of_stock"
    assert results[2]["available"] == 1
    assert state is not None
    assert set(state["reservations"]) == {"a", "c"}


def test_a_malformed_request_is_refused_by_field_and_changes_nothing():
    before = stocked(3)
    after, results = run(before, ("reserve", {"order_id": "a", "quantity": "lots"}), ("dance", {}))
    assert after == before
    assert [result["reason_code"] for result in results] == ["invalid_request", "unknown_operation"]
    assert "quantity" in results[0]["message"]
    assert "lots" not in results[0]["message"]


def test_an_unknown_product_stays_unknown():
    state, results = run(None, reserve("a", 1), ("get", None))
    assert state is None
    assert results[0]["reason_code"] == "unknown_product"
    assert results[1] is None

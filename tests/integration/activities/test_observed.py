"""Each run of an order's activity leaves one line for operators, whatever becomes of it."""

import json
import logging

import pytest

from activities.observed import observed
from domain.workflows.steps import StepResult

PAYMENT = {"order_id": "a-1", "amount_cents": 2_500, "currency": "usd", "capture": "after_shipping"}


@pytest.fixture
def told(caplog):
    """Return the lines so far, decoded."""
    caplog.set_level(logging.INFO, logger="shop")
    return lambda: [json.loads(record.getMessage()) for record in caplog.records if record.name == "shop"]


def activity(name, answer):
    def run(request):
        if isinstance(answer, Exception):
            raise answer
        return answer

    run.__name__ = name
    return observed(run)


DONE = StepResult().to_wire()


@pytest.mark.parametrize(
    ("step", "request_body", "answer", "facts"),
    [
        ("capture_payment", PAYMENT, DONE, {"outcome": "done", "amount_cents": 2_500, "currency": "usd"}),
        ("authorise_payment", PAYMENT, DONE, {"outcome": "done"}),
        (
            "authorise_payment",
            PAYMENT | {"capture": "immediate"},
            DONE,
            {"outcome": "done", "amount_cents": 2_500, "currency": "usd"},
        ),
        ("authorise_payment", PAYMENT, StepResult.refused("payment_declined", "no").to_wire(), {"outcome": "refused"}),
        (
            "cancel_payment",
            {"payment": PAYMENT},
            StepResult(message="refunded").to_wire(),
            {"outcome": "done", "amount_cents": 2_500, "currency": "usd"},
        ),
        (
            "cancel_payment",
            {"payment": PAYMENT},
            StepResult(message="voided").to_wire(),
            {"outcome": "done", "amount_cents": 0, "currency": "usd"},
        ),
        ("record_order", {"progress": {"order_id": "a-1"}}, DONE, {"outcome": "done"}),
        ("close_dead_letter", {"dead_letter_id": "a-1.cancel_payment"}, {"reference": None}, {"outcome": "done"}),
    ],
)
def test_a_run_is_logged_with_its_step_order_end_and_money(told, step, request_body, answer, facts):
    assert activity(step, answer)(request_body) == answer
    (line,) = told()
    assert line.pop("ms") >= 0
    assert line == {"evt": "order.step", "order_id": "a-1", "step": step, **facts}


def test_a_run_that_raises_is_logged_and_raises(told):
    with pytest.raises(ValueError, match="boom"):
        activity("buy_label", ValueError("boom"))({"order_id": "a-1"})
    assert [(line["step"], line["outcome"]) for line in told()] == [("buy_label", "raised")]

"""Each run of an order's activity leaves one line for operators, whatever becomes of it."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from activities.observed import observed
from domain.orders.order import OrderProgress, OrderStatus
from domain.payments.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.wire import Wire
from domain.workflows.records import RecordRun
from domain.workflows.steps import StepResult
from tests.support.orders import NOON

PAYMENT = PaymentRequest(
    order_id="a-1", amount_cents=2_500, currency="usd", payment_method="pm_card_visa", placed_at=NOON
)
AT_ONCE = PAYMENT.model_copy(update={"capture": "immediate"})
CAPTURE = CaptureRequest(order_id="a-1", payment_id="pi_1", amount_cents=2_500, currency="usd")
PROGRESS = OrderProgress(order_id="a-1", status=OrderStatus.ACCEPTED, message="Accepted.")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """Return the lines so far, decoded."""
    caplog.set_level(logging.INFO, logger="shop")
    return lambda: [json.loads(record.getMessage()) for record in caplog.records if record.name == "shop"]


def activity(command: Wire, name: str, answer: Any) -> Callable[[], dict[str, Any]]:
    def run(request: dict[str, Any]) -> dict[str, Any]:
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    run.__name__ = name
    observing = observed(type(command))(run)
    return lambda: observing(command.to_wire())


DONE = StepResult().to_wire()
TAKEN = {"outcome": "done", "amount_cents": 2_500, "currency": "usd"}


@pytest.mark.parametrize(
    ("step", "command", "answer", "facts"),
    [
        ("capture_payment", CAPTURE, DONE, TAKEN),
        ("capture_payment_in_part", CAPTURE, DONE, TAKEN),
        ("authorise_payment", PAYMENT, DONE, {"outcome": "done"}),
        ("authorise_payment", AT_ONCE, DONE, TAKEN),
        ("authorise_payment", AT_ONCE, StepResult.refused("payment_declined", "no").to_wire(), {"outcome": "refused"}),
        ("cancel_payment", CancelPaymentRequest(payment=PAYMENT), StepResult(message="refunded").to_wire(), TAKEN),
        (
            "cancel_payment",
            CancelPaymentRequest(payment=PAYMENT),
            StepResult(message="voided").to_wire(),
            {"outcome": "done", "amount_cents": 0, "currency": "usd"},
        ),
        (
            "record_run",
            RecordRun(workflow="process_order", key="a-1", progress=PROGRESS.to_wire()),
            DONE,
            {"outcome": "done"},
        ),
    ],
)
def test_a_run_has_a_line_with_its_step_order_outcome_and_the_money_of_its_command(
    lines: Callable[[], list[dict[str, Any]]], step: str, command: Wire, answer: dict[str, Any], facts: dict[str, Any]
) -> None:
    assert activity(command, step, answer)() == answer
    (line,) = lines()
    assert line.pop("ms") >= 0
    assert line == {"evt": "order.step", "order_id": "a-1", "step": step, **facts}


def test_a_run_that_raises_has_a_line_and_raises(lines: Callable[[], list[dict[str, Any]]]) -> None:
    with pytest.raises(ValueError, match="boom"):
        activity(CAPTURE, "capture_payment", ValueError("boom"))()
    assert [(line["order_id"], line["step"], line["outcome"]) for line in lines()] == [
        ("a-1", "capture_payment", "raised")
    ]

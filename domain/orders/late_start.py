"""An order that was accepted and that nothing has started for a day: an operator starts it or rejects it."""

from datetime import datetime, timedelta
from typing import Final

from domain.ids import PROCESS_ORDER, OrderId, dead_letter_id
from domain.wire import Wire
from domain.workflows.commands import activity_command, step_of
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import StepResult

START_TIMEOUT: Final = timedelta(days=1)
"""After that an order is not what its customer expects any more."""

START_ORDER: Final = "start_order"
NOT_STARTED: Final = "not_started"


class StartOrder(Wire):
    """The start of an order that an operator has decided on."""

    order_id: OrderId


def is_too_late(placed_at: datetime | None, now: datetime) -> bool:
    """Return whether an order without an instance is left to an operator."""
    return placed_at is not None and placed_at < now - START_TIMEOUT


def not_started_message(order_id: str) -> str:
    """Return what is the matter, and what an operator or the customer does."""
    record = f"POST /api/dead-letters/{dead_letter_id(order_id, START_ORDER)}"
    return (
        f"The order was accepted and not started within a day. {record}/replay starts it, {record}/resolve rejects it, and "
        f"POST /api/orders/{order_id}/cancellation cancels it."
    )


def start_of(dead_letter: DeadLetter) -> StartOrder:
    """Return what the dead letter of a start asks for."""
    return StartOrder.model_validate(dead_letter.commands[0].request)


def start_dead_letter(order_id: str, now: datetime) -> DeadLetter:
    """Return the record whose replay starts the order, and whose resolution rejects it."""
    step = step_of(activity_command(START_ORDER, StartOrder(order_id=order_id)))
    return DeadLetter.of(
        PROCESS_ORDER, order_id, step, StepResult.faulted(NOT_STARTED, not_started_message(order_id)), now
    )
